import { parser } from '@prometheus-io/lezer-promql';

/** Returns the names of the metrics in a PromQL expression. Throws if it is invalid, or has a selector without a name. */
export function metricsOf(expression: string): Set<string> {
  const names = new Set<string>();
  parser.parse(expression).iterate({
    enter: ({ type, name, node, from, to }) => {
      if (type.isError) throw new SyntaxError(`${expression.slice(0, from)} <- error here, of ${expression}`);
      if (name !== 'VectorSelector') return;
      const identifier = node.getChild('Identifier');
      if (!identifier) throw new SyntaxError(`expected a metric name, got ${expression.slice(from, to)}`);
      names.add(expression.slice(identifier.from, identifier.to));
    },
  });
  return names;
}
