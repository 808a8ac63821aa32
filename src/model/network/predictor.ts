import type { Engine, Pass } from './engine.js';
import { type Scaler, standardise, unstandardise } from './scaler.js';

/** The scalers of a model's features and targets. They are part of the model, so that clients send and receive raw units. */
export interface Scalers {
  readonly features: Scaler;
  readonly targets: Scaler;
}

/** A pass whose outputs are in the targets' units. The arrays are views of buffers that the next call overwrites. */
export interface Prediction extends Pass {
  /** `[rows, inputs]`: the network's inputs, standardised. */
  readonly inputs: Float32Array;
}

/** An engine between its scalers: predicts raw rows in target units, in one forward pass. */
export class Predictor implements Disposable {
  readonly engine: Engine;
  readonly scalers: Scalers;
  private inputs = new Float32Array(0);

  constructor(engine: Engine, scalers: Scalers) {
    this.engine = engine;
    this.scalers = scalers;
  }

  /** Predicts the first `count` rows of `rows`, row-major `[≥ count, inputs]` in raw units. */
  predict(rows: Float32Array, count: number): Prediction {
    const { inputs, outputs: width } = this.engine.shape;
    const size = count * inputs;
    if (this.inputs.length < size) this.inputs = new Float32Array(Math.max(size, 2 * this.inputs.length));
    standardise(this.scalers.features, rows, this.inputs, count);
    const pass = this.engine.forward(this.inputs, count);
    const outputs = pass.outputs.subarray(0, count * width);
    unstandardise(this.scalers.targets, outputs, outputs, count);
    return {
      outputs,
      reconstructions: pass.reconstructions,
      inputs: this.inputs.subarray(0, size),
      errors: pass.errors,
    };
  }

  close(): void {
    this.engine.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Predictions of many rows, owned by the caller. */
export type Predictions = Pick<Prediction, 'outputs' | 'errors'>;

/** Rows per forward pass of `predictAll`. Bounds the memory beside the data. */
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
