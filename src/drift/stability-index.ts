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
  const n = window.reduce((sum, count) => sum + count, 0);
  const m = baseline.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return { value: 0, corrected: 0 };
  const value = p.reduce((sum, share, k) => sum + (share - q[k]!) * Math.log(share / q[k]!), 0);
  return { value, corrected: value - (p.length - 1) * (1 / n + 1 / m) };
}
