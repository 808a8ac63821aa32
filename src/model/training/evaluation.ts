import type { Predictions, Predictor } from '../network/predictor.js';
import type { LabelledRows } from '../tables/labelled-rows.js';
import type { Metrics, TargetMetrics } from '../versions/metrics.js';

/**
 * Compares the `predictions` of `predictor` with the targets in `data`. `inputSquares`, the mean square of the inputs of these rows, is
 * the same for any weights.
 */
export function evaluate(
  predictor: Predictor,
  data: LabelledRows,
  predictions: Predictions,
  targetNames: readonly string[],
  inputSquares = predictor.encoder.meanSquare(data.features, data.rows),
): Metrics {
  const { scalers, engine } = predictor;
  const targets = targetNames.map((_, j) =>
    targetMetrics(data, predictions, j, targetNames.length, scalers.targets.mean[j]!),
  );
  const predictionError = mean(targetNames.length, (j) => (targets[j]!.rmse / scalers.targets.scale[j]!) ** 2);
  const reconstructionError = mean(data.rows, (r) => predictions.errors[r]!);
  return {
    rows: data.rows,
    prediction_error: predictionError,
    reconstruction_error: reconstructionError,
    baseline_reconstruction_error: inputSquares,
    loss: predictionError + engine.shape.auxiliaryWeight * reconstructionError,
    targets: Object.fromEntries(targetNames.map((name, j) => [name, targets[j]!])),
  };
}

function targetMetrics(
  { rows, targets }: LabelledRows,
  { outputs }: Predictions,
  column: number,
  width: number,
  trainingMean: number,
): TargetMetrics {
  const target = (r: number) => targets[r * width + column]!;
  const residual = (r: number) => outputs[r * width + column]! - target(r);
  const centre = mean(rows, target);
  const squares = mean(rows, (r) => residual(r) ** 2);
  const spread = mean(rows, (r) => (target(r) - centre) ** 2);
  return {
    rmse: Math.sqrt(squares),
    mae: mean(rows, (r) => Math.abs(residual(r))),
    bias: mean(rows, residual),
    r2: spread > 0 ? 1 - squares / spread : null,
    baseline_rmse: Math.sqrt(mean(rows, (r) => (target(r) - trainingMean) ** 2)),
    baseline_mae: mean(rows, (r) => Math.abs(target(r) - trainingMean)),
  };
}

function mean(count: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += value(i);
  return sum / count;
}
