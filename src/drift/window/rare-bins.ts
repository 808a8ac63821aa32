import { logHypergeometricTail } from '../../base/statistics/hypergeometric.js';
import type { Histograms } from './merge-bins.js';

/**
 * `ln p` of a channel whose rows nearly all lie in one bin, so that χ² has nothing to work with: Fisher's exact test,
 * two-sided, of the rows outside the baseline's fullest bin.
 */
export function logRareBins({ window, baseline }: Histograms): number {
  const fullest = baseline.indexOf(Math.max(...baseline));
  const n = window.reduce((sum, count) => sum + count, 0);
  const m = baseline.reduce((sum, count) => sum + count, 0);
  const outside = n - window[fullest]!;
  const total = outside + m - baseline[fullest]!;
  const more = logHypergeometricTail(outside, n, total, n + m - total);
  const fewer = logHypergeometricTail(n - outside, n, n + m - total, total);
  return Math.min(0, Math.LN2 + Math.min(more, fewer));
}
