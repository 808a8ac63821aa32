import { cholesky, solveLower, solveTransposed } from '../../base/statistics/cholesky.js';
import { normalQuantile } from '../../base/statistics/normal.js';
import type { Random } from '../../base/statistics/random.js';

/** Features whose dependence is computed: more would take longer than the explanation of a row. */
const MAX_DEPENDENT = 500;
/** Draws per feature from which their correlations, which chance brings about, can be removed. */
const DRAWS_PER_FEATURE = 4 / 3;

/**
 * Draws normal scores `[draws, features]` with the dependence of a precision matrix `[features, features]`, or independent ones
 * without it. Each feature has one score in each of `draws` strata of equal probability (a Latin hypercube), in an order that
 * has the correlations: Iman and Conover, 1982, https://doi.org/10.1080/03610918208812265. So a few draws represent each
 * feature, and each pair, as well as many random ones.
 */
export function stratifiedScores(
  draws: number,
  features: number,
  precision: readonly number[] | undefined,
  random: Random,
): Float64Array {
  const strata = Float64Array.from({ length: draws }, (_, k) => normalQuantile((k + 0.5) / draws));
  const scores = new Float64Array(draws * features);
  for (let at = 0; at < scores.length; at++) scores[at] = random.normal();
  rankByFeature(scores, features, strata);
  if (!precision || features > MAX_DEPENDENT) return scores;
  const factor = cholesky(precision, features);
  if (!factor.every(Number.isFinite)) return scores;
  if (draws >= DRAWS_PER_FEATURE * features) whiten(scores, features);
  for (let at = 0; at < scores.length; at += features) solveTransposed(factor, scores.subarray(at, at + features));
  rankByFeature(scores, features, strata);
  return scores;
}

/** Replaces the scores of each feature by those of the strata, in the same order. */
function rankByFeature(scores: Float64Array, features: number, strata: Float64Array): void {
  for (let j = 0; j < features; j++) {
    const order = Array.from(strata, (_, draw) => draw);
    order.sort((a, b) => scores[a * features + j]! - scores[b * features + j]! || a - b);
    order.forEach((draw, rank) => {
      scores[draw * features + j] = strata[rank]!;
    });
  }
}

/** Removes the correlations of features whose means are 0; not if some are functions of the others. */
function whiten(scores: Float64Array, features: number): void {
  const products = new Float64Array(features * features);
  for (let at = 0; at < scores.length; at += features) {
    for (let i = 0; i < features; i++) {
      for (let j = 0; j <= i; j++) products[i * features + j]! += scores[at + i]! * scores[at + j]!;
    }
  }
  const factor = cholesky(products, features);
  if (!factor.every(Number.isFinite)) return;
  for (let at = 0; at < scores.length; at += features) solveLower(factor, scores.subarray(at, at + features));
}
