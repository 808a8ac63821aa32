import { type Static, Type } from 'typebox';

/** Maximum edges that are read: three times what is written. Each is a time series of the metrics. */
const MAX_EDGES = 63;

/** Bins of a channel by the held-out rows' quantiles. Ties leave fewer bins. */
export const Bins = Type.Object({
  edges: Type.Array(Type.Number(), {
    maxItems: MAX_EDGES,
    description: 'ascending upper edges, inclusive; the last bin has none',
  }),
  counts: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, description: 'held-out rows per bin' }),
});
export type Bins = Static<typeof Bins>;

/** The bin of a missing value. */
export const NO_BIN = 255;

/** Maximum bins per channel: fewer with fewer rows, so that the counts stay large enough to compare with. */
const FINE = 20;
const COARSE = 10;
const ROWS_FOR_FINE = 1000;
/** Minimum held-out rows per bin on average: χ² would overestimate the precision of smaller bins' shares. */
export const ROWS_PER_BIN = 20;
export const MIN_BINS = 2;

/**
 * Makes bins of about equal counts from `sorted`, ascending and finite. Ties share a bin, so a constant channel has one bin. No bin is
 * empty, except for the only one without values.
 */
export function makeBins(sorted: Float64Array): Bins {
  const rows = sorted.length;
  const bins = Math.max(MIN_BINS, Math.min(maxBinsOf(rows), Math.floor(rows / ROWS_PER_BIN)));
  const edges: number[] = [];
  for (let k = 1; k < bins && rows > 0; k++) {
    const edge = sorted[Math.ceil((k * rows) / bins) - 1]!;
    if (edge < sorted[rows - 1]! && edge !== edges.at(-1)) edges.push(edge);
  }
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of sorted) counts[binOf(edges, value)]!++;
  return { edges, counts };
}

/** Maximum bins of a channel with `rows` held-out values. */
export function maxBinsOf(rows: number): number {
  return rows < ROWS_FOR_FINE ? COARSE : FINE;
}

/** Returns the bin of `value`: the number of `edges`, ascending, below it. */
export function binOf(edges: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows in all bins of a histogram. */
export function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += counts[k]!;
  return sum;
}

/** A bin's share of `rows` rows in `bins` bins, `(r + ½) / (m + ½ B)`: above 0, for divisions and logarithms. */
export function binShare(count: number, rows: number, bins: number): number {
  return (count + 0.5) / (rows + 0.5 * bins);
}

/** The share of each bin. */
export function binShares(counts: readonly number[]): Float64Array {
  const rows = sumOf(counts);
  return Float64Array.from(counts, (count) => binShare(count, rows, counts.length));
}
