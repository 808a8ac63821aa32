import type { FeatureSummary } from '../../src/cli/drift-self-check/shifts.js';

/** A direction in standardised units, of length 1, and the variance of the rows along it. */
export interface Component {
  readonly direction: Float64Array;
  readonly variance: number;
}

/** Returns the principal components of `rows` `[count, d]`, standardised by `summaries`, largest variance first. */
export function principalComponents(rows: Float32Array, summaries: readonly FeatureSummary[]): Component[] {
  const d = summaries.length;
  const count = rows.length / d;
  const matrix = new Float64Array(d * d);
  const scaled = new Float64Array(d);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < d; j++) scaled[j] = (rows[r * d + j]! - summaries[j]!.mean) / summaries[j]!.deviation;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) matrix[i * d + j]! += (scaled[i]! * scaled[j]!) / count;
    }
  }
  const vectors = diagonalise(matrix, d);
  return Array.from({ length: d }, (_, k) => ({
    direction: Float64Array.from({ length: d }, (_, i) => vectors[i * d + k]!),
    variance: matrix[k * d + k]!,
  })).sort((a, b) => b.variance - a.variance);
}

/** Jacobi's method: rotates the symmetric `matrix` `[d, d]` until it is diagonal; returns the eigenvectors in columns. */
function diagonalise(matrix: Float64Array, d: number): Float64Array {
  const vectors = Float64Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < 50; sweep++) {
    let off = 0;
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        off += Math.abs(matrix[p * d + q]!);
        rotate(matrix, vectors, d, p, q);
      }
    }
    if (off < 1e-12) break;
  }
  return vectors;
}

/** Applies the rotation that makes the element (p, q) zero. */
function rotate(matrix: Float64Array, vectors: Float64Array, d: number, p: number, q: number): void {
  const element = matrix[p * d + q]!;
  if (element === 0) return;
  const ratio = (matrix[q * d + q]! - matrix[p * d + p]!) / (2 * element);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const combine = (values: Float64Array, a: number, b: number) => {
    const [first, second] = [values[a]!, values[b]!];
    values[a] = cosine * first - sine * second;
    values[b] = sine * first + cosine * second;
  };
  for (let k = 0; k < d; k++) combine(matrix, k * d + p, k * d + q);
  for (let k = 0; k < d; k++) combine(matrix, p * d + k, q * d + k);
  for (let k = 0; k < d; k++) combine(vectors, k * d + p, k * d + q);
}
