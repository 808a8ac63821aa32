import { logHypergeometricTail } from '../../base/statistics/hypergeometric.js';

/** How the intervals of one level were made. */
export interface Calibration {
  /** The share of rows whose true value is to lie in its interval. */
  readonly level: number;
  /** Calibration rows. */
  readonly rows: number;
  /** The rank, from 1, of the calibration row whose score is the bound. */
  readonly rank: number;
}

/** Labelled rows, and how many of them had their true value outside its interval. */
export interface Misses {
  readonly rows: number;
  readonly misses: number;
}

/** How far a window's coverage is from the level. */
export interface CoverageEvidence {
  readonly target: number;
  readonly level: number;
  /** The share of rows whose true value lay in its interval. */
  readonly coverage: number;
  /** ln of the probability that intervals which keep their promise cover this few rows, or fewer. */
  readonly logP: number;
  /** ln of the probability that they cover this many rows, or more. */
  readonly logWide: number;
  /** Whether they cover fewer rows by an amount that matters, however significant it is; or more. */
  readonly matters: boolean;
  readonly isWide: boolean;
}

/** Smaller differences are of no consequence: standard deviations of a row's coverage, 3 % of the rows for a level of 0.9. */
const MIN_SHIFT = 0.1;

/**
 * Tests whether a window has as many rows outside their intervals as the level allows. Exact for any distribution: the bound of m
 * calibration rows is the k-th smallest of their scores. If calibration rows and n independent new rows are
 * drawn alike, at least x of the new ones exceed it when at least x are among the m - k + x largest of all m + n, which is a
 * hypergeometric tail. So the test allows for the chance of the calibration rows as well, by which the coverage of a version
 * varies (Vovk, 2012, https://arxiv.org/abs/1209.2673). `designEffect`: rows that carry the information of one independent row.
 */
export function testCoverage(
  { rows, misses }: Misses,
  { level, rows: m, rank: k }: Calibration,
  designEffect: number,
): Pick<CoverageEvidence, 'coverage' | 'logP' | 'logWide' | 'matters' | 'isWide'> {
  const n = Math.floor(rows / designEffect);
  const missed = Math.floor(misses / designEffect);
  const hit = Math.floor((rows - misses) / designEffect);
  const coverage = 1 - misses / rows;
  const shift = (coverage - level) / Math.sqrt(level * (1 - level));
  return {
    coverage,
    logP: logHypergeometricTail(missed, m - k + missed, n, m),
    // At least `hit` new rows within the bound: among the k - 1 + hit smallest of all.
    logWide: logHypergeometricTail(hit, k - 1 + hit, n, m),
    matters: shift <= -MIN_SHIFT,
    isWide: shift >= MIN_SHIFT,
  };
}
