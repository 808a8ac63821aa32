import { logChiSquareTail } from '../../base/statistics/chi-square.js';
import { logHypergeometricTail } from '../../base/statistics/hypergeometric.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';

/** Two histograms with the same bins. */
export interface Histograms {
  readonly window: readonly number[];
  readonly baseline: readonly number[];
}

/** With fewer expected rows in a bin, χ² is a poor approximation. */
const MIN_EXPECTED = 2.5;
/** Allows for rows that do not divide evenly among the bins. */
const SLACK = 0.98;

/**
 * The two-sample χ² test of a window's bin counts against the baseline's,
 * `X² = Σ (c_k √(m/n) - r_k √(n/m))² / (c_k + r_k)` with bins - 1 degrees of freedom. X² is divided by the design effect, which
 * corrects it for dependent rows (Rao and Scott, 1981). `logP` is ln of the p-value.
 */
export function chiSquareBins(window: ArrayLike<number>, baseline: ArrayLike<number>, designEffect = 1) {
  const n = sumOf(window);
  const m = sumOf(baseline);
  const ofWindow = Math.sqrt(m / n);
  const ofBaseline = Math.sqrt(n / m);
  let sum = 0;
  let bins = 0;
  for (let k = 0; k < baseline.length; k++) {
    const total = window[k]! + baseline[k]!;
    if (total === 0) continue;
    bins++;
    sum += (window[k]! * ofWindow - baseline[k]! * ofBaseline) ** 2 / total;
  }
  const statistic = bins > 1 ? sum / designEffect : 0;
  return { statistic, logP: bins > 1 ? logChiSquareTail(statistic, bins - 1) : 0 };
}

/**
 * Fisher's exact test, two-sided, of the rows outside the baseline's fullest bin. Returns `ln p`. For a channel with nearly all
 * rows in one bin, where χ² does not work.
 */
export function logRareBins({ window, baseline }: Histograms): number {
  return logBinTail({ window, baseline }, baseline.indexOf(Math.max(...baseline)));
}

/** The same of the rows outside bin `k`. */
export function logBinTail({ window, baseline }: Histograms, k: number): number {
  const n = sumOf(window);
  const m = sumOf(baseline);
  const outside = n - window[k]!;
  const total = outside + m - baseline[k]!;
  const more = logHypergeometricTail(outside, n, total, n + m - total);
  const fewer = logHypergeometricTail(n - outside, n, n + m - total, total);
  return Math.min(0, Math.LN2 + Math.min(more, fewer));
}

/** Joins neighbouring bins until at least 2.5 rows of the window are expected in each, or only one bin is left. */
export function mergeBins(histograms: Histograms): Histograms {
  const { window, baseline } = histograms;
  const n = sumOf(window);
  const m = sumOf(baseline);
  const isFew = (inBaseline: number) => inBaseline * n < SLACK * MIN_EXPECTED * m;
  if (!baseline.some(isFew)) return histograms;
  const merged = { window: [] as number[], baseline: [] as number[] };
  let inWindow = 0;
  let inBaseline = 0;
  baseline.forEach((count, k) => {
    inWindow += window[k]!;
    inBaseline += count;
    if (isFew(inBaseline)) return;
    merged.window.push(inWindow);
    merged.baseline.push(inBaseline);
    inWindow = 0;
    inBaseline = 0;
  });
  if (inWindow + inBaseline > 0) {
    const last = Math.max(0, merged.baseline.length - 1);
    merged.window[last] = (merged.window[last] ?? 0) + inWindow;
    merged.baseline[last] = (merged.baseline[last] ?? 0) + inBaseline;
  }
  return merged;
}
