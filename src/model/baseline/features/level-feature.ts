import { type Bins, MIN_BINS, maxBinsOf, ROWS_PER_BIN, sumOf } from '../sketches/bins.js';
import { normalScore, type ScoreGrid } from '../sketches/normal-scores.js';
import type { FeatureColumn } from './feature-column.js';
import type { WatchedFeature } from './watched.js';

/** Minimum share of the rows of a level with a bin of its own: rarer ones would be lost in a chart of 200 rows. */
const MIN_SHARE = 0.01;
/** Levels with a score of their own: as many as a grid has room for, beside the others and a new one. */
const MAX_SCORED = 255;
/** Rows by which the mean prediction of a level is shrunk to that of all. */
const SHRINKAGE = 20;

/** The held-out rows of a column with levels. */
export interface LevelRows {
  /** `[rows]`: codes, at most the number of levels; NaN where a value is missing. */
  readonly codes: ArrayLike<number>;
  /** `[rows, outputs]` */
  readonly outputs: Float32Array;
  readonly levels: number;
}

/**
 * Orders the codes of levels: those with enough rows for a bin of their own first, the most frequent one before the others, then
 * all others by the mean prediction of their rows.
 */
export function orderLevels(rows: LevelRows): number[] {
  const { levels } = rows;
  const counts = countLevels(rows);
  const present = sumOf(counts);
  const means = meanPredictions(rows, counts);
  const isFrequent = (code: number) => counts[code]! >= minRows(present);
  return Array.from({ length: levels }, (_, code) => code).sort((a, b) => {
    const [first, second] = [isFrequent(a), isFrequent(b)];
    if (first !== second) return first ? -1 : 1;
    return (first ? counts[b]! - counts[a]! : means[a]! - means[b]!) || a - b;
  });
}

/**
 * A feature with levels, from the positions of its `count` rows; NaN where a value is missing. Frequent levels have a bin of
 * their own, the others share bins of about equal counts, and with `canBeNew`, new levels have the last.
 *
 * Normal scores need an order, and that of the levels is arbitrary. They are ordered by the mean prediction of their rows, which
 * loses nothing where one number is predicted from levels (Fisher, "On grouping for maximum homogeneity", 1958, and
 * Breiman et al., "Classification and Regression Trees", 1984, 4.2.2): by the target in which they differ most. Levels without
 * enough rows share one score, that of a new one is the middle.
 */
export function levelFeature(feature: WatchedFeature, rows: LevelRows, canBeNew: boolean): FeatureColumn {
  const { levels } = rows;
  const counts = countLevels(rows);
  const unseen = countUnseen(rows);
  const bins = binLevels(counts, canBeNew, unseen);
  return {
    ...feature,
    bins,
    mean: 0,
    deviation: 0,
    min: 0,
    max: levels - 1,
    missing: rows.codes.length - sumOf(bins.counts),
    grid: scoreLevels(rows, counts, canBeNew),
  };
}

/** Minimum rows of a level with a bin or score of its own, of `present` rows with a value. */
function minRows(present: number): number {
  return Math.max(ROWS_PER_BIN, MIN_SHARE * present);
}

function binLevels(counts: readonly number[], canBeNew: boolean, unseen: number): Bins {
  const present = sumOf(counts);
  const max = Math.max(MIN_BINS, maxBinsOf(present));
  const frequent = counts.findIndex((count) => !(count >= minRows(present)));
  const all = frequent < 0 && counts.length <= max;
  // One bin at least for the others.
  const own = all ? counts.length : Math.min(frequent < 0 ? counts.length : frequent, max - 1);
  const edges = Array.from({ length: own }, (_, k) => k);
  const shared = sumOf(counts.slice(own));
  const size = Math.max(present / max, minRows(present));
  for (let position = own, filled = 0, left = shared; position < counts.length; position++) {
    filled += counts[position]!;
    left -= counts[position]!;
    const isLast = position === counts.length - 1;
    if (!isLast && (filled < size || left < size || edges.length === max - 1)) continue;
    edges.push(position);
    filled = 0;
  }
  const filledBins = edges.map((edge, k) => sumOf(counts.slice((edges[k - 1] ?? -1) + 1, edge + 1)));
  if (canBeNew) return { edges, counts: [...filledBins, unseen] };
  return { edges: edges.slice(0, -1), counts: filledBins };
}

function scoreLevels(rows: LevelRows, counts: readonly number[], canBeNew: boolean): ScoreGrid {
  const { levels } = rows;
  const present = sumOf(counts);
  const frequent = counts.findIndex((count) => !(count >= minRows(present)));
  const scored = Math.min(MAX_SCORED, frequent < 0 ? levels : frequent);
  // The levels without a score of their own are one.
  const groups = Array.from({ length: scored }, (_, position) => counts[position]!);
  if (scored < levels) groups.push(sumOf(counts.slice(scored)));
  const grouped = {
    ...rows,
    codes: Float64Array.from(rows.codes, (code) => Math.min(code, code < levels ? groups.length - 1 : levels)),
    levels: groups.length,
  };
  const means = meanPredictions(grouped, groups);
  const scores: number[] = [];
  let below = 0;
  for (const group of groups.map((_, g) => g).sort((a, b) => means[a]! - means[b]! || a - b)) {
    scores[group] = normalScore(below, groups[group]!, present);
    below += groups[group]!;
  }
  const values = groups.map((_, position) => position);
  if (values.length < levels && values.at(-1) !== levels - 1) {
    values.push(levels - 1);
    scores.push(scores.at(-1)!);
  }
  return canBeNew ? { values: [...values, levels], scores: [...scores, 0] } : { values, scores };
}

function countLevels({ codes, levels }: LevelRows): number[] {
  const counts = new Array<number>(levels).fill(0);
  for (let r = 0; r < codes.length; r++) if (codes[r]! < levels) counts[codes[r]!]!++;
  return counts;
}

function countUnseen({ codes, levels }: LevelRows): number {
  let unseen = 0;
  for (let r = 0; r < codes.length; r++) if (codes[r]! >= levels) unseen++;
  return unseen;
}

/** The mean prediction of each level's rows, shrunk to that of all, of the target in which the levels differ most. */
function meanPredictions({ codes, outputs, levels }: LevelRows, counts: readonly number[]): number[] {
  const width = outputs.length / codes.length;
  let best = { ratio: -1, means: new Array<number>(levels).fill(0) };
  for (let target = 0; target < width; target++) {
    const sums = new Float64Array(levels);
    let [rows, sum, squares] = [0, 0, 0];
    for (let r = 0; r < codes.length; r++) {
      if (!(codes[r]! < levels)) continue;
      const output = outputs[r * width + target]!;
      sums[codes[r]!]! += output;
      rows++;
      sum += output;
      squares += output * output;
    }
    const mean = rows > 0 ? sum / rows : 0;
    const means = Array.from(sums, (own, k) => (own + SHRINKAGE * mean) / (counts[k]! + SHRINKAGE));
    const between = means.reduce((total, own, k) => total + counts[k]! * (own - mean) ** 2, 0);
    const all = squares - rows * mean * mean;
    const ratio = all > 0 ? between / all : 0;
    if (ratio > best.ratio) best = { ratio, means };
  }
  return best.means;
}
