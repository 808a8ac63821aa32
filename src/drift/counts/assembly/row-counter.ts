// Counts rows exactly as the reference row counter of the tests does: the same operations in the same order, so that both
// give the same bits. This folder is AssemblyScript, compiled by asc and not by tsc. fields.ts names everything in memory.
import {
  COUNTER_BIN_COUNTS, COUNTER_BINS, COUNTER_CHANNELS, COUNTER_CHART_LIMITS, COUNTER_COLUMN_DEVIATIONS, COUNTER_COLUMN_MEANS,
  COUNTER_COUNTS, COUNTER_DIAGONAL, COUNTER_DISTANCE_RANKS, COUNTER_EDGES, COUNTER_ERROR_CHART, COUNTER_ERROR_RANKS,
  COUNTER_ERRORS, COUNTER_FEATURES, COUNTER_GRID_SCORES, COUNTER_GRIDS, COUNTER_INVERSE_SHARES, COUNTER_LIMITS,
  COUNTER_MEAN, COUNTER_OFFSETS, COUNTER_OUTPUTS, COUNTER_P_BOUNDS, COUNTER_P_SUM, COUNTER_P_VALUES, COUNTER_PLACES,
  COUNTER_PRECISION, COUNTER_PREDICTIONS, COUNTER_ROWS, COUNTER_SCALES, COUNTER_SCORES, COUNTER_SQUARES, COUNTER_STRIDE,
  COUNTER_SUMS, COUNTER_TOTALS, COUNTER_VALUES, COUNTER_WEIGHTS, COUNTER_WHITENED, ERROR_CHART_LAMBDA, ERROR_CHART_LEVEL,
  ERROR_CHART_MEAN, ERROR_CHART_SQUARED_LIMIT, LISTS_LOWS, LISTS_NUMBERS, LISTS_PARTS, LISTS_SCALES, LISTS_STARTS,
  RANKS_GAP_SCORES, RANKS_PS, RANKS_TIED_SCORES, RANKS_VALUES, TOTAL_ROWS, TOTAL_SCORES,
} from './fields';
export * from './fields';

/** As in ordered-lists.ts, row-reader.ts, bins.ts and histogram-chart.ts. */
const PARTS: usize = 256;
const MISSING: usize = 3;
const NO_BIN: u8 = 255;
const MIN_SCALE: f64 = 1e-100;

/**
 * Counts up to `count` rows, and stops after a row with which a chart is beyond its limit. Returns the number of rows
 * counted, negative if a chart is beyond its limit. `record` is the address of the counter's record.
 */
export function countRows(record: usize, count: i32): i32 {
  const d = field(record, COUNTER_FEATURES), o = field(record, COUNTER_OUTPUTS);
  const values = field(record, COUNTER_VALUES), totals = field(record, COUNTER_TOTALS);
  const errorRanks = field(record, COUNTER_ERROR_RANKS), distanceRanks = field(record, COUNTER_DISTANCE_RANKS);
  for (let r = 0; r < count; r++) {
    readColumns(record, r);
    const error = at(values, d + o);
    const rank = countBelow(field(errorRanks, RANKS_VALUES), 0, error);
    const score = scoreOf(errorRanks, rank, error);
    let p = at(field(errorRanks, RANKS_PS), rank);
    if (distanceRanks) p = min<f64>(1, 2 * min<f64>(p, readConditionals(record, distanceRanks)));
    add(totals, TOTAL_ROWS, 1);
    add(totals, TOTAL_SCORES, score);
    countP(record, p);
    const beyond = countBins(record) | moveLevel(record, score);
    if (beyond) return -(r + 1);
  }
  return count;
}

/** Reads the row's values, and counts where its features lie and the sums of its deviations. */
// @ts-ignore: decorator
@inline
function readColumns(record: usize, r: usize): void {
  const d = field(record, COUNTER_FEATURES), o = field(record, COUNTER_OUTPUTS), values = field(record, COUNTER_VALUES);
  const limits = field(record, COUNTER_LIMITS), places = field(record, COUNTER_PLACES);
  const rows = field(record, COUNTER_ROWS) + ((r * d) << 2);
  const predictions = field(record, COUNTER_PREDICTIONS) + ((r * o) << 2);
  for (let j: usize = 0; j < d; j++) {
    const value = <f64>load<f32>(rows + (j << 2));
    put(values, j, value);
    const below = <usize>(value < at(limits, 2 * j)), above = <usize>(value > at(limits, 2 * j + 1));
    increment(places, 4 * j + (value == value ? below | (above << 1) : MISSING));
  }
  for (let j: usize = 0; j < o; j++) put(values, d + j, <f64>load<f32>(predictions + (j << 2)));
  put(values, d + o, <f64>load<f32>(field(record, COUNTER_ERRORS) + (r << 2)));
  const sums = field(record, COUNTER_SUMS), means = field(record, COUNTER_COLUMN_MEANS);
  const deviations = field(record, COUNTER_COLUMN_DEVIATIONS);
  for (let j: usize = 0; j < d + o; j++) {
    const value = at(values, j);
    if (value == value) add(sums, j, (value - at(means, j)) / at(deviations, j));
  }
}

/** Computes the conditional residuals. Returns the p-value of the distance. */
// @ts-ignore: decorator
@inline
function readConditionals(record: usize, distanceRanks: usize): f64 {
  const d = field(record, COUNTER_FEATURES), values = field(record, COUNTER_VALUES);
  const scores = field(record, COUNTER_SCORES), whitened = field(record, COUNTER_WHITENED);
  const mean = field(record, COUNTER_MEAN), diagonal = field(record, COUNTER_DIAGONAL);
  const precision = field(record, COUNTER_PRECISION), step = field(record, COUNTER_STRIDE) << 3;
  for (let j: usize = 0; j < d; j++) put(scores, j, gridScore(record, j, at(values, j)) - at(mean, j));
  // Two rows of the matrix at a time. Each is summed in the order of its columns.
  for (let i: usize = 0; i < d; i += 2) {
    let sum = f64x2.splat(0);
    for (let j: usize = 0, from = precision + (i << 3); j < d; j++, from += step) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(from), v128.load64_splat(scores + (j << 3))));
    }
    v128.store(whitened + (i << 3), sum);
  }
  let distance: f64 = 0;
  const first = d + field(record, COUNTER_OUTPUTS) + 1;
  for (let j: usize = 0; j < d; j++) {
    const residual = at(whitened, j);
    distance += residual * at(scores, j);
    const value = at(values, j);
    put(values, first + j, value == value ? residual / at(diagonal, j) : value);
  }
  return at(field(distanceRanks, RANKS_PS), countBelow(field(distanceRanks, RANKS_VALUES), 0, distance));
}

/** Counts each channel's bin and moves its chart. Returns whether a chart that the row moved is beyond its limit. */
// @ts-ignore: decorator
@inline
function countBins(record: usize): bool {
  const lambda = at(field(record, COUNTER_ERROR_CHART), ERROR_CHART_LAMBDA), decay = 1 - lambda;
  const edges = field(record, COUNTER_EDGES), channels = field(record, COUNTER_CHANNELS);
  const values = field(record, COUNTER_VALUES), bins = field(record, COUNTER_BINS);
  const offsets = field(record, COUNTER_OFFSETS), counts = field(record, COUNTER_COUNTS);
  const inverseShares = field(record, COUNTER_INVERSE_SHARES), scales = field(record, COUNTER_SCALES);
  const weights = field(record, COUNTER_WEIGHTS), squares = field(record, COUNTER_SQUARES);
  const limits = field(record, COUNTER_CHART_LIMITS);
  let beyond = false;
  for (let c: usize = 0; c < channels; c++) {
    const value = at(values, c);
    if (value != value) {
      store<u8>(bins + c, NO_BIN);
      continue;
    }
    const bin = countBelow(edges, c, value);
    store<u8>(bins + c, <u8>bin);
    const place = index(offsets, c) + bin;
    increment(counts, place);
    const scale = at(scales, c), weight = at(weights, place);
    const square =
      decay * decay * at(squares, c) + lambda * at(inverseShares, place) * (2 * decay * (weight * scale) + lambda);
    put(squares, c, square);
    put(scales, c, scale * decay);
    put(weights, place, weight + lambda / (scale * decay));
    beyond = beyond | (square - 1 > at(limits, c));
    if (scale < MIN_SCALE) renormalise(record, c);
  }
  return beyond;
}

function renormalise(record: usize, c: usize): void {
  const weights = field(record, COUNTER_WEIGHTS), scales = field(record, COUNTER_SCALES), scale = at(scales, c);
  const first = index(field(record, COUNTER_OFFSETS), c), end = first + index(field(record, COUNTER_BIN_COUNTS), c);
  for (let k = first; k < end; k++) put(weights, k, at(weights, k) * scale);
  put(scales, c, 1);
}

/** Moves the error's chart. Returns whether it is beyond its limit. */
// @ts-ignore: decorator
@inline
function moveLevel(record: usize, score: f64): bool {
  const chart = field(record, COUNTER_ERROR_CHART), before = at(chart, ERROR_CHART_LEVEL);
  const level = before + at(chart, ERROR_CHART_LAMBDA) * (score - before);
  put(chart, ERROR_CHART_LEVEL, level);
  const distance = level - at(chart, ERROR_CHART_MEAN);
  return distance * distance > at(chart, ERROR_CHART_SQUARED_LIMIT);
}

// @ts-ignore: decorator
@inline
function countP(record: usize, p: f64): void {
  const bounds = field(record, COUNTER_P_BOUNDS);
  let bucket: usize = 0;
  while (p > at(bounds, bucket)) bucket++;
  add(field(record, COUNTER_P_VALUES), bucket, 1);
  add(field(record, COUNTER_P_SUM), 0, p);
}

/** The normal score of `value`, which has the rank `rank`. */
// @ts-ignore: decorator
@inline
function scoreOf(ranks: usize, rank: usize, value: f64): f64 {
  const tied = at(field(field(ranks, RANKS_VALUES), LISTS_NUMBERS), rank) == value;
  return at(field(ranks, tied ? RANKS_TIED_SCORES : RANKS_GAP_SCORES), rank);
}

/** `writeScore` of normal-scores.ts. */
// @ts-ignore: decorator
@inline
function gridScore(record: usize, list: usize, value: f64): f64 {
  if (value != value) return 0;
  const grids = field(record, COUNTER_GRIDS), gridScores = field(record, COUNTER_GRID_SCORES);
  const numbers = field(grids, LISTS_NUMBERS), starts = field(grids, LISTS_STARTS);
  const first = index(starts, list), next = first + countBelow(grids, list, value);
  if (next == index(starts, list + 1)) return at(gridScores, next - 1);
  const number = at(numbers, next);
  if (next == first || number == value) return at(gridScores, next);
  const low = at(numbers, next - 1), lowScore = at(gridScores, next - 1);
  return lowScore + ((value - low) / (number - low)) * (at(gridScores, next) - lowScore);
}

/** `countBelow` of OrderedLists. */
// @ts-ignore: decorator
@inline
function countBelow(lists: usize, list: usize, value: f64): usize {
  const where = (value - at(field(lists, LISTS_LOWS), list)) * at(field(lists, LISTS_SCALES), list);
  const part: usize = where > 0 ? (where < <f64>(PARTS - 1) ? <usize>where : PARTS - 1) : 0;
  const parts = field(lists, LISTS_PARTS), numbers = field(lists, LISTS_NUMBERS);
  const place = list * (PARTS + 1) + part;
  let low = index(parts, place), left = index(parts, place + 1) - low;
  while (left > 1) {
    const half = left >> 1;
    low += half & -<usize>(at(numbers, low + half - 1) < value);
    left -= half;
  }
  return low + (left & <usize>(at(numbers, low) < value)) - index(field(lists, LISTS_STARTS), list);
}

/** A size or an address of a record. */
// @ts-ignore: decorator
@inline
function field(record: usize, name: usize): usize {
  return load<usize>(record + (name << 2));
}

// @ts-ignore: decorator
@inline
function at(array: usize, i: usize): f64 {
  return load<f64>(array + (i << 3));
}

// @ts-ignore: decorator
@inline
function put(array: usize, i: usize, value: f64): void {
  store<f64>(array + (i << 3), value);
}

// @ts-ignore: decorator
@inline
function add(array: usize, i: usize, value: f64): void {
  put(array, i, at(array, i) + value);
}

// @ts-ignore: decorator
@inline
function index(array: usize, i: usize): usize {
  return <usize>load<u32>(array + (i << 2));
}

// @ts-ignore: decorator
@inline
function increment(array: usize, i: usize): void {
  store<u32>(array + (i << 2), load<u32>(array + (i << 2)) + 1);
}

/** The address at which constants end and free memory begins. */
export function heapStart(): usize {
  return __heap_base;
}
