import { studentQuantile } from '../../base/statistics/student-t.js';
import { CONFIDENCE, type TargetEvaluation } from './evaluation.js';

/**
 * Returns confidence intervals of a target's errors, from `[rows]` targets and predictions. They say how much the errors would differ on
 * other rows of the same kind.
 *
 * That of the bias is Student's interval of a mean. The others are those of a mean or of a ratio of means by the delta method, on
 * the logarithmic scale (Efron and Tibshirani, 1993, section 5 and 21), so that no bound of an RMSE or MAE is negative.
 */
export function errorIntervals(targets: Float64Array, predictions: Float64Array): TargetEvaluation['intervals'] {
  const { length } = targets;
  const residuals = predictions.map((prediction, row) => prediction - targets[row]!);
  const absolute = residuals.map(Math.abs);
  const squares = residuals.map((residual) => residual ** 2);
  const centre = mean(targets);
  const total = targets.map((target) => (target - centre) ** 2);
  const [bias, mae, mse, variance] = [mean(residuals), mean(absolute), mean(squares), mean(total)];
  const t = studentQuantile((1 - CONFIDENCE) / 2, length - 1);
  const margin = t * standardError(residuals);
  const ratio = mse === 0 ? squares : squares.map((square, row) => square / mse - total[row]! / variance);
  return {
    rmse: scaled(Math.sqrt(mse), mse === 0 ? 0 : (t * standardError(squares)) / mse / 2),
    mae: scaled(mae, mae === 0 ? 0 : (t * standardError(absolute)) / mae),
    bias: [bias - margin, bias + margin],
    r2: variance > 0 ? unexplained(scaled(mse / variance, t * standardError(ratio))) : null,
  };
}

/** Returns the interval of 1 - share. */
function unexplained([low, high]: readonly [number, number]): [number, number] {
  return [1 - high, 1 - low];
}

function scaled(value: number, margin: number): [number, number] {
  return [value * Math.exp(-margin), value * Math.exp(margin)];
}

function standardError(values: Float64Array): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
