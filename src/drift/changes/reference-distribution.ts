import { normalCdf } from '../../base/statistics/normal.js';
import type { Column, FeatureColumn } from '../../model/baseline/features/feature-column.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';
import { commonStep, isMultiple } from './common-step.js';

/** How far a column of distinct values may be off, in held-out rows, when their counts are recovered from the grid. */
const ROUNDING = 0.01;
/** Held-out rows per distinct value from which on these are taken for all possible values. */
const ROWS_PER_VALUE = 5;
/** Values that differ by a smaller share of the largest are equal: they have been computed in float32. */
const NEAR = 1e-6;

/** The held-out distribution of a column, as far as the baseline discloses it: a quantile grid of a feature, the bins of a prediction. */
export class ReferenceDistribution {
  /** Held-out rows with a value. */
  readonly rows: number;
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** The largest share of rows that one value can have. */
  readonly largestTie: number;
  /** The share of rows with the same value as a random row, that value left out. */
  readonly usualTie: number;
  /** Whether every possible value is known, with its share of rows: the column has few distinct values. */
  readonly isDiscrete: boolean;
  /** The number that all values are multiples of; undefined if there is none. */
  readonly step: number | undefined;
  /** Ascending values, and the share of rows below each plus half of those equal to it. */
  private readonly values: readonly number[];
  private readonly ranks: Float64Array;
  /** The share of rows with each of the values: exact if the column is discrete, otherwise an upper bound. */
  private readonly ties: Float64Array;

  constructor(column: FeatureColumn | Column) {
    const { bins, mean, deviation } = column;
    this.rows = sumOf(bins.counts);
    this.mean = mean;
    this.deviation = deviation;
    if ('grid' in column) {
      this.values = column.grid.values;
      this.ranks = Float64Array.from(column.grid.scores, normalCdf);
      this.min = column.min;
      this.max = column.max;
    } else {
      this.values = bins.edges;
      this.ranks = Float64Array.from(bins.edges, (_, k) => sumOf(bins.counts.slice(0, k + 1)) / this.rows);
      this.min = Number.NEGATIVE_INFINITY;
      this.max = Number.POSITIVE_INFINITY;
    }
    const exact = 'grid' in column ? exactTies(this.ranks, this.rows) : undefined;
    this.isDiscrete = exact !== undefined && ROWS_PER_VALUE * exact.length <= this.rows;
    this.ties = exact ?? this.ranks.map((_, i) => (this.ranks[i + 1] ?? 1) - (this.ranks[i - 1] ?? 0));
    this.step = commonStep(this.values);
    this.largestTie = this.ties.reduce((largest, tie) => Math.max(largest, tie), 0);
    this.usualTie = this.ties.reduce((sum, tie) => sum + tie * tie, 0) - this.largestTie ** 2;
  }

  /** The share of rows below `value`, plus half of those equal to it. */
  rankOf(value: number): number {
    const { values, ranks } = this;
    const next = this.countBelow(value);
    if (values.length === 0) return 0.5;
    if (next === values.length) return (1 + ranks[next - 1]!) / 2;
    if (values[next] === value) return ranks[next]!;
    if (next === 0) return ranks[0]! / 2;
    const low = values[next - 1]!;
    return ranks[next - 1]! + ((value - low) / (values[next]! - low)) * (ranks[next]! - ranks[next - 1]!);
  }

  /** The value of a rank between 0 and 1, at most the largest value known. */
  valueAt(rank: number): number {
    const { values, ranks } = this;
    let next = 0;
    while (next < ranks.length && ranks[next]! < rank) next++;
    if (next === 0) return values[0] ?? this.mean;
    if (next === ranks.length) return values[next - 1]!;
    const share = (rank - ranks[next - 1]!) / (ranks[next]! - ranks[next - 1]!);
    return values[next - 1]! + share * (values[next]! - values[next - 1]!);
  }

  /** The largest share of rows that may have exactly this value. */
  shareOf(value: number): number {
    const { values, ranks, ties } = this;
    if (value < this.min || value > this.max) return 0;
    const next = this.countBelow(value);
    if (values[next] === value) return ties[next]!;
    return this.isDiscrete ? 0 : (ranks[next] ?? 1) - (ranks[next - 1] ?? 0);
  }

  /** Whether it is known which values are possible: those of a discrete column, or the multiples of a step. */
  get isRestricted(): boolean {
    return this.isDiscrete || this.step !== undefined;
  }

  /** Returns whether the column can have this value; always if it is not restricted. */
  isPossible(value: number): boolean {
    if (!this.isDiscrete) return this.step === undefined || isMultiple(value, this.step);
    return this.neighbours(value).some((known) => Math.abs(value - known) <= NEAR * this.scale);
  }

  /** The possible values next to `value`; itself if the column is not restricted. */
  neighbours(value: number): readonly number[] {
    const { values, step } = this;
    if (this.isDiscrete) {
      const next = this.countBelow(value);
      return values.slice(Math.max(0, next - 1), next + 1);
    }
    return step === undefined ? [value] : [Math.floor(value / step) * step, Math.ceil(value / step) * step];
  }

  /** The values from `low`, excluded, to `high`, included, if it is only one, of a column that is discrete. */
  onlyValueIn(low: number, high: number): number | undefined {
    const inside = this.isDiscrete ? this.values.filter((value) => value > low && value <= high) : [];
    return inside.length === 1 ? inside[0] : undefined;
  }

  /** The share of rows whose value is a multiple of `step`. */
  shareOnLattice(step: number): number {
    let on = 0;
    let all = 0;
    this.values.forEach((value, i) => {
      const weight = this.isDiscrete ? this.ties[i]! : 1;
      all += weight;
      if (isMultiple(value, step)) on += weight;
    });
    return all > 0 ? on / all : 1;
  }

  /** The largest distance from 0. */
  private get scale(): number {
    return Math.max(Math.abs(this.values[0] ?? 0), Math.abs(this.values.at(-1) ?? 0));
  }

  private countBelow(value: number): number {
    let low = 0;
    let high = this.values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The share of rows with each value, from the values' middle ranks `(below + ½ equal + ½) / (rows + 1)`, if the grid has every
 * value of the column; undefined if it has only some of them.
 */
function exactTies(ranks: Float64Array, rows: number): Float64Array | undefined {
  const ties = new Float64Array(ranks.length);
  let below = 0;
  for (let i = 0; i < ranks.length; i++) {
    const equal = 2 * (ranks[i]! * (rows + 1) - 0.5 - below);
    if (!(equal > 1 - ROUNDING)) return undefined;
    ties[i] = equal / rows;
    below += equal;
  }
  return Math.abs(below - rows) < ROUNDING * rows ? ties : undefined;
}
