import { logChiSquareTail } from '../../base/statistics/chi-square.js';

/** A test's outcome: ln of its p-value. */
export interface Test {
  readonly statistic: number;
  readonly logP: number;
}

/**
 * The two-sample χ² test: bin counts of a window against the baseline's. Divided by the design effect, as Rao and Scott
 * (1981) do with dependent rows. `X² = Σ (c_k √(m/n) - r_k √(n/m))² / (c_k + r_k)`, bins - 1 degrees of freedom.
 */
export function chiSquareBins(window: ArrayLike<number>, baseline: ArrayLike<number>, designEffect = 1): Test {
  let n = 0;
  let m = 0;
  for (let k = 0; k < baseline.length; k++) {
    n += window[k]!;
    m += baseline[k]!;
  }
  let sum = 0;
  let bins = 0;
  for (let k = 0; k < baseline.length; k++) {
    const total = window[k]! + baseline[k]!;
    if (total === 0) continue;
    bins++;
    sum += (window[k]! * Math.sqrt(m / n) - baseline[k]! * Math.sqrt(n / m)) ** 2 / total;
  }
  const statistic = bins > 1 ? sum / designEffect : 0;
  return { statistic, logP: bins > 1 ? logChiSquareTail(statistic, bins - 1) : 0 };
}
