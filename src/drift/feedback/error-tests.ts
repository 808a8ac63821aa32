import { logHypergeometric, logHypergeometricTail } from '../../base/statistics/hypergeometric.js';
import { logNormalTail } from '../../base/statistics/normal.js';
import type { PredictionErrors, TargetErrors } from '../../model/baseline/errors/prediction-errors.js';
import { smoothBins } from '../window/smooth-test.js';
import type { ErrorCounts, TargetCounts } from './error-counts.js';

/**
 * What is tested of a target: whether the magnitudes of the errors are larger or smaller than those of the reference, whether
 * the predictions are higher or lower against the targets, and whether more errors are as large as the largest of the reference.
 */
export const ERROR_TESTS = ['magnitude', 'bias', 'range'] as const;
export type ErrorTest = (typeof ERROR_TESTS)[number];

/** The result of one test of a window. */
export interface ErrorEvidence {
  readonly target: number;
  readonly test: ErrorTest;
  /** ln of the p-value. */
  readonly logP: number;
  /** Positive for larger errors or higher predictions. */
  readonly shift: number;
  /** Whether the difference is large enough to matter, however significant it is. */
  readonly matters: boolean;
}

/** The number of rows that carry the information of one independent row, of a target. */
export type DesignEffects = Readonly<Record<'magnitude' | 'bias', number>>;

/** Smaller effects can be significant in a huge window, but are of no consequence: standard deviations of ranks, share of rows. */
const MIN_SHIFT = 0.1;
const MIN_SHARE = 0.005;

/**
 * Tests a window's errors against those of the reference, two-sided, with the sampling error of both. By ranks, because errors
 * have heavy tails: Wilcoxon's test on the bins, of the magnitudes and of the errors themselves; and exact tests of large errors.
 */
export function testErrors(
  reference: PredictionErrors,
  { rows, targets }: ErrorCounts,
  designEffects: readonly DesignEffects[],
): ErrorEvidence[] {
  return targets.flatMap((counts, target) => {
    const held = reference.targets[target]!;
    const effects = designEffects[target]!;
    return [
      {
        target,
        test: 'magnitude' as const,
        ...testRanks(counts.magnitudes, held.magnitudes.counts, effects.magnitude),
      },
      { target, test: 'bias' as const, ...testRanks(counts.errors, held.errors.counts, effects.bias) },
      { target, test: 'range' as const, ...testTail(held, reference.rows, rows, counts, effects.magnitude) },
    ];
  });
}

function testRanks(window: readonly number[], reference: readonly number[], designEffect: number) {
  const first = smoothBins(window, reference, designEffect)[0];
  if (!first) return { logP: 0, shift: 0, matters: false };
  const logP = Math.min(0, Math.LN2 + logNormalTail(Math.abs(first.statistic)));
  return { logP, shift: first.shift, matters: Math.abs(first.shift) >= MIN_SHIFT };
}

/**
 * Two exact tests of large errors, which ranks on average hardly see: the rows in the bin of the largest magnitudes (Fisher's
 * test), and the rows beyond all m earlier ones, which are the first in descending order.
 */
function testTail({ magnitudes }: TargetErrors, m: number, n: number, counts: TargetCounts, designEffect: number) {
  const independent = (rows: number) => Math.floor(rows / designEffect);
  const [beyond, top] = [independent(counts.beyond), independent(counts.magnitudes.at(-1)!)];
  const held = magnitudes.counts.at(-1)!;
  const rows = independent(n);
  const exceeding = beyond > 0 ? logHypergeometric(0, beyond, m, rows) : 0;
  const inLast =
    magnitudes.counts.length > 1 && top > 0 ? logHypergeometricTail(top, rows, top + held, rows + m - top - held) : 0;
  const share = Math.max(counts.beyond / n - 1 / (m + 1), counts.magnitudes.at(-1)! / n - held / m);
  return { logP: Math.min(0, Math.LN2 + Math.min(exceeding, inLast)), shift: share, matters: share >= MIN_SHARE };
}

/** The mean and the variance of the middle ranks of a window's bins, in the reference. */
export function rankMoments(window: readonly number[], { counts }: TargetErrors['errors']) {
  const n = window.reduce((sum, count) => sum + count, 0);
  const m = counts.reduce((sum, count) => sum + count, 0);
  let before = 0;
  let mean = 0;
  let square = 0;
  counts.forEach((count, k) => {
    const rank = (before + count / 2) / m;
    before += count;
    mean += (window[k]! / n) * rank;
    square += (window[k]! / n) * rank ** 2;
  });
  return { mean, variance: Math.max(0, square - mean * mean) };
}
