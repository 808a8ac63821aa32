import { binShares, NO_BIN } from './bins.js';

/** A scale that is brought back to 1 before it leaves the range of numbers. */
const MIN_SCALE = 1e-100;

/**
 * Exponentially weighted histograms of several channels, compared with the baseline's shares π:
 * `X² = Σ (w_k - π_k)² / π_k = Σ w_k² / π_k - 1`. The sum is carried along, so that a value costs the same for any
 * number of bins. Weights are kept as `u` with `w = scale × u`, so that only the bin that was hit is touched.
 */
export class HistogramCharts {
  /** Where each channel's bins begin; one more entry than channels. */
  readonly offsets: Int32Array;
  readonly lambda: number;
  readonly inverseShares: Float64Array;
  weights: Float64Array;
  scales: Float64Array;
  sums: Float64Array;
  private readonly shares: Float64Array;

  /** `counts`: the held-out rows per bin, for each channel. `lambda`: the weight of the newest row. */
  constructor(counts: readonly (readonly number[])[], lambda: number) {
    this.lambda = lambda;
    this.offsets = new Int32Array(counts.length + 1);
    for (let c = 0; c < counts.length; c++) this.offsets[c + 1] = this.offsets[c]! + counts[c]!.length;
    this.shares = new Float64Array(this.offsets[counts.length]!);
    for (let c = 0; c < counts.length; c++) this.shares.set(binShares(counts[c]!), this.offsets[c]);
    this.inverseShares = this.shares.map((share) => 1 / share);
    this.weights = new Float64Array(this.shares.length);
    this.scales = new Float64Array(counts.length);
    this.sums = new Float64Array(counts.length);
    this.reset();
  }

  /** Back to the baseline's shares. */
  reset(): void {
    this.weights.set(this.shares);
    this.scales.fill(1);
    this.sums.fill(1);
  }

  /**
   * Counts the row whose bins per channel are `bins[at…]`, `NO_BIN` for a missing value. Returns whether the X² of any
   * channel that was hit is above its level in `levels`.
   */
  update(bins: Uint8Array, at: number, levels: Float64Array): boolean {
    const { lambda, offsets, inverseShares, weights, scales, sums } = this;
    const kept = 1 - lambda;
    let above = false;
    for (let c = 0; c < sums.length; c++) {
      const bin = bins[at + c]!;
      if (bin === NO_BIN) continue;
      const place = offsets[c]! + bin;
      const scale = scales[c]!;
      const hit = weights[place]! * scale;
      const sum = kept * kept * sums[c]! + lambda * inverseShares[place]! * (2 * kept * hit + lambda);
      sums[c] = sum;
      scales[c] = scale * kept;
      weights[place]! += lambda / (scale * kept);
      if (sum - 1 > levels[c]!) above = true;
      if (scale < MIN_SCALE) this.renormalise(c);
    }
    return above;
  }

  /** The channel's X² as it stands. */
  statistic(channel: number): number {
    return this.sums[channel]! - 1;
  }

  /** The weighted share of each bin, all channels after one another, `[offsets.at(-1)]`. */
  state(): number[] {
    const state: number[] = [];
    this.scales.forEach((scale, c) => {
      for (let at = this.offsets[c]!; at < this.offsets[c + 1]!; at++) state.push(this.weights[at]! * scale);
    });
    return state;
  }

  /** Takes up a state of charts with the same bins. */
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

/** Rows that an exponentially weighted mean is worth. */
export function effectiveRows(lambda: number): number {
  return (2 - lambda) / lambda;
}

/** Wilson and Hilferty's (1931) normal deviate of a χ² value with `degrees` > 0 degrees of freedom. */
export function chiSquareDeviate(value: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(value / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/** The χ² value whose deviate is `deviate`. */
export function chiSquareAtDeviate(deviate: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * Math.max(0, 1 - spread + deviate * Math.sqrt(spread)) ** 3;
}
