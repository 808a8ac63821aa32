import type { Baseline } from '../../model/baseline/baseline.js';
import { whiten } from '../../model/baseline/dependence/conditional.js';
import { NO_BIN } from '../../model/baseline/sketches/bins.js';
import { gridScore } from '../../model/baseline/sketches/normal-scores.js';
import { OrderedLists } from '../../model/baseline/sketches/ordered-lists.js';
import type { Channel } from './channels.js';
import { outputRange } from './output-range.js';
import { RankTable } from './rank-table.js';

/** The position of a feature's value relative to the baseline's range. */
export const INSIDE = 0;
export const BELOW = 1;
export const ABOVE = 2;
export const MISSING = 3;

/**
 * Reads the channels of one row at a time into its own buffers. The service reads rows with it to explain them. The row counter in WebAssembly copies its tables of the baseline and reads
 * rows in the same way; the tests hold both to the same bits.
 */
export class RowReader {
  /** `[channels]`: the latest row's bin per channel; `NO_BIN` where a value is missing. */
  readonly bins: Uint8Array;
  /** `[features]`: `INSIDE`, `BELOW` or `ABOVE` the baseline's range, or `MISSING`. */
  readonly places: Uint8Array;
  /** `[features + outputs]`: distance from the baseline's mean in its standard deviations; 0 if missing or constant. */
  readonly deviations: Float64Array;
  /** The normal score of the row's error among those of the held-out rows. */
  errorScore = 0;
  /**
   * The conformal p-value of the error, the share of held-out rows with an error at least as large. If the baseline has
   * conditional channels, it is combined with that of the Mahalanobis distance of the normal scores, as twice the smaller of both, at most 1.
   */
  p = 1;

  /** `[channels]`: the latest row's value per channel; NaN where it is missing. */
  readonly values: Float64Array;
  readonly errors: RankTable;
  readonly distances: RankTable | undefined;
  readonly edges: OrderedLists;
  readonly grids: OrderedLists;
  readonly gridScores: Float64Array;
  /** `[features]`: the latest row's normal scores, 0 where a value is missing; only set if the baseline has conditional channels. */
  readonly scores: Float64Array;
  /** `[features + 1]` */
  private readonly whitened: Float64Array;
  readonly mean: Float64Array;
  readonly precision: Float64Array;
  /** `[features + outputs, 2]`: the range of the held-out rows. */
  readonly limits: Float64Array;
  readonly columnMeans: Float64Array;
  readonly columnDeviations: Float64Array;
  readonly features: number;
  readonly outputs: number;

  constructor(baseline: Baseline, channels: readonly Channel[]) {
    const { features, outputs, conditional } = baseline;
    this.errors = new RankTable(baseline.error.sample);
    this.distances = conditional ? new RankTable(conditional.distances) : undefined;
    this.features = features.length;
    this.outputs = outputs.length;
    this.values = new Float64Array(channels.length);
    this.bins = new Uint8Array(channels.length);
    this.places = new Uint8Array(features.length);
    const columns = [...features, ...outputs];
    this.deviations = new Float64Array(columns.length);
    this.columnMeans = Float64Array.from(columns, ({ mean }) => mean);
    this.columnDeviations = Float64Array.from(columns, ({ deviation }) => deviation || Number.POSITIVE_INFINITY);
    const ranges = [...features, ...outputs.map(outputRange)];
    this.limits = Float64Array.from(ranges.flatMap(({ min, max }) => [min, max]));
    this.edges = new OrderedLists(channels.map(({ bins }) => bins.edges));
    this.grids = new OrderedLists(features.map(({ grid }) => grid.values));
    this.gridScores = Float64Array.from(features.flatMap(({ grid }) => grid.scores));
    this.scores = new Float64Array(features.length);
    this.whitened = new Float64Array(features.length + 1);
    this.mean = Float64Array.from(conditional?.mean ?? []);
    this.precision = Float64Array.from(conditional?.precision ?? []);
  }

  /** Reads row `r` of `rows` `[count, features]`, `outputs` `[count, outputs]` and `errors` `[count]`. */
  read(rows: Float32Array, outputs: Float32Array, errors: Float32Array, r: number): void {
    const { features: d, outputs: width, values } = this;
    for (let j = 0; j < d; j++) values[j] = rows[r * d + j]!;
    for (let j = 0; j < width; j++) values[d + j] = outputs[r * width + j]!;
    values[d + width] = errors[r]!;
    this.readColumns();
    this.errors.find(values[d + width]!);
    this.errorScore = this.errors.score;
    this.p = this.errors.p;
    if (this.distances) this.readConditionals(this.distances);
    this.readBins();
  }

  /**
   * The conditional residual of feature `j` in the latest row, in the standard deviations of the part of it that the other
   * features do not explain, `1 / √Ω_jj`. NaN if the value is missing, or the baseline has no conditional channels.
   */
  standardisedResidual(j: number): number {
    const { features: d, outputs, values, precision } = this;
    return this.distances ? values[d + outputs + 1 + j]! * Math.sqrt(precision[j * d + j]!) : Number.NaN;
  }

  private readColumns(): void {
    const { features: d, values, places, limits, deviations, columnMeans, columnDeviations } = this;
    for (let j = 0; j < deviations.length; j++) {
      const value = values[j]!;
      const missing = Number.isNaN(value);
      deviations[j] = missing ? 0 : (value - columnMeans[j]!) / columnDeviations[j]!;
      if (j >= d) continue;
      if (missing) places[j] = MISSING;
      else places[j] = value < limits[2 * j]! ? BELOW : value > limits[2 * j + 1]! ? ABOVE : INSIDE;
    }
  }

  private readConditionals(distances: RankTable): void {
    const { features: d, values, precision, places, grids, gridScores, scores, whitened } = this;
    for (let j = 0; j < d; j++) scores[j] = gridScore(grids, gridScores, j, values[j]!);
    whiten(scores, 0, this.mean, precision, whitened);
    distances.find(whitened[d]!);
    this.p = Math.min(1, 2 * Math.min(this.p, distances.p));
    const first = d + this.outputs + 1;
    for (let j = 0; j < d; j++) {
      values[first + j] = places[j] === MISSING ? Number.NaN : whitened[j]! / precision[j * d + j]!;
    }
  }

  private readBins(): void {
    const { values, bins, edges } = this;
    for (let c = 0; c < bins.length; c++) {
      const value = values[c]!;
      bins[c] = Number.isNaN(value) ? NO_BIN : edges.countBelow(c, value);
    }
  }
}
