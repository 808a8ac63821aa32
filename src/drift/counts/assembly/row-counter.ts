// What PlainRowCounter of ../row-watch.ts does to each row, to the same bits: the same operations in the same order. This folder
// is AssemblyScript: it is compiled by asc, not by tsc. The classes are laid out by ../wasm-watch.ts, field by field.

/** Ascending lists to look values up in: those of OrderedLists. */
@unmanaged
class Lists {
  numbers: usize;
  starts: usize;
  lows: usize;
  scales: usize;
  parts: usize;
}

/** An ordered sample, and what each of its ranks means: those of RankTable. */
@unmanaged
class Ranks {
  values: Lists;
  ps: usize;
  tiedScores: usize;
  gapScores: usize;
}

@unmanaged
class Watch {
  features: usize;
  outputs: usize;
  channels: usize;
  /** 0 if the baseline does not know how features depend on each other. */
  conditional: usize;
  /** Of the rows at hand: `[count, features]` and `[count, outputs]` float32, `[count]`. */
  rows: usize;
  predictions: usize;
  errors: usize;
  /** Of the baseline: see RowReader. */
  limits: usize;
  columnMeans: usize;
  columnDeviations: usize;
  edges: Lists;
  grids: Lists;
  gridScores: usize;
  errorRanks: Ranks;
  distanceRanks: Ranks;
  mean: usize;
  /** `[features, stride]`, column by column, and its diagonal. */
  precision: usize;
  diagonal: usize;
  stride: usize;
  /** Of the latest row: `[channels]` float64; `[channels]` bytes; `[features]`, `[stride]` float64. */
  values: usize;
  bins: usize;
  scores: usize;
  whitened: usize;
  /** Of the tally: see RowCounts. */
  offsets: usize;
  binCounts: usize;
  counts: usize;
  places: usize;
  sums: usize;
  /** Of the counters. */
  pBounds: usize;
  pCounts: usize;
  /** Of the charts: see HistogramCharts. */
  inverseShares: usize;
  weights: usize;
  weightScales: usize;
  squares: usize;
  chartLimits: usize;
  cells: Cells;
}

/** Numbers that go in and come out at each call. */
@unmanaged
class Cells {
  scoreSum: f64;
  pSum: f64;
  level: f64;
  /** 1 if a chart is beyond its limit, else 0. */
  beyond: f64;
  lambda: f64;
  meanScore: f64;
  /** Square of the distance from it that the level may have. */
  errorLimit: f64;
}

/** As in ordered-lists.ts, row-reader.ts, bins.ts and histogram-chart.ts. */
const PARTS: usize = 256;
const MISSING: usize = 3;
const NO_BIN: u8 = 255;
const MIN_SCALE: f64 = 1e-100;

/** Takes `count` rows, or those up to one with which a chart is beyond its limit. Returns how many it took. */
export function watch(w: Watch, count: usize): usize {
  const cells = w.cells;
  cells.beyond = 0;
  for (let r: usize = 0; r < count; r++) {
    readColumns(w, r);
    const values = w.values, error = at(values, w.features + w.outputs);
    const rank = countBelow(w.errorRanks.values, 0, error);
    const score = scoreOf(w.errorRanks, rank, error);
    let p = at(w.errorRanks.ps, rank);
    if (w.conditional) p = min<f64>(1, 2 * min<f64>(p, readConditionals(w)));
    cells.scoreSum += score;
    countP(w, p);
    const alarm = countBins(w) | moveLevel(cells, score);
    if (alarm) {
      cells.beyond = 1;
      return r + 1;
    }
  }
  return count;
}

/** The row's numbers, where features lie, and the sums of deviations. */
// @ts-ignore: decorator
@inline
function readColumns(w: Watch, r: usize): void {
  const d = w.features, o = w.outputs, values = w.values, limits = w.limits, places = w.places;
  const rows = w.rows + ((r * d) << 2), predictions = w.predictions + ((r * o) << 2);
  for (let j: usize = 0; j < d; j++) {
    const value = <f64>load<f32>(rows + (j << 2));
    put(values, j, value);
    const below = <usize>(value < at(limits, 2 * j)), above = <usize>(value > at(limits, 2 * j + 1));
    increment(places, 4 * j + (value == value ? below | (above << 1) : MISSING));
  }
  for (let j: usize = 0; j < o; j++) put(values, d + j, <f64>load<f32>(predictions + (j << 2)));
  put(values, d + o, <f64>load<f32>(w.errors + (r << 2)));
  const sums = w.sums, means = w.columnMeans, deviations = w.columnDeviations;
  for (let j: usize = 0; j < d + o; j++) {
    const value = at(values, j);
    if (value == value) put(sums, j, at(sums, j) + (value - at(means, j)) / at(deviations, j));
  }
}

/** The conditional residuals. Returns the p-value of the distance. */
// @ts-ignore: decorator
@inline
function readConditionals(w: Watch): f64 {
  const d = w.features, values = w.values, scores = w.scores, whitened = w.whitened;
  for (let j: usize = 0; j < d; j++) put(scores, j, gridScore(w, j, at(values, j)) - at(w.mean, j));
  // Two rows of the matrix at a time, each summed in its order.
  for (let i: usize = 0; i < d; i += 2) {
    let sum = f64x2.splat(0);
    for (let j: usize = 0, from = w.precision + (i << 3); j < d; j++, from += w.stride << 3) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(from), v128.load64_splat(scores + (j << 3))));
    }
    v128.store(whitened + (i << 3), sum);
  }
  let distance: f64 = 0;
  const first = d + w.outputs + 1;
  for (let j: usize = 0; j < d; j++) {
    const residual = at(whitened, j);
    distance += residual * at(scores, j);
    const value = at(values, j);
    put(values, first + j, value == value ? residual / at(w.diagonal, j) : value);
  }
  return at(w.distanceRanks.ps, countBelow(w.distanceRanks.values, 0, distance));
}

/** The bin of each channel, into tally and charts. Returns whether a chart that was hit is beyond its limit. */
// @ts-ignore: decorator
@inline
function countBins(w: Watch): bool {
  const lambda = w.cells.lambda, kept = 1 - lambda, edges = w.edges, channels = w.channels;
  const values = w.values, bins = w.bins, offsets = w.offsets, counts = w.counts, inverseShares = w.inverseShares;
  const scales = w.weightScales, weights = w.weights, squares = w.squares, limits = w.chartLimits;
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
      kept * kept * at(squares, c) + lambda * at(inverseShares, place) * (2 * kept * (weight * scale) + lambda);
    put(squares, c, square);
    put(scales, c, scale * kept);
    put(weights, place, weight + lambda / (scale * kept));
    beyond = beyond | (square - 1 > at(limits, c));
    if (scale < MIN_SCALE) renormalise(w, c);
  }
  return beyond;
}

function renormalise(w: Watch, c: usize): void {
  const first = index(w.offsets, c), scale = at(w.weightScales, c);
  for (let k = first; k < first + index(w.binCounts, c); k++) put(w.weights, k, at(w.weights, k) * scale);
  put(w.weightScales, c, 1);
}

// @ts-ignore: decorator
@inline
function moveLevel(cells: Cells, score: f64): bool {
  cells.level += cells.lambda * (score - cells.level);
  const off = cells.level - cells.meanScore;
  return off * off > cells.errorLimit;
}

// @ts-ignore: decorator
@inline
function countP(w: Watch, p: f64): void {
  let bucket: usize = 0;
  while (p > at(w.pBounds, bucket)) bucket++;
  put(w.pCounts, bucket, at(w.pCounts, bucket) + 1);
  w.cells.pSum += p;
}

// @ts-ignore: decorator
@inline
function scoreOf(ranks: Ranks, rank: usize, value: f64): f64 {
  return at(ranks.values.numbers, rank) == value ? at(ranks.tiedScores, rank) : at(ranks.gapScores, rank);
}

/** `writeScore` of normal-scores.ts. */
// @ts-ignore: decorator
@inline
function gridScore(w: Watch, list: usize, value: f64): f64 {
  if (value != value) return 0;
  const numbers = w.grids.numbers, starts = w.grids.starts;
  const first = index(starts, list), next = first + countBelow(w.grids, list, value);
  if (next == index(starts, list + 1)) return at(w.gridScores, next - 1);
  const number = at(numbers, next);
  if (next == first || number == value) return at(w.gridScores, next);
  const low = at(numbers, next - 1), lowScore = at(w.gridScores, next - 1);
  return lowScore + ((value - low) / (number - low)) * (at(w.gridScores, next) - lowScore);
}

/** `countBelow` of OrderedLists. */
// @ts-ignore: decorator
@inline
function countBelow(lists: Lists, list: usize, value: f64): usize {
  const where = (value - at(lists.lows, list)) * at(lists.scales, list);
  const part: usize = where > 0 ? (where < <f64>(PARTS - 1) ? <usize>where : PARTS - 1) : 0;
  const place = list * (PARTS + 1) + part, numbers = lists.numbers;
  let low = index(lists.parts, place), left = index(lists.parts, place + 1) - low;
  while (left > 1) {
    const half = left >> 1;
    low += half & -<usize>(at(numbers, low + half - 1) < value);
    left -= half;
  }
  return low + (left & <usize>(at(numbers, low) < value)) - index(lists.starts, list);
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
function index(array: usize, i: usize): usize {
  return <usize>load<u32>(array + (i << 2));
}

// @ts-ignore: decorator
@inline
function increment(array: usize, i: usize): void {
  store<u32>(array + (i << 2), load<u32>(array + (i << 2)) + 1);
}

/** Where constants end and the memory for everything else begins, in bytes. */
export function heapStart(): usize {
  return __heap_base;
}
