import { inputsOf } from '../../columns/encoding/encoding.js';
import { createEncoder, type Encoder } from '../../network/encoder.js';
import type { Engine, EngineFactory } from '../../network/engine.js';
import type { Scalers } from '../../network/predictor.js';
import { layerShapes, type Shape, weightCount } from '../../network/shape.js';
import { toTargetUnits } from '../../network/target-scaler.js';

/** A trained network with its scalers. */
export interface Trained {
  readonly shape: Shape;
  /** Flat, in the order of `layerShapes`. */
  readonly weights: Float32Array;
  readonly scalers: Scalers;
}

/** Rows per forward pass. Bounds the memory beside the data. */
const CHUNK = 1024;
/** Outputs beyond any number are this far away, so that errors remain finite. */
const FARTHEST = 3.4028234663852886e38;

/**
 * Predicts the same rows again and again, each time with other values in one column. What a column adds to the sums of the first
 * layer does not depend on the other columns. So such a pass exchanges that part, and computes only what follows the first layer,
 * whatever the number of columns.
 */
export class ColumnPasses implements Disposable {
  readonly rows: number;
  readonly outputs: number;
  private readonly encoder: Encoder;
  private readonly scalers: Scalers;
  private readonly features: Float32Array;
  /** `[inputs, units]`, of the first layer. */
  private readonly kernel: Float32Array;
  private readonly units: number;
  /** Index of the first input of each column, and at the end the number of inputs. */
  private readonly places: readonly number[];
  /** `[rows, inputs]` */
  private readonly inputs: Float32Array;
  /** `[rows, units]` */
  private readonly sums: Float32Array;
  private readonly tail: Engine;
  private readonly chunk: Float32Array;

  /** `features` `[≥ rows, columns]`: numbers in raw units, other values as codes. */
  constructor(createEngine: EngineFactory, { shape, weights, scalers }: Trained, features: Float32Array, rows: number) {
    this.rows = rows;
    this.outputs = shape.outputs;
    this.scalers = scalers;
    this.features = features;
    this.encoder = createEncoder(scalers.features, scalers.columns);
    this.places = placesOf(scalers, this.encoder.width);
    const [first] = layerShapes(shape);
    this.units = first!.units;
    this.kernel = weights.subarray(first!.kernelOffset, first!.biasOffset);
    this.inputs = new Float32Array(rows * shape.inputs);
    this.encoder.encode(features, this.inputs, rows);
    const bias = weights.subarray(first!.biasOffset, first!.biasOffset + this.units);
    this.sums = this.multiply(this.inputs, rows, 0, shape.inputs, bias);
    const tail = tailShape(shape);
    this.tail = createEngine(tail, tailWeights(shape, tail, weights));
    this.chunk = new Float32Array(Math.min(rows, CHUNK) * this.units);
  }

  /** Returns what a column adds to the sums of the first layer in each row `[rows, units]`. */
  parts(column: number): Float32Array {
    return this.multiply(this.inputs, this.rows, this.places[column]!, this.places[column + 1]!);
  }

  /** Returns what a column would add with these codes `[codes, units]`. */
  partsOf(column: number, codes: readonly number[]): Float32Array {
    const { width, inputs } = this.encoder;
    const rows = new Float32Array(codes.length * width);
    for (const [i, code] of codes.entries()) {
      rows.set(this.features.subarray(0, width), i * width);
      rows[i * width + column] = code;
    }
    const encoded = new Float32Array(codes.length * inputs);
    this.encoder.encode(rows, encoded, codes.length);
    return this.multiply(encoded, codes.length, this.places[column]!, this.places[column + 1]!);
  }

  /**
   * Predicts the first `rows` rows in target units `[rows, targets]`, with row `i` having, in place of its own part `own[i]`, the part
   * `others[index[i]]` of the same column.
   */
  predict(own: Float32Array, others: Float32Array, index: ArrayLike<number>, rows = this.rows): Float32Array {
    const predicted = this.forward(own, others, index, rows);
    const { targets, transforms } = this.scalers;
    toTargetUnits(targets, transforms, predicted, predicted, rows);
    for (let i = 0; i < predicted.length; i++) {
      const value = predicted[i]!;
      if (!(Math.abs(value) <= FARTHEST)) predicted[i] = value < 0 ? -FARTHEST : FARTHEST;
    }
    return predicted;
  }

  /** As `predict`, in standardised units. */
  forward(own: Float32Array, others: Float32Array, index: ArrayLike<number>, rows = this.rows): Float32Array {
    const { units, sums, chunk, outputs } = this;
    const predicted = new Float32Array(rows * outputs);
    for (let start = 0; start < rows; start += CHUNK) {
      const count = Math.min(CHUNK, rows - start);
      for (let i = 0, at = 0, row = start * units; i < count; i++) {
        const other = index[start + i]! * units;
        // The difference of equal parts is 0, so that a column of one value has no effect, to the bit.
        for (let u = 0; u < units; u++, at++, row++) chunk[at] = sums[row]! + (others[other + u]! - own[row]!);
      }
      const pass = this.tail.forward(chunk, count);
      predicted.set(pass.outputs.subarray(0, count * outputs), start * outputs);
    }
    return predicted;
  }

  /** Multiplies the inputs `[from, to)` of rows `[count, inputs]` with their part of the first layer's kernel. */
  private multiply(inputs: Float32Array, count: number, from: number, to: number, bias?: Float32Array): Float32Array {
    const { units, kernel } = this;
    const width = this.encoder.inputs;
    const products = new Float32Array(count * units);
    const sum = new Float64Array(units);
    for (let row = 0; row < count; row++) {
      if (bias) sum.set(bias);
      else sum.fill(0);
      for (let j = from; j < to; j++) {
        const input = inputs[row * width + j]!;
        for (let u = 0, at = j * units; u < units; u++, at++) sum[u]! += input * kernel[at]!;
      }
      products.set(sum, row * units);
    }
    return products;
  }

  [Symbol.dispose](): void {
    this.tail.close();
  }
}

/** Multiplications of one row in one pass. */
export function passProducts(shape: Shape): number {
  return weightCount(tailShape(shape));
}

/** A network whose inputs are the sums of the first layer. Its own first layer passes them on. */
function tailShape(shape: Shape): Shape {
  return { ...shape, inputs: layerShapes(shape)[0]!.units };
}

function tailWeights(shape: Shape, tail: Shape, weights: Float32Array): Float32Array {
  const tailed = new Float32Array(weightCount(tail));
  const layers = layerShapes(shape);
  for (const [i, { name, units, kernelOffset }] of layerShapes(tail).entries()) {
    // What it reconstructs is not used.
    if (name === 'reconstruct') continue;
    if (i === 0) for (let u = 0; u < units; u++) tailed[kernelOffset + u * units + u] = 1;
    else tailed.set(weights.subarray(layers[i]!.kernelOffset, layers[i]!.biasOffset + units), kernelOffset);
  }
  return tailed;
}

function placesOf({ columns }: Scalers, features: number): number[] {
  const places = [0];
  for (let j = 0; j < features; j++) places.push(places[j]! + (columns ? inputsOf(columns[j]!.encoding) : 1));
  return places;
}
