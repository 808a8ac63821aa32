import { binShares } from '../model/baseline/bins.js';

/** The population stability index of two histograms, and how much of it chance alone explains. */
export interface StabilityIndex {
  /** `Σ (p_k - q_k) ln(p_k / q_k)`, a half added to each count. */
  readonly value: number;
  /** Less its expectation without drift, `(B - 1)(1/n + 1/m)`: around 0, and negative half of the time. */
  readonly corrected: number;
}

/** Compares bin counts (B. Yurdakul, "Statistical properties of population stability index", 2018). */
export function stabilityIndex(window: readonly number[], baseline: readonly number[]): StabilityIndex {
  const p = binShares(window);
  const q = binShares(baseline);
  let n = 0;
  let m = 0;
  let value = 0;
  for (let k = 0; k < p.length; k++) {
    n += window[k]!;
    m += baseline[k]!;
    value += (p[k]! - q[k]!) * Math.log(p[k]! / q[k]!);
  }
  if (n === 0 || m === 0) return { value: 0, corrected: 0 };
  return { value, corrected: value - (p.length - 1) * (1 / n + 1 / m) };
}
