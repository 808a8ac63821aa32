import { parser } from '@prometheus-io/lezer-promql';

/** The names of the metrics that a PromQL expression selects. Throws if it is none, and if it selects without a name. */
export function metricsOf(expression: string): Set<string> {
  const names = new Set<string>();
  parser.parse(expression).iterate({
    enter: ({ type, name, node, from, to }) => {
      if (type.isError) throw new SyntaxError(`${expression.slice(0, from)} <- error here, of ${expression}`);
      if (name !== 'VectorSelector') return;
      const identifier = node.getChild('Identifier');
      if (!identifier) throw new SyntaxError(`expected the name of a metric, got ${expression.slice(from, to)}`);
      names.add(expression.slice(identifier.from, identifier.to));
    },
  });
  return names;
}
