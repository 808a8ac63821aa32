import type { Steps } from '../../base/steps.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { binShare, NO_BIN, sumOf } from '../../model/baseline/sketches/bins.js';
import type { RecentRows } from '../counts/recent-rows.js';
import { RowCounts } from '../counts/row-counts.js';
import type { Channel } from '../rows/channels.js';
import { ABOVE, BELOW, type RowReader } from '../rows/row-reader.js';
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

/** Rows between two steps of reading them. */
const STEP = 64;

/**
 * Estimates since how many of the latest rows, at most `max`, something has changed: since when the channel has whose change
 * stands out most. In steps.
 */
export function* changedRows(
  recent: RecentRows,
  max: number,
  reader: RowReader,
  baseline: Baseline,
  channels: readonly Channel[],
): Steps<number> {
  const categories = channels.map(() => new Uint8Array(max));
  for (let age = 0; age < max; age++) {
    reader.read(recent.rows, recent.outputs, recent.errors, recent.position(age));
    channels.forEach((channel, c) => {
      categories[c]![age] = categoryOf(channel, reader, c);
    });
    if (age % STEP === STEP - 1) yield;
  }
  let best = { gain: Number.NEGATIVE_INFINITY, rows: max };
  for (const [c, channel] of channels.entries()) {
    // The latest rows all have one weekday.
    if (channel.isCycle) continue;
    const onset = rowsSinceOnset(categories[c]!, categoryShares(baseline, channel));
    if (onset.gain > best.gain) best = onset;
    yield;
  }
  return best.rows;
}

/** A row's bin, or one of three more: below and above the range of the held-out rows, and missing. */
function categoryOf({ kind, index, bins }: Channel, reader: RowReader, c: number): number {
  const size = bins.counts.length;
  const bin = reader.bins[c]!;
  if (bin === NO_BIN) return size + 2;
  if (kind !== 'feature') return bin;
  const place = reader.places[index]!;
  return place === BELOW ? size : place === ABOVE ? size + 1 : bin;
}

function categoryShares(baseline: Baseline, { kind, index, bins }: Channel): Float64Array {
  const m = sumOf(bins.counts);
  // A missing value has no residual.
  const missing = kind === 'feature' || kind === 'conditional' ? baseline.features[index]!.missing : 0;
  const present = missing > 0 ? (m + 0.5) / (m + missing + 1) : 1;
  const beyond = 1 / (m + 1);
  return Float64Array.of(
    ...bins.counts.map((count) => present * binShare(count, m, bins.counts.length)),
    ...[beyond, beyond, (missing + 0.5) / (m + missing + 1)],
  );
}
