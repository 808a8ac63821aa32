import type { EncodedColumn, TargetTransform } from '../columns/encoding/encoding.js';
import { createEncoder, type Encoder } from './encoder.js';
import type { Engine, Pass } from './engine.js';
import type { Scaler } from './scaler.js';
import { toTargetUnits } from './target-scaler.js';

/** The scalers of a model's features and targets. They are part of the model, so that clients send and receive raw units. */
export interface Scalers {
  /** Of the codes. Of a category, its most frequent level and 1. */
  readonly features: Scaler;
  readonly targets: Scaler;
  /** How the features are encoded; undefined if all are plain numbers, which `features` standardises. */
  readonly columns?: readonly EncodedColumn[] | undefined;
  /** By target; undefined if `targets` standardises all of them. */
  readonly transforms?: readonly TargetTransform[] | undefined;
}

/** A pass whose outputs are in the targets' units. The arrays are views of buffers that the next call overwrites. */
export interface Prediction extends Pass {
  /** `[rows, inputs]`: the network's inputs, encoded and standardised. */
  readonly inputs: Float32Array;
}

/** An engine between encoder and scaler: predicts rows of codes in target units, in one forward pass. */
export class Predictor implements Disposable {
  readonly engine: Engine;
  readonly scalers: Scalers;
  /** Encodes rows `[rows, encoder.width]`, one code per feature. */
  readonly encoder: Encoder;
  private inputs = new Float32Array(0);

  constructor(engine: Engine, scalers: Scalers) {
    this.engine = engine;
    this.scalers = scalers;
    this.encoder = createEncoder(scalers.features, scalers.columns);
  }

  /** Predicts the first `count` rows of `rows`, row-major `[≥ count, features]`: numbers in raw units, other values as codes. */
  predict(rows: Float32Array, count: number): Prediction {
    const { inputs, outputs: width } = this.engine.shape;
    const size = count * inputs;
    if (this.inputs.length < size) this.inputs = new Float32Array(Math.max(size, 2 * this.inputs.length));
    this.encoder.encode(rows, this.inputs, count);
    const pass = this.engine.forward(this.inputs, count);
    const outputs = pass.outputs.subarray(0, count * width);
    toTargetUnits(this.scalers.targets, this.scalers.transforms, outputs, outputs, count);
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

/** Predicts all rows of `features`, `[rows, features]`: numbers in raw units, other values as codes. */
export function predictAll(predictor: Predictor, features: Float32Array, rows: number): Predictions {
  const { outputs: width } = predictor.engine.shape;
  const { width: columns } = predictor.encoder;
  const outputs = new Float32Array(rows * width);
  const errors = new Float32Array(rows);
  for (let start = 0; start < rows; start += CHUNK) {
    const count = Math.min(CHUNK, rows - start);
    const pass = predictor.predict(features.subarray(start * columns, (start + count) * columns), count);
    outputs.set(pass.outputs, start * width);
    errors.set(pass.errors.subarray(0, count), start);
  }
  return { outputs, errors };
}
