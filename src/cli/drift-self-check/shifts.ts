import type { Random } from '../../base/statistics/random.js';

/** A feature without drift. */
export interface FeatureSummary {
  readonly mean: number;
  readonly deviation: number;
  readonly median: number;
}

/** Changes `rows`, `[count, features]` in raw units, in place. `j` is the affected feature of a shift of one feature. */
export type Change = (rows: Float32Array, features: readonly FeatureSummary[], j: number, random: Random) => void;

/** A known drift to be detected. */
export interface Shift {
  readonly name: string;
  /** True if only one feature shifts. */
  readonly ofOne: boolean;
  readonly change: Change;
}

type ChangeValue = (value: number, feature: FeatureSummary, random: Random) => number;

/** Realistic shifts of one or all features, from hard to easy to detect. */
export const STANDARD_SHIFTS: readonly Shift[] = [
  { name: 'one feature: mean + 0.25 sd', ofOne: true, change: changeOne(addDeviations(0.25)) },
  { name: 'one feature: mean + 0.5 sd', ofOne: true, change: changeOne(addDeviations(0.5)) },
  { name: 'one feature: mean + 1 sd', ofOne: true, change: changeOne(addDeviations(1)) },
  { name: 'all features: mean + 0.1 sd', ofOne: false, change: changeAll(addDeviations(0.1)) },
  { name: 'one feature: spread × 1.5', ofOne: true, change: changeOne(spread(1.5)) },
  { name: 'one feature: spread × 0.5', ofOne: true, change: changeOne(spread(0.5)) },
  { name: 'all features: spread × 0.8', ofOne: false, change: changeAll(spread(0.8)) },
  { name: 'all features: spread × 0.5', ofOne: false, change: changeAll(spread(0.5)) },
  { name: 'one feature: shuffled among the rows', ofOne: true, change: permuteOne },
  { name: 'one feature: 0 in 5 % of rows', ofOne: true, change: changeOne(inShare(0.05, () => 0)) },
  { name: 'one feature: 0 in 20 % of rows', ofOne: true, change: changeOne(inShare(0.2, () => 0)) },
  {
    name: 'one feature: its mean in 20 % of rows',
    ofOne: true,
    change: changeOne(inShare(0.2, (_, { mean }) => mean)),
  },
  { name: 'one feature: missing in 5 % of rows', ofOne: true, change: changeOne(inShare(0.05, () => Number.NaN)) },
  { name: 'one feature: stuck at its median', ofOne: true, change: changeOne((_, { median }) => median) },
  { name: 'one feature: unit × 1.1', ofOne: true, change: changeOne(scale(1.1)) },
  { name: 'one feature: unit × 1000', ofOne: true, change: changeOne(scale(1000)) },
];

/** Changes each value of feature `j`. */
export function changeOne(change: ChangeValue): Change {
  return (rows, features, j, random) => {
    const feature = features[j]!;
    for (let at = j; at < rows.length; at += features.length) rows[at] = change(rows[at]!, feature, random);
  };
}

/** Changes each value of every feature. */
export function changeAll(change: ChangeValue): Change {
  const one = changeOne(change);
  return (rows, features, _, random) => {
    for (const [j, { deviation }] of features.entries()) if (deviation > 0) one(rows, features, j, random);
  };
}

/** Shuffles feature `j` among the rows: its distribution is unchanged, but its dependence on the others is lost. */
export function permuteOne(rows: Float32Array, features: readonly FeatureSummary[], j: number, random: Random): void {
  const d = features.length;
  for (let i = rows.length / d - 1; i > 0; i--) {
    const from = i * d + j;
    const to = random.below(i + 1) * d + j;
    [rows[from], rows[to]] = [rows[to]!, rows[from]!];
  }
}

export function addDeviations(count: number): ChangeValue {
  return (value, { deviation }) => value + count * deviation;
}

/** Scales the distance from the mean. */
export function spread(factor: number): ChangeValue {
  return (value, { mean }) => mean + factor * (value - mean);
}

export function scale(factor: number): ChangeValue {
  return (value) => factor * value;
}

/** Changes a random share of the values. */
export function inShare(share: number, change: ChangeValue): ChangeValue {
  return (value, feature, random) => (random.uniform() < share ? change(value, feature, random) : value);
}
