import type { ArrayMemory } from '../../base/node/array-memory.js';
import { binTotal, type Channel } from '../rows/channels.js';
import type { RowCounts } from './row-counts.js';

/** Upper bounds of the p-value buckets. Without drift, at most the share p of rows lies at or below p. */
export const P_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;

/**
 * Counts that only grow while the process lives, for a scraper that computes differences. Arrays are updated in place: `bins`
 * and `places` on the JavaScript heap; the p-values, once `moveInto` has moved them, in the memory of a WebAssembly instance,
 * which counts every row there.
 */
export class Counters {
  /** Rows counted. */
  rows = 0;
  /** Rows left out because their requests had too many. */
  skipped = 0;
  /** `[bins of all channels]`, each channel's at its `offset`. */
  readonly bins: Float64Array;
  /** `[features, 4]`: rows `INSIDE`, `BELOW` and `ABOVE` the baseline's range, and `MISSING`. */
  readonly places: Float64Array;
  /** `[P_BUCKETS]`: rows by p-value, not cumulative. */
  pValues = new Float64Array(P_BUCKETS.length);
  /** `[1]`: the sum of all p-values. */
  pValueSum = new Float64Array(1);

  constructor(channels: readonly Channel[]) {
    this.bins = new Float64Array(binTotal(channels));
    this.places = new Float64Array(4 * channels.filter(({ kind }) => kind === 'feature').length);
  }

  /** Moves the p-values and their sum into `memory`. */
  moveInto(memory: ArrayMemory): void {
    this.pValues = memory.place(this.pValues);
    this.pValueSum = memory.place(this.pValueSum);
  }

  /** Adds row counts of all channels. */
  merge({ rows, counts, places }: RowCounts): void {
    this.rows += rows;
    for (let i = 0; i < this.bins.length; i++) this.bins[i]! += counts[i]!;
    for (let i = 0; i < this.places.length; i++) this.places[i]! += places[i]!;
  }
}
