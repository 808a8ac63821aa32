import type { Encoder } from '../../network/encoder.js';
import type { Scalers } from '../../network/predictor.js';
import { standardise, unstandardise } from '../../network/scaler.js';
import { toTargetUnits } from '../../network/target-scaler.js';
import type { InputRows, NormalEquations } from '../ridge/ridge.js';
import { fitRidgeByGcv, type RidgeFit } from '../ridge/ridge-by-gcv.js';

/**
 * Fits a ridge regression of the targets, in their units, to training rows whose `targets` `[rows, outputs]` are as the network
 * learns them. `equations` are those of the rows. Returns null if no fit is finite.
 */
export function fitRidgeBaseline(
  equations: NormalEquations,
  known: InputRows,
  width: number,
  { targets: scaler, transforms }: Scalers,
): RidgeFit | null {
  const outputs = scaler.mean.length;
  if (!transforms) return fitRidgeByGcv(equations, known, width, outputs);
  // A person who fits a line to a table fits it to the targets, not to their logarithms.
  const targets = new Float32Array(known.targets.length);
  toTargetUnits(scaler, transforms, known.targets, targets, known.rows);
  standardise(scaler, targets, targets, known.rows);
  const rows = { ...known, targets };
  return fitRidgeByGcv({ gram: equations.gram, moments: momentsOf(rows, width, outputs) }, rows, width, outputs);
}

/** Returns `XᵀY` `[width + 1, outputs]`, with a last column of ones in X. */
function momentsOf({ rows, inputs, targets }: InputRows, width: number, outputs: number): Float64Array {
  const moments = new Float64Array((width + 1) * outputs);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i <= width; i++) {
      const value = i < width ? inputs[r * width + i]! : 1;
      for (let o = 0; o < outputs; o++) moments[i * outputs + o]! += value * targets[r * outputs + o]!;
    }
  }
  return moments;
}

/** Rows that are encoded at once. Bounds the memory. */
const CHUNK = 1024;

/** Returns the predictions `[rows, outputs]`, in the targets' units, of rows of codes `[rows, features]`. */
export function predictRidge(
  { coefficients }: RidgeFit,
  encoder: Encoder,
  { targets: scaler }: Scalers,
  features: Float32Array,
  rows: number,
): Float32Array {
  const { inputs: width } = encoder;
  const outputs = scaler.mean.length;
  const inputs = new Float32Array(CHUNK * width);
  const predictions = new Float32Array(rows * outputs);
  for (let start = 0; start < rows; start += CHUNK) {
    const count = Math.min(CHUNK, rows - start);
    encoder.encode(features.subarray(start * encoder.width, (start + count) * encoder.width), inputs, count);
    for (let r = 0; r < count; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = coefficients[width * outputs + o]!;
        for (let i = 0; i < width; i++) sum += inputs[r * width + i]! * coefficients[i * outputs + o]!;
        predictions[(start + r) * outputs + o] = sum;
      }
    }
  }
  unstandardise(scaler, predictions, predictions, rows);
  return predictions;
}
