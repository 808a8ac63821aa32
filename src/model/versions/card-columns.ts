import { show } from '../../base/domain-error.js';
import { type Baselines, MAX_BASELINE_TARGETS } from './baselines.js';

/** The parts of a card that name columns. */
interface CardColumns {
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly data: { readonly missing: object };
  readonly metrics: { readonly targets: object };
  readonly baselines?: Baselines | undefined;
}

/**
 * Returns the place in a card, and what is wrong there, if its parts do not name the same columns; undefined if they do. A
 * column that has no entry would fail only later, for example in the shadow.
 */
export function columnMismatch({ features, targets, data, metrics, baselines }: CardColumns): string | undefined {
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
  const baseline = baselineMismatch(baselines, targets);
  if (baseline !== undefined) return baseline;
  const unknown = Object.keys(data.missing).find((name) => !columns.has(name));
  if (unknown !== undefined) return `/data/missing: ${show(unknown)} is not a column`;
  return undefined;
}

function baselineMismatch(baselines: Baselines | undefined, targets: readonly string[]): string | undefined {
  const listed = new Set(targets.slice(0, MAX_BASELINE_TARGETS));
  for (const name of ['mean', 'ridge'] as const) {
    const found = Object.keys(baselines?.[name]?.targets ?? {});
    const isListed = found.length === listed.size && found.every((target) => listed.has(target));
    if (baselines?.[name] && !isListed) return `/baselines/${name}/targets: expected the targets of the card`;
  }
  return undefined;
}
