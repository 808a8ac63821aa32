/** Rows per chunk, and the distance between two features of an activation buffer. */
export const CHUNK = 64;

/** Rows that the operations compute at a time. The rows of a chunk are padded to a multiple of it. */
export const ROW_BLOCK = 8;

/** Returns `count` rounded up to a multiple of `ROW_BLOCK`. */
export function padRows(count: number): number {
  return Math.ceil(count / ROW_BLOCK) * ROW_BLOCK;
}

/**
 * The operations of a network on one linear memory. A position is an index into `heap`.
 *
 * Activations are stored in chunks of at most 64 rows, feature-major, `[features, 64]`: feature f of row r is at
 * `buffer + 64 × f + r`. The rows fill the SIMD lanes, a layer may have any width, weights stay row-major `[inputs, units]`, and
 * a batch of any size needs the memory of one chunk. A row that is computed alone is stored as `[features]`. `rows` is a
 * multiple of 8.
 */
export interface Ops {
  /** The memory. `alloc` may replace it: read this property again after each call. */
  heap: Float32Array | Float64Array;

  /** Reserves `count` zeros, aligned to 16, and returns their position. Throws a RangeError when memory is exhausted. */
  alloc(count: number): number;

  /** Gives up all that was reserved. Another network may take the memory: these operations must not be called any more. */
  release(): void;

  /**
   * `out[o, r] = Σ_i weights[outStep × o + inStep × i] × input[i, r]`, added to the content of `out` if `add` is not 0. The steps
   * 1 and `units` compute a layer forward, `units` and 1 backward. May write up to 3 features more than `outs`, and read the
   * weights that these would have.
   */
  product(
    out: number,
    weights: number,
    outStep: number,
    inStep: number,
    input: number,
    outs: number,
    ins: number,
    rows: number,
    add: number,
  ): void;

  /** `out[o] = Σ_i weights[i, o] × input[i]`. May write up to 15 features more, and read the weights that these would have. */
  rowProduct(out: number, weights: number, input: number, outs: number, ins: number): void;

  /** `out[o, r] = selu(out[o, r] + bias[o])` */
  biasSelu(out: number, bias: number, outs: number, rows: number): void;

  /** `out[o] = selu(out[o] + bias[o])`. May read and write up to 7 features more. */
  rowBiasSelu(out: number, bias: number, outs: number): void;

  /** `errors[o, r] ×= selu'`, derived from the activations `out`; `bias[o] += Σ_r errors[o, r]`. */
  seluGradient(errors: number, out: number, bias: number, outs: number, rows: number): void;

  /** `out[i, o] += Σ_r input[i, r] × errors[o, r]`, `out` row-major. May read 1 input and 3 errors more. */
  weightGradient(out: number, input: number, errors: number, ins: number, outs: number, rows: number): void;

  /**
   * For the first `count` rows of a head: `residual = out[u, r] + bias[u] - target[u, r]`, `errors[u, r] = factor × residual`, 0 in
   * the rows of padding, and `biasGradient[u] += Σ_r errors[u, r]`. `errors` may be `target`. Returns the sum of the squared
   * residuals.
   */
  residuals(
    errors: number,
    out: number,
    bias: number,
    target: number,
    biasGradient: number,
    units: number,
    count: number,
    factor: number,
  ): number;

  /**
   * Adam and Nadam over `count` weights, a multiple of 4: `mean += meanRate × (gradient - mean)`,
   * `variance += varianceRate × (gradient² - variance)`, `weights -= (meanFactor × mean + gradientFactor × gradient)
   * / (deviationFactor × √variance + epsilon)`.
   */
  adam(
    weights: number,
    gradient: number,
    mean: number,
    variance: number,
    count: number,
    meanRate: number,
    varianceRate: number,
    meanFactor: number,
    gradientFactor: number,
    deviationFactor: number,
    epsilon: number,
  ): void;

  /** `weights -= learningRate × gradient` over `count` weights, a multiple of 4. */
  descend(weights: number, gradient: number, count: number, learningRate: number): void;
}
