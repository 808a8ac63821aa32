import type { ArrayMemory } from '../../../base/node/array-memory.js';
import { binShares, NO_BIN } from '../sketches/bins.js';

/** A smaller scale is brought back to 1, long before it would underflow. */
const MIN_SCALE = 1e-100;

/**
 * Exponentially weighted histograms of several channels, compared with the baseline's shares π:
 * `X² = Σ (w_k - π_k)² / π_k = Σ w_k² / π_k - 1`. The sum `Σ w_k² / π_k` is updated and not recomputed, so that a value costs
 * the same for any number of bins. Weights are stored as `u` with `w = scale × u`, so that a row changes only one of them.
 *
 * The arrays that rows change are on the JavaScript heap unless `moveInto` has moved them into the memory of a WebAssembly
 * instance, which then changes them there.
 */
export class HistogramCharts {
  readonly lambda: number;
  /** Where each channel's bins begin; one more entry than channels. */
  readonly offsets: Int32Array;
  /** `[bins of all channels]`: 1 / π. */
  readonly inverseShares: Float64Array;
  private readonly shares: Float64Array;
  /** `[bins of all channels]`: u. */
  weights: Float64Array;
  /** `[channels]` */
  scales: Float64Array;
  /** `[channels]`: `Σ w_k² / π_k`. */
  sums: Float64Array;

  /**
   * `counts`: the held-out rows per bin, for each channel. `lambda`: the weight of the newest row. `hasLevels` `[channels]`: bins
   * of levels are not of equal size, and some may be rare.
   */
  constructor(counts: readonly (readonly number[])[], lambda: number, hasLevels: readonly boolean[] = []) {
    this.lambda = lambda;
    this.offsets = new Int32Array(counts.length + 1);
    for (let c = 0; c < counts.length; c++) this.offsets[c + 1] = this.offsets[c]! + counts[c]!.length;
    this.shares = new Float64Array(this.offsets[counts.length]!);
    for (let c = 0; c < counts.length; c++) {
      const shares = binShares(counts[c]!);
      this.shares.set(hasLevels[c] ? raised(shares, lambda) : shares, this.offsets[c]);
    }
    this.inverseShares = this.shares.map((share) => 1 / share);
    this.weights = new Float64Array(this.shares.length);
    this.scales = new Float64Array(counts.length);
    this.sums = new Float64Array(counts.length);
    this.reset();
  }

  /** Moves weights, scales, and sums into `memory`. */
  moveInto(memory: ArrayMemory): void {
    this.weights = memory.place(this.weights);
    this.scales = memory.place(this.scales);
    this.sums = memory.place(this.sums);
  }

  /** Returns to the baseline's shares. */
  reset(): void {
    this.weights.set(this.shares);
    this.scales.fill(1);
    this.sums.fill(1);
  }

  /**
   * Counts a row, whose bins per channel are `bins[at…]`, `NO_BIN` for a missing value. Returns whether the X² of any
   * channel with a value is above its level in `levels`.
   */
  update(bins: Uint8Array, at: number, levels: Float64Array): boolean {
    const { lambda, offsets, inverseShares, weights, scales, sums } = this;
    const decay = 1 - lambda;
    let above = false;
    for (let c = 0; c < sums.length; c++) {
      const bin = bins[at + c]!;
      if (bin === NO_BIN) continue;
      const place = offsets[c]! + bin;
      const scale = scales[c]!;
      const hit = weights[place]! * scale;
      const sum = decay * decay * sums[c]! + lambda * inverseShares[place]! * (2 * decay * hit + lambda);
      sums[c] = sum;
      scales[c] = scale * decay;
      weights[place]! += lambda / (scale * decay);
      if (sum - 1 > levels[c]!) above = true;
      if (scale < MIN_SCALE) this.renormalise(c);
    }
    return above;
  }

  /** The channel's current X². */
  statistic(channel: number): number {
    return this.sums[channel]! - 1;
  }

  /** The weighted share of each bin, channel after channel, `[offsets.at(-1)]`. */
  state(): number[] {
    const state: number[] = [];
    this.scales.forEach((scale, c) => {
      for (let at = this.offsets[c]!; at < this.offsets[c + 1]!; at++) state.push(this.weights[at]! * scale);
    });
    return state;
  }

  /** Replaces the weights by a state of charts with the same bins. */
  restore(state: readonly number[]): void {
    this.weights.set(state);
    this.scales.fill(1);
    for (let c = 0; c < this.sums.length; c++) {
      let sum = 0;
      for (let at = this.offsets[c]!; at < this.offsets[c + 1]!; at++) sum += state[at]! ** 2 * this.inverseShares[at]!;
      this.sums[c] = sum;
    }
  }

  private renormalise(channel: number): void {
    for (let at = this.offsets[channel]!; at < this.offsets[channel + 1]!; at++) {
      this.weights[at]! *= this.scales[channel]!;
    }
    this.scales[channel] = 1;
  }
}

/** Rows of a chart that the rarest bin is taken to have, and the largest share that it is raised to. */
const RARE_ROWS = 2;
const MAX_RARE = 0.2;

/**
 * Shares of bins of levels, of which the chart expects two rows each, at least. Otherwise one row with a rare level would take the
 * chart beyond its limit, and the limit of all charts would have to allow for that.
 */
function raised(shares: Float64Array, lambda: number): Float64Array {
  const least = Math.min(MAX_RARE, RARE_ROWS / effectiveRows(lambda));
  const higher = shares.map((share) => Math.max(share, least));
  const sum = higher.reduce((total, share) => total + share, 0);
  return higher.map((share) => share / sum);
}

/** Rows that an exponentially weighted mean is worth. */
export function effectiveRows(lambda: number): number {
  return (2 - lambda) / lambda;
}
