import { type Static, Type } from 'typebox';
import type { ArrayMemory } from '../../base/node/array-memory.js';
import { chiSquareAtDeviate } from '../../base/statistics/chi-square.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { chartLimit, histogramDeviate, scoreChartDeviation } from '../../model/baseline/charts/chart-limits.js';
import { effectiveRows, HistogramCharts } from '../../model/baseline/charts/histogram-chart.js';
import type { Channel } from '../rows/channels.js';
import {
  ERROR_CHART_LAMBDA,
  ERROR_CHART_LEVEL,
  ERROR_CHART_MEAN,
  ERROR_CHART_SQUARED_LIMIT,
  TOTAL_ROWS,
  TOTAL_SCORES,
} from './assembly/fields.js';
import { RowCounts } from './row-counts.js';

/** Charts on disk. */
export const ChartsState = Type.Object({ shares: Type.Array(Type.Number()), level: Type.Number() });
type ChartsState = Static<typeof ChartsState>;

/**
 * The charts that watch between windows: a weighted histogram per channel, and a weighted mean of the error's score. The
 * histograms, their limits, and the error's chart are on the JavaScript heap unless `moveInto` has moved them into the memory
 * of a WebAssembly instance, which then updates them with every row.
 */
export class Charts {
  /** The normal deviate above which a channel's histogram is beyond its limit. */
  readonly histogramLimit: number;
  /** The distance of the error's mean score from the baseline's, in standard deviations, above which it is beyond its limit. */
  readonly errorLimit: number;
  readonly histograms: HistogramCharts;
  private readonly channels: readonly Channel[];
  private readonly baseline: Baseline;
  private readonly errorChannel: number;
  private readonly deviation: number;
  private designEffects: Float64Array;
  /** `[channels]`: the X² at the limit. */
  limits: Float64Array;
  /** The chart of the error's score: `ERROR_CHART_LEVEL`, `ERROR_CHART_MEAN`, and so on. */
  errorChart = new Float64Array(4);

  /** `rowsBetweenAlarms`: for each of the two charts. */
  constructor(baseline: Baseline, channels: readonly Channel[], rowsBetweenAlarms: number) {
    const { lambda, histogram, error } = baseline.charts;
    this.baseline = baseline;
    this.channels = channels;
    this.histograms = new HistogramCharts(
      channels.map(({ bins }) => bins.counts),
      lambda,
      channels.map(({ levels }) => levels !== undefined),
    );
    this.histogramLimit = chartLimit(histogram, rowsBetweenAlarms);
    this.errorLimit = chartLimit(error, rowsBetweenAlarms);
    this.errorChannel = channels.findIndex(({ kind }) => kind === 'error');
    this.deviation = scoreChartDeviation(baseline.error.score_variance, lambda, baseline.rows);
    this.limits = new Float64Array(channels.length);
    this.errorChart[ERROR_CHART_LEVEL] = baseline.error.mean_score;
    this.errorChart[ERROR_CHART_MEAN] = baseline.error.mean_score;
    this.errorChart[ERROR_CHART_LAMBDA] = lambda;
    this.designEffects = new Float64Array(channels.length).fill(1);
    this.allowFor(this.designEffects);
  }

  /** Moves the histograms, their limits, and the error's chart into `memory`. */
  moveInto(memory: ArrayMemory): void {
    this.limits = memory.place(this.limits);
    this.errorChart = memory.place(this.errorChart);
    this.histograms.moveInto(memory);
  }

  /** Widens the limits for rows that resemble their neighbours. `designEffects` `[channels]`, each at least 1, or infinite: never beyond. */
  allowFor(designEffects: Float64Array): void {
    this.designEffects = designEffects;
    const { limits, errorChart } = this;
    errorChart[ERROR_CHART_SQUARED_LIMIT] = (this.errorLimit * this.deviation) ** 2 * designEffects[this.errorChannel]!;
    const { rows, charts } = this.baseline;
    const unit = 1 / effectiveRows(charts.lambda) + 1 / rows;
    this.channels.forEach((channel, c) => {
      const degrees = chartedBins(channel) - 1;
      limits[c] =
        degrees > 0
          ? chiSquareAtDeviate(this.histogramLimit, degrees) * unit * designEffects[c]!
          : Number.POSITIVE_INFINITY;
    });
  }

  /** Returns whether the channel is beyond the given share of its limit. */
  isBeyond(channel: number, share = 1): boolean {
    if (channel === this.errorChannel && Math.abs(this.errorDeviate()) > share * this.errorLimit) return true;
    // During a drift every row is compared with the whole limit, which is at hand as an X².
    if (share === 1) return this.histograms.statistic(channel) > this.limits[channel]!;
    return this.deviate(channel) > share * this.histogramLimit;
  }

  /** Returns whether the channel would be beyond the given share of its limit with this design effect. */
  isBeyondWith(designEffect: number, channel: number, share: number): boolean {
    const { rows, charts } = this.baseline;
    if (channel === this.errorChannel && Math.abs(this.errorDeviateWith(designEffect)) > share * this.errorLimit)
      return true;
    const bins = chartedBins(this.channels[channel]!);
    const statistic = this.histograms.statistic(channel) / designEffect;
    return histogramDeviate(statistic, bins, charts.lambda, rows) > share * this.histogramLimit;
  }

  /** The channel's histogram as a normal deviate, to be compared with `histogramLimit`. */
  deviate(channel: number): number {
    const { rows, charts } = this.baseline;
    const statistic = this.histograms.statistic(channel) / this.designEffects[channel]!;
    return histogramDeviate(statistic, chartedBins(this.channels[channel]!), charts.lambda, rows);
  }

  /** The distance of the error's weighted mean score from the baseline's, in standard deviations. */
  errorDeviate(): number {
    return this.errorDeviateWith(this.designEffects[this.errorChannel]!);
  }

  private errorDeviateWith(designEffect: number): number {
    if (this.deviation === 0) return 0;
    const { errorChart } = this;
    return (
      (errorChart[ERROR_CHART_LEVEL]! - errorChart[ERROR_CHART_MEAN]!) / (this.deviation * Math.sqrt(designEffect))
    );
  }

  /** The rows that the charts are worth, counted by bin: an approximation without ranges, missing values, and means. */
  tally(): RowCounts {
    const tally = new RowCounts(this.channels);
    const rows = Math.round(effectiveRows(this.baseline.charts.lambda));
    this.histograms.state().forEach((share, at) => {
      tally.counts[at] = Math.round(rows * share);
    });
    tally.totals[TOTAL_ROWS] = rows;
    tally.totals[TOTAL_SCORES] = rows * this.errorChart[ERROR_CHART_LEVEL]!;
    return tally;
  }

  reset(): void {
    const { errorChart } = this;
    this.histograms.reset();
    errorChart[ERROR_CHART_LEVEL] = errorChart[ERROR_CHART_MEAN]!;
  }

  state(): ChartsState {
    return { shares: this.histograms.state(), level: this.errorChart[ERROR_CHART_LEVEL]! };
  }

  /** Restores charts of the same baseline. */
  restore({ shares, level }: ChartsState): void {
    this.histograms.restore(shares);
    this.errorChart[ERROR_CHART_LEVEL] = level;
  }
}

/** The bins of a channel's chart. A cycle has none: 200 rows of one hour are no drift. */
function chartedBins({ bins, isCycle }: Channel): number {
  return isCycle ? 1 : bins.counts.length;
}
