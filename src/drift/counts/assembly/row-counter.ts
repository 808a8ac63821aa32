// Counts rows exactly as the reference row counter of the tests does: the same operations in the same order, so that both
// give the same bits. This folder is AssemblyScript, compiled by asc and not by tsc. fields.ts names the parts of records.
import {
  ERROR_CHART_LAMBDA, ERROR_CHART_LEVEL, ERROR_CHART_MEAN, ERROR_CHART_SQUARED_LIMIT, LISTS_LOWS, LISTS_NUMBERS,
  LISTS_PART_COUNT, LISTS_PARTS, LISTS_SCALES, LISTS_STARTS, RANKS_GAP_SCORES, RANKS_PS, RANKS_TIED_SCORES, RANKS_VALUES, REPEAT_BUCKETS, REPEAT_WAYS,
  REPEATS_FOUND, REPEATS_SEEN, REPEATS_SHARE, TOTAL_ROWS, TOTAL_SCORES,
} from './fields';
export * from './fields';

// Sizes and addresses, which ../wasm-row-counter.ts sets by these names before the first row.
export let features: usize = 0, outputs: usize = 0, channels: usize = 0;
// The ring of recent rows: `[capacity, features]`, `[capacity, outputs]` and `[capacity]` float32.
export let rows: usize = 0, predictions: usize = 0, errors: usize = 0;
// Copies from RowReader, which are only read. `distanceRanks` is 0 if the baseline has no conditional channels.
export let limits: usize = 0, columnMeans: usize = 0, columnDeviations: usize = 0, edges: usize = 0;
export let grids: usize = 0, gridScores: usize = 0, errorRanks: usize = 0, distanceRanks: usize = 0, mean: usize = 0;
// The precision matrix column by column, `[features, stride]`, and its diagonal, `[stride]`.
export let precision: usize = 0, diagonal: usize = 0, stride: usize = 0;
// The latest row, float64: `[channels]`, and one more if the number of features is odd; `[features]` and `[stride]`.
export let values: usize = 0, scores: usize = 0, whitened: usize = 0;
// `[rows at hand + 1]` bytes: 1 for each row with a value missing or outside its limits, and last 1 if there is such a row.
export let guarded: usize = 0, guardedEnd: usize = 0;
// Each channel's first bin and number of bins.
export let offsets: usize = 0, binCounts: usize = 0;
// Arrays of RowCounts.
export let counts: usize = 0, places: usize = 0, sums: usize = 0, totals: usize = 0;
// Arrays of Counters, and the bounds of its buckets.
export let pBounds: usize = 0, pValues: usize = 0, pSum: usize = 0;
// Arrays of HistogramCharts.
export let inverseShares: usize = 0, weights: usize = 0, scales: usize = 0, squares: usize = 0;
// Arrays of Charts.
export let chartLimits: usize = 0, errorChart: usize = 0;
// Arrays of Repeats, and its distance.
export let repeatSlots: usize = 0, repeatTally: usize = 0, repeatDistance: usize = 0;

/** As in row-reader.ts and histogram-chart.ts. */
const MISSING: usize = 3;
const MIN_SCALE: f64 = 1e-100;

/**
 * Counts up to `count` rows of the ring, from position `first` on, except for repeats, and stops after a row with which a chart
 * is beyond its limit. Returns the number of rows read, negative if a chart is beyond its limit.
 */
export function countRows(first: i32, count: i32): i32 {
  store<u8>(guarded + guardedEnd, 0);
  for (let r = 0; r < count; r++) {
    if (repeatDistance && isRepeat(first + r)) {
      store<u8>(guarded + r, 0);
      continue;
    }
    const outside = readColumns(first + r);
    store<u8>(guarded + r, <u8>outside);
    if (outside) store<u8>(guarded + guardedEnd, 1);
    const error = at(values, features + outputs);
    const rank = countBelow(field(errorRanks, RANKS_VALUES), 0, error);
    const score = scoreOf(errorRanks, rank, error);
    let p = at(field(errorRanks, RANKS_PS), rank);
    if (distanceRanks) p = min<f64>(1, 2 * min<f64>(p, readConditionals()));
    add(totals, TOTAL_ROWS, 1);
    add(totals, TOTAL_SCORES, score);
    countP(p);
    const beyond = countBins() | moveLevel(score);
    if (beyond) return -(r + 1);
  }
  return count;
}

/** Returns whether one of the rows just before is the same, by a hash of the bits of its features. */
// @ts-ignore: decorator
@inline
function isRepeat(r: usize): bool {
  const row = rows + ((r * features) << 2);
  // Two hashes of every other value, which do not wait for each other.
  let even: u32 = 0, odd: u32 = 0;
  for (let j: usize = 0; j < features; j += 2) {
    even = mix(even ^ load<u32>(row + (j << 2)));
    if (j + 1 < features) odd = mix(odd ^ load<u32>(row + (j << 2), 4));
  }
  const hash = mix(even ^ rotl<u32>(odd, 16));
  const seen = at(repeatTally, REPEATS_SEEN) + 1;
  put(repeatTally, REPEATS_SEEN, seen);
  const number = <u32>(<i64>seen);
  // The slot of the same row, or the oldest of its bucket: rows that share a bucket must not drive each other out.
  const bucket = repeatSlots + (<usize>(hash & (REPEAT_BUCKETS - 1)) * (REPEAT_WAYS << 3));
  let slot = bucket, greatest: u32 = 0, repeated = false;
  for (let way: usize = 0; way < <usize>REPEAT_WAYS; way++) {
    const place = bucket + (way << 3);
    const before = load<u32>(place + 4), age = number - before;
    if (load<u32>(place) == hash && before != 0) {
      slot = place;
      repeated = age <= <u32>repeatDistance;
      break;
    }
    // An empty slot has the number 0, and is the oldest.
    if (age > greatest) {
      slot = place;
      greatest = age;
    }
  }
  store<u32>(slot, hash);
  store<u32>(slot + 4, number);
  const share = at(repeatTally, REPEATS_SHARE);
  put(repeatTally, REPEATS_SHARE, share + at(errorChart, ERROR_CHART_LAMBDA) * (<f64>repeated - share));
  if (repeated) add(repeatTally, REPEATS_FOUND, 1);
  return repeated;
}

// @ts-ignore: decorator
@inline
function mix(hash: u32): u32 {
  const product = hash * 0x9e3779b1;
  return product ^ (product >>> 15);
}

/**
 * Reads the row's values, and counts where its features lie and the sums of its deviations. Returns whether a value is missing
 * or outside its limits.
 */
// @ts-ignore: decorator
@inline
function readColumns(r: usize): bool {
  const d = features, o = outputs, into = values, bounds = limits, placed = places;
  const row = rows + ((r * d) << 2), prediction = predictions + ((r * o) << 2);
  const means = columnMeans, deviations = columnDeviations, deviationSums = sums;
  let outside: usize = 0;
  for (let j: usize = 0; j < d; j++) {
    const value = <f64>load<f32>(row + (j << 2));
    put(into, j, value);
    const below = <usize>(value < at(bounds, 2 * j)), above = <usize>(value > at(bounds, 2 * j + 1));
    const place = value == value ? below | (above << 1) : MISSING;
    increment(placed, 4 * j + place);
    outside |= place;
    if (place != MISSING) add(deviationSums, j, (value - at(means, j)) / at(deviations, j));
  }
  for (let j = d; j < d + o; j++) {
    const value = <f64>load<f32>(prediction + ((j - d) << 2));
    put(into, j, value);
    outside |= <usize>(value < at(bounds, 2 * j)) | <usize>(value > at(bounds, 2 * j + 1));
    if (value == value) add(deviationSums, j, (value - at(means, j)) / at(deviations, j));
  }
  put(into, d + o, <f64>load<f32>(errors + (r << 2)));
  return outside != 0;
}

/** Computes the conditional residuals. Returns the p-value of the distance. */
// @ts-ignore: decorator
@inline
function readConditionals(): f64 {
  const d = features, step = stride << 3, deviations = scores, own = values, means = mean;
  const residuals = own + ((d + outputs + 1) << 3), products = whitened, divisors = diagonal;
  scoreFeatures(d, own, means, deviations);
  // Two rows of the matrix at a time. Each is summed in the order of its columns.
  for (let i: usize = 0; i < d; i += 2) {
    let sum = f64x2.splat(0);
    for (let j: usize = 0, from = precision + (i << 3); j < d; j++, from += step) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(from), v128.load64_splat(deviations + (j << 3))));
    }
    v128.store(products + (i << 3), sum);
    v128.store(residuals + (i << 3), f64x2.div(sum, v128.load(divisors + (i << 3))));
  }
  let distance: f64 = 0;
  for (let j: usize = 0; j < d; j++) {
    distance += at(products, j) * at(deviations, j);
    const value = at(own, j);
    if (value != value) put(residuals, j, value);
  }
  return at(field(distanceRanks, RANKS_PS), countBelow(field(distanceRanks, RANKS_VALUES), 0, distance));
}

/** Counts each channel's bin and moves its chart. Returns whether a chart that the row moved is beyond its limit. */
// @ts-ignore: decorator
@inline
function countBins(): bool {
  const lambda = at(errorChart, ERROR_CHART_LAMBDA), decay = 1 - lambda;
  const own = values, lists = edges, firsts = offsets, counted = counts, inverses = inverseShares, bounds = chartLimits;
  const numbers = field(lists, LISTS_NUMBERS), starts = field(lists, LISTS_STARTS), lows = field(lists, LISTS_LOWS);
  const scalesOfLists = field(lists, LISTS_SCALES), parts = field(lists, LISTS_PARTS), partCount = field(lists, LISTS_PART_COUNT);
  const chartWeights = weights, chartScales = scales, sums = squares;
  // Channels without missing values have the same scale: one division for all of them.
  let latestScale: f64 = 0, step: f64 = 0;
  let beyond = false;
  for (let c: usize = 0, count = channels; c < count; c++) {
    const value = at(own, c);
    if (value != value) continue;
    const place = index(firsts, c) + countIn(numbers, starts, lows, scalesOfLists, parts, partCount, c, value);
    increment(counted, place);
    const scale = at(chartScales, c), weight = at(chartWeights, place);
    const square =
      decay * decay * at(sums, c) + lambda * at(inverses, place) * (2 * decay * (weight * scale) + lambda);
    put(sums, c, square);
    put(chartScales, c, scale * decay);
    if (scale != latestScale) {
      latestScale = scale;
      step = lambda / (scale * decay);
    }
    put(chartWeights, place, weight + step);
    beyond = beyond | (square - 1 > at(bounds, c));
    if (scale < MIN_SCALE) renormalise(c);
  }
  return beyond;
}

function renormalise(c: usize): void {
  const scale = at(scales, c), first = index(offsets, c), end = first + index(binCounts, c);
  for (let k = first; k < end; k++) put(weights, k, at(weights, k) * scale);
  put(scales, c, 1);
}

/** Moves the error's chart. Returns whether it is beyond its limit. */
// @ts-ignore: decorator
@inline
function moveLevel(score: f64): bool {
  const before = at(errorChart, ERROR_CHART_LEVEL);
  const level = before + at(errorChart, ERROR_CHART_LAMBDA) * (score - before);
  put(errorChart, ERROR_CHART_LEVEL, level);
  const distance = level - at(errorChart, ERROR_CHART_MEAN);
  return distance * distance > at(errorChart, ERROR_CHART_SQUARED_LIMIT);
}

// @ts-ignore: decorator
@inline
function countP(p: f64): void {
  add(pValues, countBelow(pBounds, 0, p), 1);
  add(pSum, 0, p);
}

/** The normal score of `value`, which has the rank `rank`. */
// @ts-ignore: decorator
@inline
function scoreOf(ranks: usize, rank: usize, value: f64): f64 {
  const tied = at(field(field(ranks, RANKS_VALUES), LISTS_NUMBERS), rank) == value;
  return at(field(ranks, tied ? RANKS_TIED_SCORES : RANKS_GAP_SCORES), rank);
}

/** Stores `gridScore` of normal-scores.ts, less the mean, for each feature. */
// @ts-ignore: decorator
@inline
function scoreFeatures(d: usize, own: usize, means: usize, deviations: usize): void {
  const lists = grids, gridValues = gridScores;
  const numbers = field(lists, LISTS_NUMBERS), starts = field(lists, LISTS_STARTS), lows = field(lists, LISTS_LOWS);
  const scalesOfLists = field(lists, LISTS_SCALES), parts = field(lists, LISTS_PARTS), partCount = field(lists, LISTS_PART_COUNT);
  for (let j: usize = 0; j < d; j++) {
    const value = at(own, j);
    let score: f64 = 0;
    if (value == value) {
      const first = index(starts, j);
      const next = first + countIn(numbers, starts, lows, scalesOfLists, parts, partCount, j, value);
      if (next == index(starts, j + 1)) score = at(gridValues, next - 1);
      else {
        const number = at(numbers, next);
        if (next == first || number == value) score = at(gridValues, next);
        else {
          const low = at(numbers, next - 1), lowScore = at(gridValues, next - 1);
          score = lowScore + ((value - low) / (number - low)) * (at(gridValues, next) - lowScore);
        }
      }
    }
    put(deviations, j, score - at(means, j));
  }
}

/** `countBelow` of OrderedLists. */
// @ts-ignore: decorator
@inline
function countBelow(lists: usize, list: usize, value: f64): usize {
  return countIn(
    field(lists, LISTS_NUMBERS), field(lists, LISTS_STARTS), field(lists, LISTS_LOWS), field(lists, LISTS_SCALES),
    field(lists, LISTS_PARTS), field(lists, LISTS_PART_COUNT), list, value,
  );
}

/** The same with the addresses of a record: in a loop that stores, they would be loaded again for each list. */
// @ts-ignore: decorator
@inline
function countIn(
  numbers: usize, starts: usize, lows: usize, scales: usize, parts: usize, count: usize, list: usize, value: f64,
): usize {
  const where = (value - at(lows, list)) * at(scales, list);
  const part: usize = where > 0 ? (where < <f64>(count - 1) ? <usize>where : count - 1) : 0;
  const place = list * (count + 1) + part;
  let low = index(parts, place), left = index(parts, place + 1) - low;
  while (left > 1) {
    const half = left >> 1;
    low += half & -<usize>(at(numbers, low + half - 1) < value);
    left -= half;
  }
  return low + (left & <usize>(at(numbers, low) < value)) - index(starts, list);
}

/** An address of a record. */
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
