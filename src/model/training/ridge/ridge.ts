/** Standardised rows: `inputs` `[rows, width]` of the network and `targets` `[rows, outputs]`. */
export interface InputRows {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** Penalties to choose from, in units of a row: half as much and twice as much make little difference. */
const PENALTIES = Array.from({ length: 13 }, (_, i) => 10 ** (i / 2 - 2));

/** A share of the diagonal, so that equal columns do not prevent the factorisation. */
const JITTER = 1e-9;

/**
 * Fits a ridge regression of `targets` to the inputs of `training`, with the penalty that has the smallest squared error on
 * `heldOut`; of the mean, if none has a smaller one. Returns the coefficients `[width + 1, outputs]`, the last row the
 * intercept.
 *
 * Hoerl and Kennard 1970, Ridge Regression: Biased Estimation for Nonorthogonal Problems.
 */
export function fitRidge(training: InputRows, heldOut: InputRows, width: number, outputs: number): Float64Array {
  const size = width + 1;
  const { gram, moments } = normalEquations(training, width, outputs);
  let best = new Float64Array(size * outputs);
  for (let o = 0; o < outputs; o++) best[width * outputs + o] = moments[width * outputs + o]! / training.rows;
  let smallest = squaredError(heldOut, best, width, outputs);
  for (const penalty of PENALTIES) {
    const penalised = gram.slice();
    for (let i = 0; i < width; i++) penalised[i * size + i]! += penalty + JITTER * gram[i * size + i]!;
    const coefficients = solve(penalised, moments, size, outputs);
    const error = squaredError(heldOut, coefficients, width, outputs);
    if (error < smallest) [best, smallest] = [coefficients, error];
  }
  return best;
}

/** Returns the lower triangle of `XᵀX` `[width + 1, width + 1]` and `XᵀY` `[width + 1, outputs]`, with a last column of ones in X. */
export function normalEquations({ rows, inputs, targets }: InputRows, width: number, outputs: number) {
  const size = width + 1;
  const gram = new Float64Array(size * size);
  const moments = new Float64Array(size * outputs);
  const row = new Float64Array(size);
  row[width] = 1;
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < width; i++) row[i] = inputs[r * width + i]!;
    for (let i = 0; i < size; i++) {
      const value = row[i]!;
      if (value === 0) continue;
      for (let j = 0, at = i * size; j <= i; j++, at++) gram[at]! += value * row[j]!;
      for (let o = 0; o < outputs; o++) moments[i * outputs + o]! += value * targets[r * outputs + o]!;
    }
  }
  return { gram, moments };
}

/**
 * Solves `matrix × x = right` by Cholesky's factorisation. `matrix` `[size, size]` is symmetric and positive definite; its lower
 * triangle is read and replaced. `right` and the result are `[size, columns]`.
 */
export function solve(
  matrix: Float64Array,
  right: Float64Array,
  size: number,
  columns: number,
): Float64Array<ArrayBuffer> {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0, a = i * size, b = j * size; k < j; k++) sum -= matrix[a++]! * matrix[b++]!;
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j]!;
    }
  }
  const x = Float64Array.from(right);
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < size; i++) {
      let sum = x[i * columns + c]!;
      for (let k = 0; k < i; k++) sum -= matrix[i * size + k]! * x[k * columns + c]!;
      x[i * columns + c] = sum / matrix[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = x[i * columns + c]!;
      for (let k = i + 1; k < size; k++) sum -= matrix[k * size + i]! * x[k * columns + c]!;
      x[i * columns + c] = sum / matrix[i * size + i]!;
    }
  }
  return x;
}

/** Returns the sum of squared errors; NaN if the coefficients are not finite. */
function squaredError(
  { rows, inputs, targets }: InputRows,
  coefficients: Float64Array,
  width: number,
  outputs: number,
): number {
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = coefficients[width * outputs + o]! - targets[r * outputs + o]!;
      for (let i = 0; i < width; i++) sum += inputs[r * width + i]! * coefficients[i * outputs + o]!;
      squares += sum * sum;
    }
  }
  return squares;
}
