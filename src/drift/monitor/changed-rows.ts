import type { Baseline } from '../../model/baseline/baseline.js';
import { binShare, NO_BIN, sumOf } from '../../model/baseline/bins.js';
import type { RecentRows } from '../counts/recent-rows.js';
import { RowCounts } from '../counts/row-counts.js';
import type { Channel } from '../rows/channels.js';
import { ABOVE, BELOW, MISSING, type RowReader } from '../rows/row-reader.js';
import { rowsSinceOnset } from './onset.js';

/** Rows that were counted last, read again: the latest first. */
export interface RecentSample {
  readonly count: number;
  readonly tally: RowCounts;
  /** `[features + outputs][count]`, NaN where a value is missing. */
  readonly columns: readonly Float64Array[];
  /** `[count, features]`: normal scores. */
  readonly scores: Float64Array;
}

/** Operations of reading rows again, d² each: a few milliseconds. */
const MAX_OPERATIONS = 2e7;
const MIN_ROWS = 16;

/** The number of recent rows that can be read again in a few milliseconds, at most `max`. */
export function readableRows(recent: RecentRows, features: number, max: number): number {
  return Math.min(max, recent.count, Math.max(MIN_ROWS, Math.floor(MAX_OPERATIONS / (features * features))));
}

/** Reads the latest `count` rows again. */
export function readRows(
  recent: RecentRows,
  count: number,
  reader: RowReader,
  channels: readonly Channel[],
): RecentSample {
  const { features, outputs } = reader;
  const tally = new RowCounts(channels);
  const columns = Array.from({ length: features + outputs }, () => new Float64Array(count));
  const scores = new Float64Array(count * features);
  for (let age = 0; age < count; age++) {
    reader.read(recent.rows, recent.outputs, recent.errors, recent.position(age));
    tally.add(reader);
    columns.forEach((column, j) => {
      column[age] = reader.values[j]!;
    });
    scores.set(reader.scores, age * features);
  }
  return { count, tally, columns, scores };
}

/** Estimates since how many of the latest rows, at most `max`, the channel has changed. */
export function changedRows(
  recent: RecentRows,
  max: number,
  reader: RowReader,
  baseline: Baseline,
  channel: Channel,
  c: number,
): number {
  const { bins, kind, index } = channel;
  const size = bins.counts.length;
  const m = sumOf(bins.counts);
  const missing = kind === 'feature' ? baseline.features[index]!.missing : 0;
  // The bins, then values below and above the range of the held-out rows, and missing values.
  const shares = Float64Array.of(
    ...bins.counts.map((count) => binShare(count, m, size)),
    1 / (m + 1),
    1 / (m + 1),
    (missing + 0.5) / (m + missing + 1),
  );
  const categories = new Uint8Array(max);
  for (let age = 0; age < max; age++) {
    reader.read(recent.rows, recent.outputs, recent.errors, recent.position(age));
    const place = kind === 'feature' ? reader.places[index]! : reader.bins[c] === NO_BIN ? MISSING : 0;
    categories[age] =
      place === BELOW ? size : place === ABOVE ? size + 1 : place === MISSING ? size + 2 : reader.bins[c]!;
  }
  return rowsSinceOnset(categories, shares);
}
