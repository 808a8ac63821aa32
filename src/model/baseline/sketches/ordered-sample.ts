import { type Static, Type } from 'typebox';
import { binOf } from './bins.js';
import { normalScore } from './normal-scores.js';

/** Maximum values of a sample. */
const WHOLE = 10_000;
/** Values of each tail that are exact in a larger one. */
const TAIL = 1_000;

/** A sample in ascending order, for ranking new values: whole up to 10,000 values, above that its exact tails and a grid. */
export const OrderedSample = Type.Object({
  rows: Type.Integer({ minimum: 1 }),
  values: Type.Array(Type.Number(), { minItems: 1, maxItems: WHOLE }),
  ranks: Type.Union([Type.Array(Type.Integer({ minimum: 0 })), Type.Null()], {
    description: 'number of values of the whole sample before each of `values`; null if `values` is the whole sample',
  }),
});
export type OrderedSample = Static<typeof OrderedSample>;

/** Makes a sample of `sorted`, ascending. */
export function makeOrderedSample(sorted: Float64Array): OrderedSample {
  const rows = sorted.length;
  if (rows <= WHOLE) return { rows, values: Array.from(sorted), ranks: null };
  const inner = WHOLE - 2 * TAIL;
  const ranks = Array.from({ length: WHOLE }, (_, i) => {
    if (i < TAIL) return i;
    if (i >= WHOLE - TAIL) return rows - (WHOLE - i);
    return TAIL + Math.floor(((i - TAIL) * (rows - 2 * TAIL)) / inner);
  });
  return { rows, values: ranks.map((rank) => sorted[rank]!), ranks };
}

/** The conformal p-value of `value`: `(1 + #{sample ≥ value}) / (rows + 1)`. */
export function conformalP(sample: OrderedSample, value: number): number {
  return (1 + sample.rows - rankAt(sample, binOf(sample.values, value))) / (sample.rows + 1);
}

/** The quantile of the sample at `share`; in a grid, the next value of the grid. */
export function sampleQuantile({ rows, values, ranks }: OrderedSample, share: number): number {
  const rank = Math.min(rows - 1, Math.floor(share * rows));
  return values[ranks ? Math.min(values.length - 1, binOf(ranks, rank)) : rank]!;
}

/** The normal score of `value` in the sample; ties share the score of their middle rank. */
export function sampleScore(sample: OrderedSample, value: number): number {
  const { values, rows } = sample;
  const at = binOf(values, value);
  let end = at;
  while (end < values.length && values[end] === value) end++;
  const below = rankAt(sample, at);
  return normalScore(below, rankAt(sample, end) - below, rows);
}

/** The number of values of the sample before the value `at`; in a grid, its rank. */
function rankAt({ rows, values, ranks }: OrderedSample, at: number): number {
  if (at === values.length) return rows;
  return ranks ? ranks[at]! : at;
}
