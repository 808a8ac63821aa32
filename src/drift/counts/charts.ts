import type { Baseline } from '../../model/baseline/baseline.js';
import { chartLimit, histogramDeviate, scoreChartDeviation } from '../../model/baseline/chart-limits.js';
import { chiSquareAtDeviate, effectiveRows, HistogramCharts } from '../../model/baseline/histogram-chart.js';
import type { Channel } from '../rows/channels.js';
import type { RowReader } from '../rows/row-reader.js';

/** What is left of the charts on disk. */
export interface ChartsState {
  readonly shares: number[];
  readonly level: number;
}

/** The baseline's charts between windows: a weighted histogram per channel, and a weighted mean of the error's score. */
export class Charts {
  /** The normal deviate that a channel's histogram may reach, and the standard deviations that the error's mean may be off. */
  readonly histogramLimit: number;
  readonly errorLimit: number;
  readonly histograms: HistogramCharts;
  private readonly channels: readonly Channel[];
  private readonly baseline: Baseline;
  private readonly errorChannel: number;
  /** `[channels]`: the X² at the limit. */
  limits: Float64Array;
  private readonly deviation: number;
  /** The baseline's mean score of the error, and the square of the distance from it that the level may have. */
  readonly meanScore: number;
  squaredErrorLimit = 0;
  private designEffects: Float64Array;
  // Not left undefined until the constructor sets it: V8 would then put a new number on the heap at every row.
  level = 0;

  /** `rowsBetweenAlarms`: for each of the two charts. */
  constructor(baseline: Baseline, channels: readonly Channel[], rowsBetweenAlarms: number) {
    const { lambda, histogram, error } = baseline.charts;
    this.baseline = baseline;
    this.channels = channels;
    this.histograms = new HistogramCharts(
      channels.map(({ bins }) => bins.counts),
      lambda,
    );
    this.histogramLimit = chartLimit(histogram, rowsBetweenAlarms);
    this.errorLimit = chartLimit(error, rowsBetweenAlarms);
    this.errorChannel = channels.findIndex(({ kind }) => kind === 'error');
    this.deviation = scoreChartDeviation(baseline.error.score_variance, lambda, baseline.rows);
    this.meanScore = baseline.error.mean_score;
    this.level = this.meanScore;
    this.limits = new Float64Array(channels.length);
    this.designEffects = new Float64Array(channels.length).fill(1);
    this.allowFor(this.designEffects);
  }

  /** Widens the limits for rows that resemble their neighbours: `[channels]`, each at least 1. */
  allowFor(designEffects: Float64Array): void {
    this.designEffects = designEffects;
    this.squaredErrorLimit = (this.errorLimit * this.deviation) ** 2 * designEffects[this.errorChannel]!;
    const { rows, charts } = this.baseline;
    const unit = 1 / effectiveRows(charts.lambda) + 1 / rows;
    this.channels.forEach(({ bins }, c) => {
      const degrees = bins.counts.length - 1;
      this.limits[c] =
        degrees > 0
          ? chiSquareAtDeviate(this.histogramLimit, degrees) * unit * designEffects[c]!
          : Number.POSITIVE_INFINITY;
    });
  }

  /** Takes the row that `reader` has read. Returns whether any channel is beyond its limit. */
  update(reader: RowReader): boolean {
    const { level } = this;
    const alarm = this.histograms.update(reader.bins, 0, this.limits);
    this.level = level + this.baseline.charts.lambda * (reader.errorScore - level);
    const off = this.level - this.meanScore;
    return alarm || off * off > this.squaredErrorLimit;
  }

  /** Whether the channel is beyond a share of its limit. */
  isBeyond(channel: number, share = 1): boolean {
    if (channel === this.errorChannel && Math.abs(this.errorDeviate()) > share * this.errorLimit) return true;
    // As in `update`: a whole limit, which is asked for at row after row of a drift, is there as an X².
    if (share === 1) return this.histograms.statistic(channel) > this.limits[channel]!;
    return this.deviate(channel) > share * this.histogramLimit;
  }

  /** The channel's histogram as a normal deviate, to be compared with `histogramLimit`. */
  deviate(channel: number): number {
    const { rows, charts } = this.baseline;
    const statistic = this.histograms.statistic(channel) / this.designEffects[channel]!;
    return histogramDeviate(statistic, this.channels[channel]!.bins.counts.length, charts.lambda, rows);
  }

  /** How many standard deviations the error's weighted mean score is off, to be compared with `errorLimit`. */
  errorDeviate(): number {
    if (this.deviation === 0) return 0;
    const unit = this.deviation * Math.sqrt(this.designEffects[this.errorChannel]!);
    return (this.level - this.meanScore) / unit;
  }

  reset(): void {
    this.histograms.reset();
    this.level = this.meanScore;
  }

  state(): ChartsState {
    return { shares: this.histograms.state(), level: this.level };
  }

  /** Takes up a state of charts of the same baseline. */
  restore({ shares, level }: ChartsState): void {
    this.histograms.restore(shares);
    this.level = level;
  }
}
