import { binOf, NO_BIN } from '../model/baseline/bins.js';
import { whiten } from '../model/baseline/conditional.js';
import { scoreOf } from '../model/baseline/normal-scores.js';
import type { Baseline } from '../model/baseline.js';
import type { Channel } from './channels.js';
import { RankTable } from './rank-table.js';

/** Where a feature's value lies. */
export const INSIDE = 0;
export const BELOW = 1;
export const ABOVE = 2;
export const MISSING = 3;

/** Reads rows into their channels, one at a time, into buffers of its own: nothing is allocated per row. */
export class RowReader {
  /** `[channels]`: the latest row's bin per channel; `NO_BIN` where a value is missing. */
  readonly bins: Uint8Array;
  /** `[features]`: `INSIDE`, `BELOW` or `ABOVE` the baseline's range, or `MISSING`. */
  readonly places: Uint8Array;
  /** `[features + outputs]`: distance from the baseline's mean in its standard deviations; 0 where missing or constant. */
  readonly deviations: Float64Array;
  /** The normal score of the row's error among the held-out rows'. */
  errorScore = 0;
  /** Share of held-out rows with an error at least as large, conformal. */
  errorP = 1;
  /** Likewise of the Mahalanobis distance of the normal scores; 1 if the baseline has no conditional channel. */
  distanceP = 1;

  private readonly errors: RankTable;
  private readonly distances: RankTable | undefined;
  private readonly edges: Float64Array;
  private readonly edgeStarts: Int32Array;
  private readonly gridValues: Float64Array;
  private readonly gridScores: Float64Array;
  private readonly gridStarts: Int32Array;
  private readonly scores: Float64Array;
  private readonly whitened: Float64Array;
  private readonly mean: Float64Array;
  private readonly precision: Float64Array;
  private readonly limits: Float64Array;
  private readonly columnMeans: Float64Array;
  private readonly columnDeviations: Float64Array;
  private readonly features: number;
  private readonly outputs: number;

  constructor(baseline: Baseline, channels: readonly Channel[]) {
    const { features, outputs, conditional } = baseline;
    this.errors = new RankTable(baseline.error.sample);
    this.distances = conditional ? new RankTable(conditional.distances) : undefined;
    this.features = features.length;
    this.outputs = outputs.length;
    this.bins = new Uint8Array(channels.length);
    this.places = new Uint8Array(features.length);
    const columns = [...features, ...outputs];
    this.deviations = new Float64Array(columns.length);
    this.columnMeans = Float64Array.from(columns, ({ mean }) => mean);
    this.columnDeviations = Float64Array.from(columns, ({ deviation }) => deviation || Number.POSITIVE_INFINITY);
    this.limits = Float64Array.from(features.flatMap(({ min, max }) => [min, max]));
    this.edgeStarts = starts(channels.map(({ bins }) => bins.edges));
    this.edges = Float64Array.from(channels.flatMap(({ bins }) => bins.edges));
    this.gridStarts = starts(features.map(({ grid }) => grid.values));
    this.gridValues = Float64Array.from(features.flatMap(({ grid }) => grid.values));
    this.gridScores = Float64Array.from(features.flatMap(({ grid }) => grid.scores));
    this.scores = new Float64Array(features.length);
    this.whitened = new Float64Array(features.length);
    this.mean = Float64Array.from(conditional?.mean ?? []);
    this.precision = Float64Array.from(conditional?.precision ?? []);
  }

  /** Reads the row at `rows[at…]` `[features]` with its outputs at `outputs[outputAt…]` and its error. */
  read(rows: Float32Array, at: number, outputs: Float32Array, outputAt: number, error: number): void {
    const { features: d, outputs: width } = this;
    for (let j = 0; j < d; j++) this.readFeature(j, rows[at + j]!);
    for (let j = 0; j < width; j++) {
      const value = outputs[outputAt + j]!;
      this.bins[d + j] = this.binOf(d + j, value);
      this.deviations[d + j] = (value - this.columnMeans[d + j]!) / this.columnDeviations[d + j]!;
    }
    this.bins[d + width] = this.binOf(d + width, error);
    this.errors.find(error);
    this.errorScore = this.errors.score;
    this.errorP = this.errors.p;
    if (this.distances) this.readConditionals(this.distances);
  }

  private readFeature(j: number, value: number): void {
    if (Number.isNaN(value)) {
      this.bins[j] = NO_BIN;
      this.places[j] = MISSING;
      this.scores[j] = 0;
      this.deviations[j] = 0;
      return;
    }
    this.bins[j] = this.binOf(j, value);
    this.places[j] = value < this.limits[2 * j]! ? BELOW : value > this.limits[2 * j + 1]! ? ABOVE : INSIDE;
    const { gridValues, gridScores, gridStarts } = this;
    this.scores[j] = scoreOf(gridValues, gridScores, gridStarts[j]!, gridStarts[j + 1]!, value);
    this.deviations[j] = (value - this.columnMeans[j]!) / this.columnDeviations[j]!;
  }

  private readConditionals(distances: RankTable): void {
    const { features: d, precision, whitened } = this;
    distances.find(whiten(this.scores, 0, this.mean, precision, whitened));
    this.distanceP = distances.p;
    const first = d + this.outputs + 1;
    for (let j = 0; j < d; j++) {
      this.bins[first + j] =
        this.places[j] === MISSING ? NO_BIN : this.binOf(first + j, whitened[j]! / precision[j * d + j]!);
    }
  }

  private binOf(channel: number, value: number): number {
    return binOf(this.edges, this.edgeStarts[channel]!, this.edgeStarts[channel + 1]!, value);
  }
}

/** Where each list begins when all are laid one after another, and where the last ends. */
function starts(lists: readonly (readonly number[])[]): Int32Array {
  const starts = new Int32Array(lists.length + 1);
  for (let i = 0; i < lists.length; i++) starts[i + 1] = starts[i]! + lists[i]!.length;
  return starts;
}
