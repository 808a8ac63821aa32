/** Added to the diagonal of the covariance, so that constant and duplicate features leave it invertible. */
export const RIDGE = 1e-3;

/** Sums that give a mean and a covariance. They can be subtracted, so that a fold can be left out. */
export interface Moments {
  readonly rows: number;
  /** `[features]` */
  readonly sum: Float64Array;
  /** `[features, features]`: sums of products, the lower triangle only. */
  readonly products: Float64Array;
}

/** Moments of the rows `start, start + step, …` of `scores` `[rows, features]`. */
export function momentsOf(scores: Float64Array, features: number, start: number, step: number): Moments {
  const sum = new Float64Array(features);
  const products = new Float64Array(features * features);
  let rows = 0;
  for (let at = start * features; at < scores.length; at += step * features, rows++) {
    for (let i = 0; i < features; i++) {
      const a = scores[at + i]!;
      sum[i]! += a;
      for (let j = 0; j <= i; j++) products[i * features + j]! += a * scores[at + j]!;
    }
  }
  return { rows, sum, products };
}

/** Adds `part` to `all` if `sign` is 1, and subtracts it if `sign` is -1. */
export function combine(all: Moments, part: Moments, sign: 1 | -1): Moments {
  return {
    rows: all.rows + sign * part.rows,
    sum: all.sum.map((value, i) => value + sign * part.sum[i]!),
    products: all.products.map((value, i) => value + sign * part.products[i]!),
  };
}

/** The mean `[features]` and the precision matrix `(covariance + ridge)⁻¹` `[features, features]`. */
export function precisionOf({ rows, sum, products }: Moments): { mean: Float64Array; precision: Float64Array } {
  const d = sum.length;
  const mean = sum.map((value) => value / rows);
  const lower = products.map((value, at) => {
    const i = Math.floor(at / d);
    const j = at % d;
    return value / rows - mean[i]! * mean[j]! + (i === j ? RIDGE : 0);
  });
  return { mean, precision: invert(lower, d) };
}

/** Inverts a positive definite matrix `[d, d]` by Cholesky decomposition. Reads and overwrites its lower triangle. */
export function invert(lower: Float64Array, d: number): Float64Array {
  for (let j = 0; j < d; j++) {
    for (let i = j; i < d; i++) {
      let value = lower[i * d + j]!;
      for (let k = 0; k < j; k++) value -= lower[i * d + k]! * lower[j * d + k]!;
      lower[i * d + j] = i === j ? Math.sqrt(value) : value / lower[j * d + j]!;
    }
  }
  const factor = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    factor[j * d + j] = 1 / lower[j * d + j]!;
    for (let i = j + 1; i < d; i++) {
      let value = 0;
      for (let k = j; k < i; k++) value -= lower[i * d + k]! * factor[k * d + j]!;
      factor[i * d + j] = value / lower[i * d + i]!;
    }
  }
  const inverse = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let value = 0;
      for (let k = i; k < d; k++) value += factor[k * d + i]! * factor[k * d + j]!;
      inverse[i * d + j] = value;
      inverse[j * d + i] = value;
    }
  }
  return inverse;
}
