/** A symmetric matrix in a basis where only its diagonal `[size]` and the elements beside it `[size - 1]` are not 0. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/**
 * Brings a symmetric matrix `[size, size]`, of which the lower triangle is read and replaced, to tridiagonal form `Qᵀ A Q` by
 * Householder's reflections, and replaces `right` `[size, columns]` by `Qᵀ right`.
 *
 * Golub and Van Loan 2013, Matrix Computations, algorithm 8.3.1.
 */
export function tridiagonalise(matrix: Float64Array, right: Float64Array, size: number, columns: number): Tridiagonal {
  const beside = new Float64Array(Math.max(0, size - 1));
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k + 1 < size; k++) {
    let squares = 0;
    for (let i = k + 1; i < size; i++) {
      v[i] = matrix[i * size + k]!;
      squares += v[i]! ** 2;
    }
    const first = v[k + 1]!;
    beside[k] = first;
    // Nothing is below it.
    if (squares - first ** 2 === 0) continue;
    const reflected = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    beside[k] = reflected;
    v[k + 1] = first - reflected;
    const factor = 1 / (squares - reflected * first);
    reflect(matrix, size, k + 1, v, w, factor);
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let i = k + 1; i < size; i++) sum += v[i]! * right[i * columns + c]!;
      for (let i = k + 1; i < size; i++) right[i * columns + c]! -= factor * sum * v[i]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!), beside };
}

/** Replaces the rows and columns from `from` on by `H A H`, with `H = 1 - factor v vᵀ`. `w` is scratch. */
function reflect(a: Float64Array, size: number, from: number, v: Float64Array, w: Float64Array, factor: number): void {
  w.fill(0, from);
  for (let i = from; i < size; i++) {
    const vi = v[i]!;
    let sum = 0;
    let at = i * size + from;
    for (let j = from; j < i; j++, at++) {
      sum += a[at]! * v[j]!;
      w[j]! += a[at]! * vi;
    }
    w[i]! += sum + a[at]! * vi;
  }
  let product = 0;
  for (let i = from; i < size; i++) {
    w[i]! *= factor;
    product += w[i]! * v[i]!;
  }
  for (let i = from; i < size; i++) w[i]! -= 0.5 * factor * product * v[i]!;
  for (let i = from; i < size; i++) {
    const [vi, wi] = [v[i]!, w[i]!];
    for (let j = from, at = i * size + from; j <= i; j++, at++) a[at] = a[at]! - vi * w[j]! - wi * v[j]!;
  }
}

/**
 * Solves `(T + penalty) x = right`, where `right` is a column `column` of `[size, columns]`. Returns `x` and the trace of the
 * inverse of `T + penalty`, which must be positive definite.
 */
export function solveTridiagonal(
  { diagonal, beside }: Tridiagonal,
  penalty: number,
  right: Float64Array,
  columns: number,
  column: number,
): { x: Float64Array; trace: number } {
  const size = diagonal.length;
  // Pivots of the elimination from the first row on, and from the last.
  const down = new Float64Array(size);
  const up = new Float64Array(size);
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const above = i > 0 ? beside[i - 1]! / down[i - 1]! : 0;
    down[i] = diagonal[i]! + penalty - (i > 0 ? above * beside[i - 1]! : 0);
    x[i] = right[i * columns + column]! - (i > 0 ? above * x[i - 1]! : 0);
  }
  let trace = 0;
  for (let i = size - 1; i >= 0; i--) {
    const isLast = i === size - 1;
    up[i] = diagonal[i]! + penalty - (isLast ? 0 : beside[i]! ** 2 / up[i + 1]!);
    x[i] = (x[i]! - (isLast ? 0 : beside[i]! * x[i + 1]!)) / down[i]!;
    trace += 1 / (down[i]! + up[i]! - diagonal[i]! - penalty);
  }
  return { x, trace };
}
