import { normalCdf } from '../../base/statistics/normal.js';
import type { FeatureColumn } from '../baseline/features/feature-column.js';
import type { WatchedLevels } from '../baseline/features/watched.js';
import { type Bins, sumOf } from '../baseline/sketches/bins.js';
import { quantileFunction } from '../baseline/sketches/grid-quantile.js';
import { UNIT_MS } from '../columns/coding.js';
import type { EncodedColumn } from '../columns/encoding/encoding.js';
import { DAY } from '../columns/times.js';

/** Returns the code of a column at the normal scores of what is watched of it: of the column, and of the cycles of a timestamp. */
export type ColumnQuantile = (scores: Float64Array) => number;

/** Returns the quantile function of a column from what is watched of it, summarised from `rows` rows. `column` is its encoding, if it has one. */
export function columnQuantile(
  watched: readonly FeatureColumn[],
  rows: number,
  column: EncodedColumn | undefined,
): ColumnQuantile {
  const [feature] = watched as [FeatureColumn];
  const { watched: kind, grid, missing } = feature;
  if (kind?.type === 'timestamp') return timeQuantile(watched);
  if (kind) return levelQuantile(feature, kind, sharesOf(kind, column));
  const quantile = quantileFunction(grid, rows - missing);
  return ([score]) => quantile(score!);
}

/** Returns the share of each code, up to a factor: of the training rows, as the card has them. */
function sharesOf({ codes }: WatchedLevels, column: EncodedColumn | undefined): readonly number[] {
  if (column?.type === 'category' && sumOf(column.counts) > 0) return column.counts;
  if (column?.type === 'boolean') return [1 - column.encoding.mean, column.encoding.mean];
  return codes.map(() => 1);
}

/** The levels are in the order of their scores: that of the mean prediction of their rows. */
function levelQuantile({ grid }: FeatureColumn, { codes }: WatchedLevels, shares: readonly number[]): ColumnQuantile {
  const scoreOf = (position: number) => grid.scores[grid.values.findLastIndex((value) => value <= position)] ?? 0;
  const positions = codes.map((_, position) => position).sort((a, b) => scoreOf(a) - scoreOf(b) || a - b);
  const counts = positions.map((position) => shares[codes[position]!] ?? 0);
  return ([score]) => codes[positions[Math.floor(placeIn(counts, normalCdf(score!)))]!]!;
}

/**
 * The days between the first and the last one are equally likely. Where weekdays and times of day differ in the number of their rows,
 * the time is moved within its week and day.
 */
function timeQuantile([feature, ...cycles]: readonly FeatureColumn[]): ColumnQuantile {
  const { watched, grid } = feature!;
  if (watched?.type !== 'timestamp') throw new TypeError('expected a timestamp');
  const unit = UNIT_MS[watched.unit];
  const [first, last] = [grid.values[0]!, grid.values.at(-1)!];
  return ([score, ...cycleScores]) => {
    let time = watched.origin + (first + normalCdf(score!) * (last - first)) * unit;
    cycles.forEach((cycle, i) => {
      const kind = cycle.watched;
      if (kind?.type !== 'timestamp') return;
      const place = placeOf(cycle, normalCdf(cycleScores[i]!));
      const day = Math.floor(time / DAY);
      if (kind.cycle === 'time_of_day') time = day * DAY + (place / MINUTES) * DAY;
      // 1970 began on a Thursday; the days of a week are counted from Monday.
      if (kind.cycle === 'weekday') time += (Math.floor(place) - ((((day + 3) % 7) + 7) % 7)) * DAY;
    });
    return Math.floor((time - watched.origin) / unit);
  };
}

const MINUTES = 1440;

/**
 * Returns the place in a cycle at a share of its rows. The rows of a bin are spread evenly over it. The first and the last bin, which are
 * open, are as wide as those beside them.
 */
function placeOf({ bins, min, max }: FeatureColumn, share: number): number {
  const { edges, counts }: Bins = bins;
  const at = placeIn(counts, share);
  const bin = Math.floor(at);
  const widthAt = (edge: number) => edges[edge]! - edges[edge - 1]! || Number.POSITIVE_INFINITY;
  // Places are whole numbers, and the upper edge of a bin belongs to it.
  const from = edges[bin - 1] ?? Math.max(min - 1, edges[0] === undefined ? min - 1 : edges[0] - widthAt(1));
  const to = edges[bin] ?? Math.min(max, from + widthAt(edges.length - 1));
  return from + 1 + (at - bin) * (to - from);
}

/** Returns where in a sequence of `counts` a share of their sum is reached: the index of the count, and the part of it as fraction. */
function placeIn(counts: readonly number[], share: number): number {
  const rows = share * sumOf(counts);
  let below = 0;
  let last = 0;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at]!;
    if (count <= 0) continue;
    if (rows < below + count) return at + Math.max(0, rows - below) / count;
    below += count;
    last = at;
  }
  return last;
}
