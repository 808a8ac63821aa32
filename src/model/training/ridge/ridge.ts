/** Standardised rows: `inputs` `[rows, width]` of the network and `targets` `[rows, outputs]`. */
export interface InputRows {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** Penalties to choose from, in units of a row: half as much and twice as much make little difference. */
export const PENALTIES = Array.from({ length: 13 }, (_, i) => 10 ** (i / 2 - 2));

/** A share of the diagonal, so that equal columns do not prevent the factorisation. */
const JITTER = 1e-9;

/**
 * Fits a ridge regression of `targets` to the inputs of `training`, with the penalty that has the smallest squared error on
 * `heldOut`; of the mean, if none has a smaller one. Returns the coefficients `[width + 1, outputs]`, the last row the
 * intercept. The last argument, the normal equations of `training`, saves computing them again.
 *
 * Hoerl and Kennard 1970, Ridge Regression: Biased Estimation for Nonorthogonal Problems.
 */
export function fitRidge(
  training: InputRows,
  heldOut: InputRows,
  width: number,
  outputs: number,
  { gram, moments } = normalEquations(training, width, outputs),
): Float64Array {
  const size = width + 1;
  let best = new Float64Array(size * outputs);
  for (let o = 0; o < outputs; o++) best[width * outputs + o] = moments[width * outputs + o]! / training.rows;
  const errorOf = judgeOf(heldOut, width, outputs);
  let smallest = errorOf(best);
  for (const penalty of PENALTIES) {
    const penalised = gram.slice();
    for (let i = 0; i < width; i++) penalised[i * size + i]! += penalty + JITTER * gram[i * size + i]!;
    const coefficients = solve(penalised, moments, size, outputs);
    const error = errorOf(coefficients);
    if (error < smallest) [best, smallest] = [coefficients, error];
  }
  return best;
}

/** The lower triangle of `XᵀX` `[width + 1, width + 1]` and `XᵀY` `[width + 1, outputs]`, with a last column of ones in X. */
export interface NormalEquations {
  readonly gram: Float64Array;
  readonly moments: Float64Array;
}

/** Returns the normal equations of rows. */
export function normalEquations({ rows, inputs, targets }: InputRows, width: number, outputs: number): NormalEquations {
  const size = width + 1;
  const gram = new Float64Array(size * size);
  const moments = new Float64Array(size * outputs);
  // Four rows at once: each sum is loaded and stored once for all of them. Rows beyond the last are 0.
  const block = new Float64Array(4 * size);
  const [a, b, c, d] = [0, 1, 2, 3].map((r) => block.subarray(r * size, (r + 1) * size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let first = 0; first < rows; first += 4) {
    const count = Math.min(4, rows - first);
    block.fill(0);
    for (let r = 0; r < count; r++) {
      for (let i = 0; i < width; i++) block[r * size + i] = inputs[(first + r) * width + i]!;
      block[r * size + width] = 1;
    }
    for (let i = 0; i < size; i++) {
      const [w, x, y, z] = [a[i]!, b[i]!, c[i]!, d[i]!];
      for (let j = 0, at = i * size; j <= i; j++, at++) {
        gram[at] = gram[at]! + w * a[j]! + x * b[j]! + y * c[j]! + z * d[j]!;
      }
      for (let r = 0; r < count; r++) {
        const value = block[r * size + i]!;
        for (let o = 0, at = i * outputs, from = (first + r) * outputs; o < outputs; o++)
          moments[at++]! += value * targets[from++]!;
      }
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
  for (let j = 0; j < size; j++) {
    const of = j * size;
    let square = matrix[of + j]!;
    for (let k = 0; k < j; k++) square -= matrix[of + k]! ** 2;
    const diagonal = Math.sqrt(square);
    matrix[of + j] = diagonal;
    // Four rows at once: one sum alone waits for each of its products.
    let i = j + 1;
    for (; i + 3 < size; i += 4) {
      const [a, b, c, d] = [i * size, (i + 1) * size, (i + 2) * size, (i + 3) * size];
      let [w, x, y, z] = [matrix[a + j]!, matrix[b + j]!, matrix[c + j]!, matrix[d + j]!];
      for (let k = 0; k < j; k++) {
        const factor = matrix[of + k]!;
        w -= matrix[a + k]! * factor;
        x -= matrix[b + k]! * factor;
        y -= matrix[c + k]! * factor;
        z -= matrix[d + k]! * factor;
      }
      matrix[a + j] = w / diagonal;
      matrix[b + j] = x / diagonal;
      matrix[c + j] = y / diagonal;
      matrix[d + j] = z / diagonal;
    }
    for (; i < size; i++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k]! * matrix[of + k]!;
      matrix[i * size + j] = sum / diagonal;
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

/** Returns the sum of the squared errors of coefficients on some rows; NaN if they are not finite. */
type Judge = (coefficients: Float64Array) => number;

/**
 * Of many outputs, the sum follows from the normal equations of the rows, `ΣY² - 2 B·XᵀY + B·XᵀX B`, which costs less than to
 * predict every row for each penalty.
 */
function judgeOf(heldOut: InputRows, width: number, outputs: number): Judge {
  const size = width + 1;
  if (outputs * PENALTIES.length < size) return (coefficients) => squaredError(heldOut, coefficients, width, outputs);
  const { gram, moments } = normalEquations(heldOut, width, outputs);
  let squares = 0;
  for (const target of heldOut.targets) squares += target * target;
  return (coefficients) => {
    let sum = squares;
    for (let i = 0; i < size; i++) {
      for (let o = 0; o < outputs; o++) {
        const at = i * outputs + o;
        const coefficient = coefficients[at]!;
        let explained = gram[i * size + i]! * coefficient - 2 * moments[at]!;
        for (let j = 0; j < i; j++) explained += 2 * gram[i * size + j]! * coefficients[j * outputs + o]!;
        sum += coefficient * explained;
      }
    }
    return sum;
  };
}

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
