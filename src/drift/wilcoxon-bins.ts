import { logNormalTail } from '../model/baseline/normal.js';
import type { Test } from './chi-square-bins.js';

/** A rank test's outcome; `shift` is the difference of the window's mean rank from the middle in standard deviations of ranks. */
export interface RankTest extends Test {
  readonly shift: number;
}

/**
 * Wilcoxon's rank-sum test with ties, on bins: each bin's rows have the middle rank of the bin. Two-sided, normal
 * approximation without continuity correction.
 */
export function wilcoxonBins(window: ArrayLike<number>, baseline: ArrayLike<number>, designEffect = 1): RankTest {
  let n = 0;
  let m = 0;
  for (let k = 0; k < baseline.length; k++) {
    n += window[k]!;
    m += baseline[k]!;
  }
  const total = n + m;
  const centre = (total + 1) / 2;
  let before = 0;
  let off = 0;
  let squares = 0;
  for (let k = 0; k < baseline.length; k++) {
    const tied = window[k]! + baseline[k]!;
    const rank = before + (tied + 1) / 2 - centre;
    off += window[k]! * rank;
    squares += tied * rank * rank;
    before += tied;
  }
  if (squares === 0 || n === 0 || m === 0) return { statistic: 0, logP: 0, shift: 0 };
  const shift = off / n / Math.sqrt(squares / total);
  const statistic = shift / Math.sqrt((m / n / (total - 1)) * designEffect);
  return { statistic, logP: Math.min(0, Math.LN2 + logNormalTail(Math.abs(statistic))), shift };
}
