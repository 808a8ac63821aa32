import { show } from '../../base/domain-error.js';

/** The parts of a card that name columns. */
interface CardColumns {
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly data: { readonly missing: object };
  readonly metrics: { readonly targets: object };
}

/**
 * Returns the place in a card, and what is wrong there, if its parts do not name the same columns; undefined if they do. A
 * column that has no entry would fail only later, for example in the shadow.
 */
export function columnMismatch({ features, targets, data, metrics }: CardColumns): string | undefined {
  const columns = new Set([...features, ...targets]);
  if (columns.size < features.length + targets.length) {
    const names = [...features, ...targets];
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    return `/features: column ${show(twice)} appears twice in features and targets`;
  }
  const named = new Set(Object.keys(metrics.targets));
  const missing = targets.find((name) => !named.has(name));
  if (missing !== undefined) return `/metrics/targets: target ${show(missing)} is missing`;
  const known = new Set(targets);
  const other = Object.keys(metrics.targets).find((name) => !known.has(name));
  if (other !== undefined) return `/metrics/targets: ${show(other)} is not a target`;
  const unknown = Object.keys(data.missing).find((name) => !columns.has(name));
  if (unknown !== undefined) return `/data/missing: ${show(unknown)} is not a column`;
  return undefined;
}
