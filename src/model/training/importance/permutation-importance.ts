import type { LabelledRows } from '../../tables/labelled-rows.js';
import { type Importance, MAX_TARGETS } from '../../versions/importance.js';
import type { ColumnPasses } from './column-passes.js';

type Increase = Pick<Importance['columns'][number], 'increase' | 'deviation' | 'standard_error'>;

/** The importance of a column: of all targets together, and, if there are several, of each of the first in its units. */
export interface ColumnImportance extends Increase {
  readonly column: number;
  readonly targets: readonly Increase[];
}

/**
 * Measures the permutation importance of columns on the rows of `passes`: the increase of the RMSE when a column's values are exchanged
 * among the rows, by each of `permutations` (Breiman, Random Forests, 2001, without his trees). The RMSE is in units of the target; of
 * several targets it is the root of their mean squared error in standard deviations, `scale`. The result is sorted, the largest increase
 * first.
 *
 * `deviation` is that over the permutations, as `importances_std` of scikit-learn's `permutation_importance`. The standard error covers
 * more: by the delta method it is the standard deviation of what each row adds to the increase, over the root of the rows.
 */
export function permutationImportance(
  passes: ColumnPasses,
  { targets }: Pick<LabelledRows, 'targets'>,
  scale: readonly number[],
  columns: readonly number[],
  permutations: readonly Int32Array[],
): { rmse: number; columns: ColumnImportance[] } {
  const { rows } = passes;
  const identity = permutations[0]!.map((_, row) => row);
  const errors = new Errors(passes.outputs, targets, scale);
  const own = passes.parts(columns[0]!);
  const before = errors.squares(passes.predict(own, own, identity));
  const measured = columns.map((column) => {
    const own = passes.parts(column);
    const grown = before.map(() => new Float64Array(rows));
    const roots = before.map((): number[] => []);
    for (const index of permutations) {
      for (const [k, squares] of errors.squares(passes.predict(own, own, index)).entries()) {
        for (let row = 0; row < rows; row++) grown[k]![row]! += squares[row]! - before[k]![row]!;
        roots[k]!.push(rootMean(squares));
      }
    }
    const [all, ...each] = before.map((squares, k) => increaseOf(squares, grown[k]!, roots[k]!));
    return { column, ...all!, targets: each };
  });
  return { rmse: rootMean(before[0]!), columns: measured.sort((a, b) => b.increase - a.increase) };
}

/** Squared errors of predictions of the same rows. */
class Errors {
  private readonly outputs: number;
  private readonly targets: Float32Array;
  private readonly scale: readonly number[];

  /** `targets` `[≥ rows, outputs]`. */
  constructor(outputs: number, targets: Float32Array, scale: readonly number[]) {
    this.outputs = outputs;
    this.targets = targets;
    this.scale = scale;
  }

  /** Returns squared errors `[rows]`: of all targets together, and, if there are several, of each of the first. */
  squares(predicted: Float32Array): Float64Array[] {
    const { outputs, targets, scale } = this;
    const rows = predicted.length / outputs;
    const all = new Float64Array(rows);
    const own = Array.from({ length: outputs > 1 ? Math.min(outputs, MAX_TARGETS) : 0 }, () => new Float64Array(rows));
    for (let row = 0, at = 0; row < rows; row++) {
      for (let k = 0; k < outputs; k++, at++) {
        const square = (predicted[at]! - targets[at]!) ** 2;
        if (k < own.length) own[k]![row] = square;
        all[row]! += outputs === 1 ? square : square / scale[k]! ** 2 / outputs;
      }
    }
    return [all, ...own];
  }
}

/**
 * Compares squared errors `[rows]` before with those after the permutations: `grown` is by how much they grew in all, and `roots` are the
 * RMSE after each.
 */
function increaseOf(before: Float64Array, grown: Float64Array, roots: readonly number[]): Increase {
  const rmse = rootMean(before);
  const after = before.map((square, row) => square + grown[row]! / roots.length);
  // The derivative of a root is infinite at 0.
  const slope = (root: number) => (root > 0 ? 1 / (2 * root) : 0);
  const [slopeAfter, slopeBefore] = [slope(rootMean(after)), slope(rmse)];
  const influence = after.map((square, row) => square * slopeAfter - before[row]! * slopeBefore);
  const { length } = influence;
  return {
    increase: mean(roots) - rmse,
    deviation: Math.sqrt(spread(roots) / roots.length),
    standard_error: Math.sqrt(spread(influence) / (length - 1) / length),
  };
}

/** Sum of the squared differences from the mean. */
function spread(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return sum;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function rootMean(squares: Float64Array): number {
  return Math.sqrt(mean(squares));
}
