import { binTotal, type Channel } from '../rows/channels.js';
import type { RowReader } from '../rows/row-reader.js';
import type { RowCounts } from './row-counts.js';

/** Upper bounds of the p-value buckets. Without drift, at most the share p of rows lies at or below p. */
export const P_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;

/** Counts that only grow while the process lives, for a scraper to take differences of. Arrays are updated in place. */
export class Counters {
  /** Rows counted, and rows of requests beyond the share of a request that counts. */
  rows = 0;
  skipped = 0;
  /** `[bins of all channels]`, each channel's at its `offset`. */
  readonly bins: Float64Array;
  /** `[features, 4]`: rows `INSIDE`, `BELOW` and `ABOVE` the baseline's range, and `MISSING`. */
  readonly places: Float64Array;
  /** `[P_BUCKETS]`: rows by p-value, not cumulative. */
  pValues = new Float64Array(P_BUCKETS.length);
  pValueSum = 0;

  constructor(channels: readonly Channel[]) {
    this.bins = new Float64Array(binTotal(channels));
    this.places = new Float64Array(4 * channels.filter(({ kind }) => kind === 'feature').length);
  }

  /** Adds the rows of a tally of all channels. */
  merge(tally: RowCounts): void {
    this.rows += tally.rows;
    for (let i = 0; i < this.bins.length; i++) this.bins[i]! += tally.counts[i]!;
    for (let i = 0; i < this.places.length; i++) this.places[i]! += tally.places[i]!;
  }

  /** Counts the p-value of the row that `reader` has read. */
  addP({ p }: RowReader): void {
    let bucket = 0;
    while (p > P_BUCKETS[bucket]!) bucket++;
    this.pValues[bucket]!++;
    this.pValueSum += p;
  }
}
