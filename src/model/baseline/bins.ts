import { type Static, Type } from 'typebox';

/** Bins of a channel by the held-out rows' quantiles; fewer where values tie. */
export const Bins = Type.Object({
  edges: Type.Array(Type.Number(), { description: 'ascending upper edges, each inside its bin; the last bin is open' }),
  counts: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, description: 'held-out rows per bin' }),
});
export type Bins = Static<typeof Bins>;

/** Stands for the bin of a missing value. */
export const NO_BIN = 255;

/** Bins per channel: finer with more rows, so that the counts stay large enough to compare with. */
const FINE = 20;
const COARSE = 10;
const ROWS_FOR_FINE = 1000;
/** Bins with fewer held-out rows than this are joined: χ² takes their shares for better known than they are. */
const ROWS_PER_BIN = 20;
const FEWEST = 2;

/**
 * Bins of about equal counts of `sorted`, ascending and finite. Ties share a bin, so a constant channel has one bin, and
 * no bin is empty. Without values: one bin of none.
 */
export function makeBins(sorted: Float64Array): Bins {
  const rows = sorted.length;
  const most = rows < ROWS_FOR_FINE ? COARSE : FINE;
  const bins = Math.max(FEWEST, Math.min(most, Math.floor(rows / ROWS_PER_BIN)));
  const edges: number[] = [];
  for (let k = 1; k < bins && rows > 0; k++) {
    const edge = sorted[Math.ceil((k * rows) / bins) - 1]!;
    if (edge < sorted[rows - 1]! && edge !== edges.at(-1)) edges.push(edge);
  }
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of sorted) counts[binOf(edges, value)]!++;
  return { edges, counts };
}

/** The bin of `value`: how many of `edges`, ascending, are below it. */
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

/** A bin's share of `rows` rows in `bins` bins, kept above 0 for the divisions and logarithms to come: `(r + ½) / (m + ½ B)`. */
export function binShare(count: number, rows: number, bins: number): number {
  return (count + 0.5) / (rows + 0.5 * bins);
}

/** The share of each bin. */
export function binShares(counts: readonly number[]): Float64Array {
  let rows = 0;
  for (const count of counts) rows += count;
  return Float64Array.from(counts, (count) => binShare(count, rows, counts.length));
}
