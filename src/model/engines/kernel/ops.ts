/** Rows per chunk, which is also the distance between two features of an activation buffer. */
export const CHUNK = 64;

/** Rows that the operations compute at a time: a chunk's rows are padded to a multiple of it. */
export const ROW_BLOCK = 8;

/** `count` rows, rounded up to what the operations compute at a time. */
export function padRows(count: number): number {
  return Math.ceil(count / ROW_BLOCK) * ROW_BLOCK;
}

/**
 * What a network is computed with, over one linear memory. A position is the number of a float in `heap`.
 *
 * Activations are held in chunks of at most 64 rows, feature-major, `[features, 64]`: feature f of row r is at
 * `buffer + 64 × f + r`. So the rows fill the SIMD lanes, a layer may have any width, weights keep their row-major
 * layout `[inputs, units]`, and a batch of any size needs no more memory than one chunk. A row that is computed alone
 * is held as `[features]`. `rows` is a multiple of 8.
 */
export interface Ops {
  /** The memory. `alloc` may replace it: take it anew after each call. */
  heap: Float32Array | Float64Array;

  /** Reserves `count` zeros, aligned to 16, and returns their position. Throws a RangeError when memory is exhausted. */
  alloc(count: number): number;

  /**
   * `out[o, r] = Σ_i weights[outStep × o + inStep × i] × input[i, r]`, added to what `out` holds if `add` is not 0.
   * With steps 1 and `units` it goes forward through a layer, with `units` and 1 backward. May write up to 3 features
   * more than `outs`, and read the weights that these would have.
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

  /** `out[o] = Σ_i weights[i, o] × input[i]`. May write up to 15 features more, and read the weights of these. */
  rowProduct(out: number, weights: number, input: number, outs: number, ins: number): void;

  /** `out[o, r] = selu(out[o, r] + bias[o])` */
  biasSelu(out: number, bias: number, outs: number, rows: number): void;

  /** `out[o] = selu(out[o] + bias[o])`. May read and write up to 7 features more. */
  rowBiasSelu(out: number, bias: number, outs: number): void;

  /** `errors[o, r] ×= selu'`, taken from the activations `out`; `bias[o] += Σ_r errors[o, r]`. */
  seluGradient(errors: number, out: number, bias: number, outs: number, rows: number): void;

  /** `out[i, o] += Σ_r input[i, r] × errors[o, r]`, `out` row-major. May read 1 input and 3 errors more. */
  weightGradient(out: number, input: number, errors: number, ins: number, outs: number, rows: number): void;

  /**
   * Of the first `count` rows of a head: `residual = out[u, r] + bias[u] - target[u, r]`, `errors[u, r] = factor × residual`,
   * 0 in the rows of padding, and `biasGradient[u] += Σ_r errors[u, r]`. `errors` may be `target`. Returns the sum of squares
   * of the residuals.
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
