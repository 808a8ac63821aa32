import type { Predictor } from '../../network/predictor.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';
import { type Baselines, MAX_BASELINE_TARGETS } from '../../versions/baselines.js';
import { MAX_RIDGE_INPUTS } from '../ridge/linear-start.js';
import type { RidgeFit } from '../ridge/ridge-by-gcv.js';
import { predictRidge } from './ridge-baseline.js';

/**
 * Judges the mean of the training rows and the ridge regression `fit` by the held-out rows `data`. Returns their errors, of at most
 * `MAX_BASELINE_TARGETS` targets, and the predictions `[rows, outputs]` of the ridge regression in the targets' units, or null.
 */
export function evaluateBaselines(
  { encoder, scalers }: Predictor,
  data: LabelledRows,
  targetNames: readonly string[],
  fit: RidgeFit | null,
): { baselines: Baselines; ridge: Float32Array | null } {
  const width = targetNames.length;
  const ridge = fit && predictRidge(fit, encoder, scalers, data.features, data.rows);
  const listed = targetNames.slice(0, MAX_BASELINE_TARGETS);
  const byTarget = <T>(errors: (j: number) => T) => Object.fromEntries(listed.map((name, j) => [name, errors(j)]));
  const baselines: Baselines = {
    mean: { targets: byTarget((j) => errorsOf(data, width, j, () => scalers.targets.mean[j]!)) },
    ridge: ridge && {
      rows: fit.rows,
      targets: byTarget((j) => ({
        ...errorsOf(data, width, j, (row) => ridge[row * width + j]!),
        penalty: fit.penalties[j]!,
      })),
    },
    ...(!ridge && { ridge_unavailable: reasonWithout(encoder.inputs) }),
  };
  return { baselines, ridge };
}

function reasonWithout(inputs: number): string {
  return inputs > MAX_RIDGE_INPUTS
    ? `the columns are ${inputs} inputs when encoded, and ridge regression is fitted to at most ${MAX_RIDGE_INPUTS}`
    : 'its equations have no finite solution';
}

function errorsOf(
  { rows, targets }: LabelledRows,
  width: number,
  column: number,
  prediction: (row: number) => number,
): { rmse: number; mae: number } {
  let [squares, sum] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const residual = prediction(row) - targets[row * width + column]!;
    squares += residual ** 2;
    sum += Math.abs(residual);
  }
  return { rmse: Math.sqrt(squares / rows), mae: sum / rows };
}
