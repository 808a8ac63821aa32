/**
 * Returns the lower triangular L with `L Lᵀ = matrix` `[size, size]`, of which the lower triangle is read. It holds NaN if the
 * matrix is not positive definite.
 */
export function cholesky(matrix: ArrayLike<number>, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) value -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(value) : value / factor[j * size + j]!;
    }
  }
  return factor;
}

/** Solves `L x = b` in place. */
export function solveLower(factor: Float64Array, b: Float64Array): void {
  const size = b.length;
  for (let i = 0; i < size; i++) {
    let value = b[i]!;
    for (let k = 0; k < i; k++) value -= factor[i * size + k]! * b[k]!;
    b[i] = value / factor[i * size + i]!;
  }
}

/** Solves `Lᵀ x = b` in place, which gives independent standard normal numbers the covariance `(L Lᵀ)⁻¹`. */
export function solveTransposed(factor: Float64Array, b: Float64Array): void {
  const size = b.length;
  for (let j = size - 1; j >= 0; j--) {
    let value = b[j]!;
    for (let k = j + 1; k < size; k++) value -= factor[k * size + j]! * b[k]!;
    b[j] = value / factor[j * size + j]!;
  }
}
