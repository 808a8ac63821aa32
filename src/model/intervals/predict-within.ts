import { PREDICTED_AT_ONCE, type Predictions, type Predictor } from '../network/predictor.js';
import type { Bounds, Intervals } from './intervals.js';

/** Intervals of a level. */
export interface LevelOf {
  readonly intervals: Intervals;
  readonly level: number;
}

/** Predicts all rows of `features`, `[rows, features]`, with their bounds. Throws `LEVEL_UNAVAILABLE`. */
export function predictWithin(
  predictor: Predictor,
  { intervals, level }: LevelOf,
  features: Float32Array,
  rows: number,
): Predictions & { readonly bounds: Bounds } {
  const { outputs: width } = predictor.engine.shape;
  const { width: columns } = predictor.encoder;
  const [outputs, low, high] = [0, 1, 2].map(() => new Float32Array(rows * width)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const errors = new Float32Array(rows);
  for (let start = 0; start < rows; start += PREDICTED_AT_ONCE) {
    const count = Math.min(PREDICTED_AT_ONCE, rows - start);
    const pass = predictor.predict(features.subarray(start * columns, (start + count) * columns), count);
    const bounds = intervals.bounds(level, pass, count);
    outputs.set(pass.outputs, start * width);
    low.set(bounds.low, start * width);
    high.set(bounds.high, start * width);
    errors.set(pass.errors.subarray(0, count), start);
  }
  return { outputs, errors, bounds: { low, high } };
}
