import { binShare } from '../../model/baseline/bins.js';

/**
 * The population stability index of two histograms, `Σ (p_k - q_k) ln(p_k / q_k)`, a half added to each count, less its
 * expectation without drift, `(B - 1)(1/n + 1/m)`: around 0, and negative half of the time (B. Yurdakul, "Statistical
 * properties of population stability index", 2018). 0 if one of them has no counts.
 */
export function stabilityIndex(window: readonly number[], baseline: readonly number[]): number {
  const bins = window.length;
  let n = 0;
  let m = 0;
  for (let k = 0; k < bins; k++) {
    n += window[k]!;
    m += baseline[k]!;
  }
  if (n === 0 || m === 0) return 0;
  let index = 0;
  for (let k = 0; k < bins; k++) {
    const p = binShare(window[k]!, n, bins);
    const q = binShare(baseline[k]!, m, bins);
    index += (p - q) * Math.log(p / q);
  }
  return index - (bins - 1) * (1 / n + 1 / m);
}
