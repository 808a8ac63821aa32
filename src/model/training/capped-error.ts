import type { LabelledRows } from '../tables/labelled-rows.js';

/**
 * Eight robust standard deviations, in medians of the absolute residuals: of a normal distribution, whose median is 0.6745 standard
 * deviations, no residual is larger, and of a Laplace distribution, one of 3,700.
 */
export const CAP = 8 / 0.6745;

/**
 * Returns the largest absolute residual of each target that counts as it is, for comparisons of models on these rows: 8 robust standard
 * deviations of the residuals of `outputs`, predictions `[rows, targets]` of a first model; infinite where most are 0.
 *
 * One row that no model predicts would otherwise decide which is best: of 2,930 houses, the price of the largest one made a training
 * stop after three epochs, with errors a tenth larger than after ten.
 */
export function residualCaps({ rows, targets }: LabelledRows, outputs: Float32Array): number[] {
  const width = targets.length / rows;
  return Array.from({ length: width }, (_, j) => {
    const residuals = Float64Array.from({ length: rows }, (__, row) =>
      Math.abs(outputs[row * width + j]! - targets[row * width + j]!),
    ).sort();
    const cap = CAP * residuals[Math.floor(rows / 2)]!;
    return cap > 0 ? cap : Number.POSITIVE_INFINITY;
  });
}

/**
 * Returns the mean squared error of `outputs` `[rows, targets]` in units of the targets' deviations `scale`, with each absolute
 * residual at most the cap of its target.
 */
export function cappedError(
  { rows, targets }: LabelledRows,
  outputs: Float32Array,
  scale: readonly number[],
  caps: readonly number[],
): number {
  let sum = 0;
  for (const [j, cap] of caps.entries()) {
    let squares = 0;
    for (let at = j; at < targets.length; at += caps.length) {
      squares += Math.min(cap, Math.abs(outputs[at]! - targets[at]!)) ** 2;
    }
    sum += squares / scale[j]! ** 2;
  }
  return sum / (rows * caps.length);
}
