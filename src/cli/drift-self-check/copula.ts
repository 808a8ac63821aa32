import { normalCdf, normalQuantile } from '../../base/statistics/normal.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { binOf } from '../../model/baseline/sketches/bins.js';
import type { ScoreGrid } from '../../model/baseline/sketches/normal-scores.js';
import type { Draw } from './draw.js';

/**
 * Draws rows from a Gaussian copula fitted to a baseline: normal scores with its correlations, each converted to a value by
 * the grid of its feature. This reproduces pairwise, monotonic dependence. Features are independent if the baseline has no
 * conditional channel, because then it does not contain their dependence.
 */
export function drawFromCopula({ features, conditional, rows: baselineRows }: Baseline): Draw {
  const d = features.length;
  const factor = conditional && cholesky(conditional.precision, d);
  const deviations = factor && deviationsOf(factor, d);
  const quantiles = features.map(({ grid, missing }) => quantileFunction(grid, baselineRows - missing));
  const scores = new Float64Array(d);
  return (count, random) => {
    const rows = new Float32Array(count * d);
    for (let at = 0; at < rows.length; at += d) {
      for (let j = 0; j < d; j++) scores[j] = random.normal();
      if (factor) solveTransposed(factor, scores);
      for (let j = 0; j < d; j++) {
        const isMissing = random.uniform() * baselineRows < features[j]!.missing;
        rows[at + j] = isMissing ? Number.NaN : quantiles[j]!(scores[j]! / (deviations?.[j] ?? 1));
      }
    }
    return rows;
  };
}

/** Returns the value at a normal score: a step function if the grid holds all values of the feature, otherwise linear interpolation. */
function quantileFunction({ values, scores }: ScoreGrid, rows: number): (score: number) => number {
  const tops = stepTops(scores, rows);
  if (tops) return (score) => values[binOf(tops, score)]!;
  return (score) => {
    const at = Math.min(binOf(scores, score), scores.length - 1);
    if (at === 0 || score > scores[at]!) return values[at]!;
    const share = (score - scores[at - 1]!) / (scores[at]! - scores[at - 1]!);
    return values[at - 1]! + share * (values[at]! - values[at - 1]!);
  };
}

/**
 * Returns the normal score up to which each value extends, if the grid holds all values. The score of a value is that of its
 * middle rank, `below + (equal + 1) / 2`, which gives its number of rows. If the grid omits values, the counts do not add up.
 */
function stepTops(scores: readonly number[], rows: number): number[] | undefined {
  let below = 0;
  const tops: number[] = [];
  for (const score of scores) {
    const equal = Math.round(2 * (normalCdf(score) * (rows + 1) - below) - 1);
    if (equal < 1) return undefined;
    below += equal;
    tops.push(below < rows ? normalQuantile(below / rows) : Number.POSITIVE_INFINITY);
  }
  return below === rows ? tops : undefined;
}

/** Returns the lower triangular L with `L Lᵀ = matrix` `[d, d]`, which must be positive definite. */
function cholesky(matrix: readonly number[], d: number): Float64Array {
  const factor = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * d + j]!;
      for (let k = 0; k < j; k++) value -= factor[i * d + k]! * factor[j * d + k]!;
      factor[i * d + j] = i === j ? Math.sqrt(value) : value / factor[j * d + j]!;
    }
  }
  return factor;
}

/** Solves `Lᵀ x = b` in place, which gives independent standard normal numbers the covariance `(L Lᵀ)⁻¹`. */
function solveTransposed(factor: Float64Array, b: Float64Array): void {
  const d = b.length;
  for (let j = d - 1; j >= 0; j--) {
    let value = b[j]!;
    for (let k = j + 1; k < d; k++) value -= factor[k * d + j]! * b[k]!;
    b[j] = value / factor[j * d + j]!;
  }
}

/** Returns the standard deviations of the covariance `(L Lᵀ)⁻¹`, below 1 for features with ties, whose scores vary less. */
function deviationsOf(factor: Float64Array, d: number): Float64Array {
  const variances = new Float64Array(d);
  for (let k = 0; k < d; k++) {
    const unit = new Float64Array(d);
    unit[k] = 1;
    solveTransposed(factor, unit);
    for (let j = 0; j < d; j++) variances[j]! += unit[j]! ** 2;
  }
  return variances.map(Math.sqrt);
}
