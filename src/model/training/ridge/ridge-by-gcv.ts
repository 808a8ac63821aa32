import { type InputRows, type NormalEquations, PENALTIES, solve } from './ridge.js';
import { solveTridiagonal, tridiagonalise } from './tridiagonal.js';

/** A ridge regression of each output. */
export interface RidgeFit {
  /** `[width + 1, outputs]`; the last row is the intercept. */
  readonly coefficients: Float64Array;
  /** `[outputs]`, as the `alpha` of scikit-learn's Ridge. */
  readonly penalties: readonly number[];
  /** Rows that it is fitted to. */
  readonly rows: number;
}

/**
 * Fits a ridge regression of `targets` `[rows, outputs]` to the inputs of `equations`, each output with the penalty that generalised
 * cross-validation finds best. Only these rows decide. The intercept bears no penalty. Returns null if no fit is finite.
 *
 * Golub, Heath and Wahba 1979, Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter; by a tridiagonal
 * form, as Eldén 1984, A Note on the Computation of the Generalized Cross-Validation Function for Ill-Conditioned Least Squares
 * Problems: the work of a few factorisations for all penalties.
 */
export function fitRidgeByGcv(
  equations: NormalEquations,
  { rows, targets }: Pick<InputRows, 'rows' | 'targets'>,
  width: number,
  outputs: number,
): RidgeFit | null {
  const { gram, moments, means } = centred(equations, rows, width, outputs);
  const penalties = bestPenalties(gram, moments, squaresAboutMean(targets, rows, outputs, means.targets), rows);
  const coefficients = new Float64Array((width + 1) * outputs);
  for (const penalty of new Set(penalties)) {
    const penalised = gram.slice();
    for (let i = 0; i < width; i++) penalised[i * width + i]! += penalty;
    const solution = solve(penalised, moments, width, outputs);
    for (let o = 0; o < outputs; o++) {
      if (penalties[o] !== penalty) continue;
      let intercept = means.targets[o]!;
      for (let i = 0; i < width; i++) {
        const coefficient = solution[i * outputs + o]!;
        coefficients[i * outputs + o] = coefficient;
        intercept -= coefficient * means.inputs[i]!;
      }
      coefficients[width * outputs + o] = intercept;
    }
  }
  return coefficients.every(Number.isFinite) ? { coefficients, penalties, rows } : null;
}

/** Takes the intercept out: the normal equations `[width, width]` and `[width, outputs]` of rows about their means. */
function centred({ gram, moments }: NormalEquations, rows: number, width: number, outputs: number) {
  const size = width + 1;
  const inputs = Float64Array.from({ length: width }, (_, i) => gram[width * size + i]! / rows);
  const targets = Float64Array.from({ length: outputs }, (_, o) => moments[width * outputs + o]! / rows);
  const within = new Float64Array(width * width);
  const between = new Float64Array(width * outputs);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) within[i * width + j] = gram[i * size + j]! - rows * inputs[i]! * inputs[j]!;
    for (let o = 0; o < outputs; o++)
      between[i * outputs + o] = moments[i * outputs + o]! - rows * inputs[i]! * targets[o]!;
  }
  return { gram: within, moments: between, means: { inputs, targets } };
}

/** Returns `[outputs]`. */
function squaresAboutMean(targets: Float32Array, rows: number, outputs: number, means: Float64Array): Float64Array {
  const squares = new Float64Array(outputs);
  for (let at = 0, row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++, at++) squares[o]! += (targets[at]! - means[o]!) ** 2;
  }
  return squares;
}

/** Returns by output the penalty with the smallest mean of squared residuals / (1 - degrees of freedom / rows)². */
function bestPenalties(gram: Float64Array, moments: Float64Array, squares: Float64Array, rows: number): number[] {
  const outputs = squares.length;
  const width = moments.length / outputs;
  const rotated = moments.slice();
  const tridiagonal = tridiagonalise(gram.slice(), rotated, width, outputs);
  return Array.from(squares, (square, o) => {
    let best = PENALTIES.at(-1)!;
    let smallest = Number.POSITIVE_INFINITY;
    for (const penalty of PENALTIES) {
      const { x, trace } = solveTridiagonal(tridiagonal, penalty, rotated, outputs, o);
      // Of `(T + penalty) x = c`, the squared residuals are `ΣY² - x·c - penalty x·x`.
      const residuals = x.reduce(
        (sum, value, i) => sum - value * (rotated[i * outputs + o]! + penalty * value),
        square,
      );
      // 1 + tr((T + penalty)⁻¹ T), the intercept's included.
      const freedom = 1 + width - penalty * trace;
      // Of an exact relation, rounding may leave less than nothing.
      const score = Math.max(0, residuals) / (1 - freedom / rows) ** 2;
      if (freedom < rows && score < smallest) [best, smallest] = [penalty, score];
    }
    return best;
  });
}
