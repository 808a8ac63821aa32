import { cholesky, solveTransposed } from '../../base/statistics/cholesky.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { quantileFunction } from '../../model/baseline/sketches/grid-quantile.js';
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
