import type { Predictor } from '../network/predictor.js';

/** Errors of one target, in its units. */
export interface TargetMetrics {
  readonly rmse: number;
  readonly mae: number;
  /** 1 - residual sum of squares / total sum of squares about the evaluated rows' mean; null if that total is 0. */
  readonly r2: number | null;
  /** The same rows, always predicted as the mean of the training targets. */
  readonly baseline_rmse: number;
  readonly baseline_mae: number;
}

export interface Metrics {
  readonly rows: number;
  /** Mean squared prediction error over rows and targets, in standardised units: what early stopping watches. */
  readonly prediction_error: number;
  /** Mean squared reconstruction error over rows and features, in standardised units. */
  readonly reconstruction_error: number;
  /** The same, if every feature were reconstructed as its training mean. */
  readonly baseline_reconstruction_error: number;
  /** `prediction_error + auxiliary weight × reconstruction_error` */
  readonly loss: number;
  readonly targets: Readonly<Record<string, TargetMetrics>>;
}

/** Rows in raw units: `features` `[rows, inputs]`, `targets` `[rows, outputs]`, both row-major. */
export interface LabelledRows {
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
}

/** Predictions of many rows, owned by the caller. */
export interface Predictions {
  /** `[rows, outputs]`, in target units. */
  readonly outputs: Float32Array;
  /** `[rows]`: mean squared residual over the features, in standardised units. */
  readonly errors: Float32Array;
}

/** Rows of one forward pass: bounds the memory beside the data. */
const CHUNK = 1024;

/** Predicts all rows of `features`, `[rows, inputs]` in raw units. */
export function predictAll(predictor: Predictor, features: Float32Array, rows: number): Predictions {
  const { inputs, outputs: width } = predictor.engine.shape;
  const outputs = new Float32Array(rows * width);
  const errors = new Float32Array(rows);
  for (let start = 0; start < rows; start += CHUNK) {
    const count = Math.min(CHUNK, rows - start);
    const pass = predictor.predict(features.subarray(start * inputs, (start + count) * inputs), count);
    outputs.set(pass.outputs, start * width);
    errors.set(pass.errors.subarray(0, count), start);
  }
  return { outputs, errors };
}

/** Compares `predictions` of `predictor` with the truth in `data`. */
export function evaluate(
  predictor: Predictor,
  data: LabelledRows,
  predictions: Predictions,
  targetNames: readonly string[],
): Metrics {
  const { scalers, engine } = predictor;
  const targets = targetNames.map((_, j) =>
    targetMetrics(data, predictions, j, targetNames.length, scalers.targets.mean[j]!),
  );
  const predictionError = mean(targetNames.length, (j) => (targets[j]!.rmse / scalers.targets.scale[j]!) ** 2);
  const reconstructionError = mean(data.rows, (r) => predictions.errors[r]!);
  const { mean: means, scale } = scalers.features;
  return {
    rows: data.rows,
    prediction_error: predictionError,
    reconstruction_error: reconstructionError,
    baseline_reconstruction_error: mean(data.rows * means.length, (i) => {
      const j = i % means.length;
      return ((data.features[i]! - means[j]!) / scale[j]!) ** 2;
    }),
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
