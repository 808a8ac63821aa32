import { combine, momentsOf, precisionOf } from './precision.js';

/**
 * Writes `Ω (n - mean)` of one row of normal scores, `scores[at..at + features)`, and after it the squared Mahalanobis
 * distance, to `out` `[features + 1]`. The conditional residual of feature j is `out[j] / Ω_jj`, the part that the other features do not
 * explain (the regression of one Gaussian variable on the others).
 */
export function whiten(
  scores: Float64Array,
  at: number,
  mean: Float64Array,
  precision: Float64Array,
  out: Float64Array,
): void {
  const d = mean.length;
  let distance = 0;
  for (let i = 0; i < d; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += precision[i * d + j]! * (scores[at + j]! - mean[j]!);
    out[i] = sum;
    distance += sum * (scores[at + i]! - mean[i]!);
  }
  out[d] = distance;
}

const FOLDS = 5;

/**
 * Measures held-out rows by their normal scores `[rows, features]`. Returns the mean and the precision matrix of the scores, the
 * conditional residuals `[rows, features]`, and the squared distances `[rows]`. A row's distance is computed with a precision matrix of the other rows: a matrix that includes
 * the row would make held-out rows slightly too ordinary, and new rows slightly too unusual in comparison. Residuals are
 * computed with the one matrix that is also used for new rows: residuals of a feature with few values form tight clusters, in
 * which their order depends on the last digits of the matrix.
 */
export function measure(scores: Float64Array, features: number) {
  const rows = scores.length / features;
  const folds = Array.from({ length: FOLDS }, (_, f) => momentsOf(scores, features, f, FOLDS));
  const all = folds.reduce((sum, fold) => combine(sum, fold, 1));
  const { mean, precision } = precisionOf(all);
  const residuals = new Float64Array(rows * features);
  const distances = new Float64Array(rows);
  const whitened = new Float64Array(features + 1);
  folds.forEach((fold, f) => {
    const others = precisionOf(combine(all, fold, -1));
    for (let r = f; r < rows; r += FOLDS) {
      whiten(scores, r * features, others.mean, others.precision, whitened);
      distances[r] = whitened[features]!;
      whiten(scores, r * features, mean, precision, whitened);
      for (let j = 0; j < features; j++) {
        residuals[r * features + j] = whitened[j]! / precision[j * features + j]!;
      }
    }
  });
  return { mean, precision, residuals, distances };
}
