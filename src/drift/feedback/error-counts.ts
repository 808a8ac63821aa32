import { type Static, Type } from 'typebox';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import { binOf } from '../../model/baseline/sketches/bins.js';

const Count = Type.Integer({ minimum: 0 });

/** Labelled rows of one target: rows per bin of the reference, and sums of the errors. */
const TargetCounts = Type.Object({
  errors: Type.Array(Count),
  magnitudes: Type.Array(Count),
  beyond: Type.Integer({ minimum: 0, description: 'rows with a larger magnitude than any of the reference' }),
  sum: Type.Number(),
  sum_of_magnitudes: Type.Number(),
  sum_of_squares: Type.Number(),
});
export type TargetCounts = Static<typeof TargetCounts>;

/** A window of labelled rows. */
export const ErrorCounts = Type.Object({ rows: Count, targets: Type.Array(TargetCounts) });
export type ErrorCounts = Static<typeof ErrorCounts>;

export function emptyCounts({ targets }: PredictionErrors): ErrorCounts {
  return {
    rows: 0,
    targets: targets.map(({ errors, magnitudes }) => ({
      errors: errors.counts.map(() => 0),
      magnitudes: magnitudes.counts.map(() => 0),
      beyond: 0,
      sum: 0,
      sum_of_magnitudes: 0,
      sum_of_squares: 0,
    })),
  };
}

/** Returns the counts of one row, whose errors are `[targets]`. */
export function countsOf(reference: PredictionErrors, errors: readonly number[]): ErrorCounts {
  const counts = emptyCounts(reference);
  counts.rows = 1;
  counts.targets.forEach((target, j) => {
    const error = errors[j]!;
    const { errors: signed, magnitudes, largest } = reference.targets[j]!;
    const magnitude = Math.abs(error);
    target.errors[binOf(signed.edges, error)]!++;
    target.magnitudes[binOf(magnitudes.edges, magnitude)]!++;
    if (magnitude > largest) target.beyond++;
    target.sum += error;
    target.sum_of_magnitudes += magnitude;
    target.sum_of_squares += error ** 2;
  });
  return counts;
}

/** Adds `part` to `total`, in place. */
export function addCounts(total: ErrorCounts, part: ErrorCounts): void {
  total.rows += part.rows;
  total.targets.forEach((target, j) => {
    const added = part.targets[j]!;
    for (let k = 0; k < target.errors.length; k++) target.errors[k]! += added.errors[k]!;
    for (let k = 0; k < target.magnitudes.length; k++) target.magnitudes[k]! += added.magnitudes[k]!;
    target.beyond += added.beyond;
    target.sum += added.sum;
    target.sum_of_magnitudes += added.sum_of_magnitudes;
    target.sum_of_squares += added.sum_of_squares;
  });
}

/** The errors of a window's target, in its units. The window must have rows. */
export function errorsOf({ rows, targets }: ErrorCounts, j: number) {
  const { sum, sum_of_magnitudes, sum_of_squares } = targets[j]!;
  return { rmse: Math.sqrt(sum_of_squares / rows), mae: sum_of_magnitudes / rows, bias: sum / rows };
}
