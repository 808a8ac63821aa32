import { binShare, sumOf } from '../../model/baseline/sketches/bins.js';

/**
 * The population stability index of two histograms, `Σ (p_k - q_k) ln(p_k / q_k)` with ½ added to each count, less its
 * expectation without drift, `(B - 1)(1/n + 1/m)` (B. Yurdakul, "Statistical properties of population stability index", 2018).
 * Without drift it is around 0, and negative half of the time. 0 if one of the histograms has no rows.
 */
export function stabilityIndex(window: readonly number[], baseline: readonly number[]): number {
  const bins = window.length;
  const n = sumOf(window);
  const m = sumOf(baseline);
  if (n === 0 || m === 0) return 0;
  let index = 0;
  for (let k = 0; k < bins; k++) {
    const p = binShare(window[k]!, n, bins);
    const q = binShare(baseline[k]!, m, bins);
    index += (p - q) * Math.log(p / q);
  }
  return index - (bins - 1) * (1 / n + 1 / m);
}

/**
 * The Jensen-Shannon distance of two histograms, the square root of the divergence in bits: 0 if they are the same, 1 if they
 * share no bin. 0 if one of them has no rows.
 */
export function jensenShannon(window: readonly number[], baseline: readonly number[]): number {
  const n = sumOf(window);
  const m = sumOf(baseline);
  if (n === 0 || m === 0) return 0;
  const divergence = window.reduce((sum, count, k) => {
    const p = count / n;
    const q = baseline[k]! / m;
    const middle = (p + q) / 2;
    return sum + (p > 0 ? (p / 2) * Math.log2(p / middle) : 0) + (q > 0 ? (q / 2) * Math.log2(q / middle) : 0);
  }, 0);
  return Math.sqrt(Math.max(0, divergence));
}
