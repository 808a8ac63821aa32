import {
  addDeviations,
  type Change,
  changeAll,
  changeOne,
  type FeatureSummary,
  inShare,
  permuteOne,
  type Shift,
  scale,
  spread,
} from '../../src/cli/drift-self-check/shifts.js';
import type { Split } from './housing.js';
import { type Component, principalComponents } from './principal-components.js';

/** A shift of the benchmark. `columns` are the features to which it is applied in turn, or `[0]` for a shift of all features. */
export interface BenchShift extends Shift {
  readonly kind:
    | 'mean'
    | 'spread'
    | 'contraction'
    | 'correlation'
    | 'zero'
    | 'value'
    | 'unit'
    | 'component'
    | 'population';
  readonly columns: readonly number[];
}

/** The shuffled columns, chosen before any figure was seen. */
const SHUFFLED = ['MedInc', 'AveRooms', 'Latitude'];
/** Latitude of the county line taken as the border of the north, in degrees, and maximum age in the census, in years. */
const NORTH = 35.79;
const OLDEST = 52;

/** Returns the 24 shifts of the protocol. Shifts of one feature are applied to each feature in turn, which avoids a choice. */
export function benchShifts(split: Split): BenchShift[] {
  const { names, reference, summaries } = split;
  const every = names.map((_, j) => j);
  const column = (name: string) => names.indexOf(name);
  const one = (kind: BenchShift['kind'], name: string, change: Change): BenchShift => ({
    kind,
    name: `one feature: ${name}`,
    ofOne: true,
    columns: every,
    change,
  });
  const all = (kind: BenchShift['kind'], name: string, change: Change): BenchShift => ({
    kind,
    name,
    ofOne: false,
    columns: [0],
    change,
  });
  const components = principalComponents(reference.rows, summaries);
  const income = column('MedInc');
  return [
    ...[0.25, 0.5, 1].map((by) => one('mean', `mean + ${by} sd`, changeOne(addDeviations(by)))),
    all('mean', 'all features: mean + 0.1 sd', changeAll(addDeviations(0.1))),
    ...[1.5, 0.5].map((by) => one('spread', `spread × ${by}`, changeOne(spread(by)))),
    ...[0.8, 0.5].map((by) => all('contraction', `all features: spread × ${by}`, changeAll(spread(by)))),
    ...SHUFFLED.map((name) => shuffled(name, column(name))),
    ...[0.05, 0.2, 1].map((share) => one('zero', `0 in ${100 * share} % of rows`, changeOne(inShare(share, () => 0)))),
    one('value', 'its mean in 20 % of rows', changeOne(inShare(0.2, (_, { mean }) => mean))),
    one(
      'value',
      'stuck at its median',
      changeOne((_, { median }) => median),
    ),
    ...[1.1, 12, 0.001].map((by) => one('unit', `unit × ${by}`, changeOne(scale(by)))),
    all('component', '+ 0.5 sd along the first principal component', along(components[0]!, 0.5)),
    all('component', '+ 0.5 sd along the last principal component', along(components.at(-1)!, 0.5)),
    all(
      'population',
      '20 % of rows replaced by northern ones',
      moreOf(0.2, (row) => row[column('Latitude')]! > NORTH),
    ),
    all(
      'population',
      '50 % of rows replaced by ones with an income above the median',
      moreOf(0.5, (row) => row[income]! > summaries[income]!.median),
    ),
    all(
      'population',
      '10 % of rows replaced by the oldest houses',
      moreOf(0.1, (row) => row[column('HouseAge')]! >= OLDEST),
    ),
  ];
}

/** Returns a shift that shuffles one column among the rows. */
export function shuffled(name: string, j: number): BenchShift {
  return {
    kind: 'correlation',
    name: `${name} shuffled among the rows`,
    ofOne: true,
    columns: [j],
    change: permuteOne,
  };
}

function along({ direction, variance }: Component, deviations: number): Change {
  const step = deviations * Math.sqrt(variance);
  return (rows, features) => {
    const d = features.length;
    for (let at = 0; at < rows.length; at++) rows[at]! += step * direction[at % d]! * features[at % d]!.deviation;
  };
}

/** The relative difference between a row and its copies: no client repeats rows, so none may be taken for a repeat. */
const COPY_DIFFERENCE = 1e-4;

/** Replaces a random share of the rows with rows that match. */
function moreOf(share: number, matches: (row: Float32Array) => boolean): Change {
  return (rows, features: readonly FeatureSummary[], _, random) => {
    const d = features.length;
    const rowAt = (r: number) => rows.subarray(r * d, (r + 1) * d);
    const candidates = Array.from({ length: rows.length / d }, (_, r) => r)
      .filter((r) => matches(rowAt(r)))
      .map((r) => rowAt(r).slice());
    for (let r = 0; r < rows.length / d; r++) {
      if (random.uniform() >= share) continue;
      rows.set(candidates[random.below(candidates.length)]!, r * d);
      rows[r * d]! *= 1 + COPY_DIFFERENCE * random.uniform();
    }
  };
}
