import {
  addDeviations,
  type Change,
  changeOne,
  type FeatureSummary,
  inShare,
  permuteOne,
  scale,
  spread,
} from '../../../src/cli/drift-self-check/shifts.js';
import { correlated } from './correlation.js';

/** What was done to a column. */
export type Kind =
  | 'shift'
  | 'unit'
  | 'spread'
  | 'stuck'
  | 'sentinel'
  | 'rounding'
  | 'missing'
  | 'mixture'
  | 'relation'
  | 'clip';

/** A change of one column. */
export interface ColumnChange {
  readonly name: string;
  readonly kind: Kind;
  readonly change: Change;
  /** The factor of a unit or a spread; the step of a rounding, in standard deviations. */
  readonly amount?: number;
  /** Whether it can be made to a column with few distinct values. */
  readonly ofFew: boolean;
}

const one = (kind: Kind, name: string, change: Change, amount?: number, ofFew = true): ColumnChange => ({
  kind,
  name,
  change,
  ofFew,
  ...(amount === undefined ? {} : { amount }),
});

/** The changes, each of one column. */
export const COLUMN_CHANGES: readonly ColumnChange[] = [
  ...[0.5, -0.5, 1, -1].map((by) =>
    one('shift', `mean ${by < 0 ? '-' : '+'} ${Math.abs(by)} sd`, changeOne(addDeviations(by))),
  ),
  ...[0.5, 0.7, 1.5].map((by) => one('spread', `spread × ${by}`, changeOne(spread(by)), by, false)),
  ...[-1, 0.001, 0.454, 1.1, 2.2, 12, 1000].map((by) => one('unit', `unit × ${by}`, changeOne(scale(by)), by)),
  one(
    'unit',
    '°C to °F',
    changeOne((value) => 1.8 * value + 32),
    1.8,
  ),
  one(
    'stuck',
    'stuck at its median',
    changeOne((_, { median }) => median),
  ),
  one('stuck', 'stuck at one of its values in 30 % of rows', stuckInShare(0.3)),
  one('stuck', 'its mean in 20 % of rows', changeOne(inShare(0.2, (_, { mean }) => mean))),
  one('sentinel', '0 in 20 % of rows', changeOne(inShare(0.2, () => 0))),
  one('sentinel', '-999 in 10 % of rows', changeOne(inShare(0.1, () => -999))),
  ...[0.5, 1].map((by) => one('rounding', `rounded to ${by} sd`, rounded(Math.round, by), by, false)),
  one('rounding', 'rounded down to 1 sd', rounded(Math.floor, 1), 1, false),
  one('missing', 'missing in 10 % of rows', changeOne(inShare(0.1, () => Number.NaN))),
  one(
    'mixture',
    'half of the rows from above its median',
    resampled(
      ({ median }) =>
        (value) =>
          value > median,
      0.5,
    ),
    undefined,
    false,
  ),
  one(
    'mixture',
    'rows above its median filtered out',
    resampled(
      ({ median }) =>
        (value) =>
          value <= median,
      1,
    ),
    undefined,
    false,
  ),
  one('mixture', '20 % of rows + 3 sd', changeOne(inShare(0.2, addDeviations(3)))),
  one(
    'clip',
    'cut off at its mean',
    changeOne((value, { mean }) => Math.min(value, mean)),
    undefined,
    false,
  ),
  one('relation', 'shuffled among the rows', permuteOne),
  one('relation', 'replaced by its closest partner, on its own scale', twin),
];

/** One value of the column, the same for all rows, in a share of the rows. */
function stuckInShare(share: number): Change {
  return (rows, features, j, random) => {
    const value = rows[random.below(rows.length / features.length) * features.length + j]!;
    changeOne(inShare(share, () => value))(rows, features, j, random);
  };
}

function rounded(round: (value: number) => number, deviations: number): Change {
  return changeOne((value, { deviation }) => round(value / (deviations * deviation)) * deviations * deviation);
}

/** Replaces the column's values, in a share of the rows, by those of random rows that match: the other columns stay. */
function resampled(matching: (feature: FeatureSummary) => (value: number) => boolean, share: number): Change {
  return (rows, features, j, random) => {
    const d = features.length;
    const matches = matching(features[j]!);
    const values = Array.from({ length: rows.length / d }, (_, r) => rows[r * d + j]!).filter(matches);
    for (let at = j; at < rows.length; at += d) {
      if (random.uniform() < share && !matches(rows[at]!)) rows[at] = values[random.below(values.length)]!;
    }
  };
}

/** Replaces the column by the one that it is most correlated with, moved and scaled to its own mean and standard deviation. */
function twin(rows: Float32Array, features: readonly FeatureSummary[], j: number): void {
  const d = features.length;
  const { index, correlation } = correlated(rows, d, j);
  const own = features[j]!;
  const other = features[index]!;
  for (let at = 0; at < rows.length; at += d) {
    const deviations = (rows[at + index]! - other.mean) / (other.deviation || 1);
    rows[at + j] = own.mean + Math.sign(correlation) * deviations * own.deviation;
  }
}
