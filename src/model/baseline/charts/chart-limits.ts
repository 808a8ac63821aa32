import { type Static, Type } from 'typebox';
import { chiSquareDeviate } from '../../../base/statistics/chi-square.js';
import { createRandom, type Random } from '../../../base/statistics/random.js';
import { NO_BIN } from '../sketches/bins.js';
import { effectiveRows, HistogramCharts } from './histogram-chart.js';

/** How often a chart's statistic exceeds a level by chance: once in `rows` rows, and e times less often per `scale` above it. */
export const ChartTail = Type.Object({
  level: Type.Number(),
  rows: Type.Number({ exclusiveMinimum: 0 }),
  scale: Type.Number({ exclusiveMinimum: 0 }),
});
export type ChartTail = Static<typeof ChartTail>;

export const Charts = Type.Object({
  lambda: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'weight of the newest row' }),
  histogram: ChartTail,
  error: ChartTail,
});
export type Charts = Static<typeof Charts>;

/** The weight of the newest row, unless the baseline is too small. */
const LAMBDA = 0.01;
/** With 1, which 20 rows would give, the weights of all other rows would be 0, and their scale with them. */
const MAX_LAMBDA = 0.99;
/** Minimum rows of the baseline per effective row of a chart: with fewer, the baseline's own error dominates the chart. */
const BASELINE_ROWS_PER_EFFECTIVE_ROW = 20;

/** Number of baselines that are drawn. */
const BASELINES = 100;
/** Streams that are simulated against each baseline. */
const STREAMS_PER_BASELINE = 3;
/** Rows of each stream that are counted, after `RUN_IN_ROWS` that are not. */
const STREAM_ROWS = 2_000;
const RUN_IN_ROWS = 250;
/** With more channels, fewer baselines are drawn, down to a third: a wide model should not have to wait for its charts. */
const CHANNELS_IN_FULL = 100;
/** Share of the streams, those with the highest peaks, to which the tail is fitted. */
const TAIL_SHARE = 0.2;

/** The level that a statistic exceeds by chance once in `rows` rows on average. */
export function chartLimit(tail: ChartTail, rows: number): number {
  return tail.level + tail.scale * Math.log(rows / tail.rows);
}

/** The standard deviation of an exponentially weighted mean of scores less the mean of `rows` baseline scores. */
export function scoreChartDeviation(variance: number, lambda: number, rows: number): number {
  return Math.sqrt(variance * (1 / effectiveRows(lambda) + 1 / rows));
}

/** The normal deviate of a channel's X²; 0 for a channel with one bin. */
export function histogramDeviate(statistic: number, bins: number, lambda: number, rows: number): number {
  if (bins < 2) return 0;
  return chiSquareDeviate(statistic / (1 / effectiveRows(lambda) + 1 / rows), bins - 1);
}

/** Held-out rows in the form that the charts use. */
export interface ChartRows {
  /** `[rows, channels]`: each row's bin per channel, or `NO_BIN`. */
  readonly bins: Uint8Array;
  /** Bins per channel. */
  readonly binCounts: readonly number[];
  /** `[channels]` */
  readonly hasLevels: readonly boolean[];
  /** `[rows]`: normal scores of the errors. */
  readonly scores: Float64Array;
}

/**
 * Calibrates the charts by double bootstrap: each stream of rows is drawn from the held-out rows, and compared with a baseline that is
 * also drawn from them. Resampling only the streams would treat the baseline as exact, and give several times too many alarms.
 * Rows are drawn whole, so that the channels stay correlated.
 */
export function calibrateCharts(held: ChartRows, seed: number): Charts {
  const { hasLevels } = held;
  const rows = held.scores.length;
  const random = createRandom(seed);
  const lambda = Math.max(LAMBDA, Math.min(MAX_LAMBDA, 2 / (rows / BASELINE_ROWS_PER_EFFECTIVE_ROW + 1)));
  const histogramPeaks: number[] = [];
  const errorPeaks: number[] = [];
  const baselines = Math.round(BASELINES * Math.max(1 / 3, Math.min(1, CHANNELS_IN_FULL / held.binCounts.length)));
  for (let b = 0; b < baselines; b++) {
    const { counts, mean, variance } = drawBaseline(held, random);
    const charts = new HistogramCharts(counts, lambda, hasLevels);
    const deviation = scoreChartDeviation(variance, lambda, rows);
    for (let s = 0; s < STREAMS_PER_BASELINE; s++) {
      charts.reset();
      const { highest, furthest } = simulateStream(held, random, charts, mean);
      histogramPeaks.push(
        highest.reduce((peak, x, c) => Math.max(peak, histogramDeviate(x, counts[c]!.length, lambda, rows)), 0),
      );
      errorPeaks.push(deviation > 0 ? furthest / deviation : 0);
    }
  }
  return { lambda, histogram: fitTail(histogramPeaks), error: fitTail(errorPeaks) };
}

function drawBaseline({ bins, binCounts, scores }: ChartRows, random: Random) {
  const rows = scores.length;
  const channels = binCounts.length;
  const stride = Math.max(...binCounts);
  const counts = new Int32Array(channels * stride);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    const row = random.below(rows);
    for (let c = 0, at = row * channels; c < channels; c++, at++) {
      const bin = bins[at]!;
      if (bin !== NO_BIN) counts[c * stride + bin]!++;
    }
    sum += scores[row]!;
    squares += scores[row]! ** 2;
  }
  const mean = sum / rows;
  return {
    counts: binCounts.map((count, c) => Array.from(counts.subarray(c * stride, c * stride + count))),
    mean,
    variance: Math.max(0, squares / rows - mean * mean),
  };
}

/** Returns a stream's highest X² per channel, and the greatest distance of its weighted mean error score from `mean`. */
function simulateStream({ bins, binCounts, scores }: ChartRows, random: Random, charts: HistogramCharts, mean: number) {
  const rows = scores.length;
  const channels = binCounts.length;
  const { lambda } = charts;
  const highest = new Float64Array(channels);
  let furthest = 0;
  let level = mean;
  for (let i = -RUN_IN_ROWS; i < STREAM_ROWS; i++) {
    const row = random.below(rows);
    if (charts.update(bins, row * channels, highest) && i >= 0) {
      for (let c = 0; c < channels; c++) highest[c] = Math.max(highest[c]!, charts.statistic(c));
    }
    level += lambda * (scores[row]! - level);
    if (i >= 0) furthest = Math.max(furthest, Math.abs(level - mean));
  }
  return { highest, furthest };
}

/**
 * Fits an exponential tail to the highest of the streams' peaks (peaks over a threshold). A stream stays below the
 * threshold with probability `exp(-STREAM_ROWS / rows between exceedances)`.
 */
function fitTail(peaks: readonly number[]): ChartTail {
  const sorted = Float64Array.from(peaks).sort();
  const count = Math.round(peaks.length * TAIL_SHARE);
  const level = sorted[peaks.length - count - 1]!;
  let excess = 0;
  for (const peak of sorted.subarray(peaks.length - count)) excess += peak - level;
  return {
    level,
    rows: -STREAM_ROWS / Math.log(1 - TAIL_SHARE),
    // All peaks are equal if all channels are constant: any positive scale puts the limit above them.
    scale: excess > 0 ? excess / count : 1,
  };
}
