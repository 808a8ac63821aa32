import { type EncodedColumn, isPlain } from '../columns/encoding/encoding.js';
import { MixedEncoder } from '../columns/encoding/mixed-encoder.js';
import { bounded, type Reach, reachOf } from '../columns/encoding/reach.js';
import { type Scaler, standardise, unstandardise } from './scaler.js';

/** Encodes rows of codes `[rows, width]`, one per feature, as inputs of a network `[rows, inputs]`. */
export interface Encoder {
  /** Codes of a row: the features. */
  readonly width: number;
  /** Inputs of a row. */
  readonly inputs: number;
  /** Encodes the first `count` rows. `to` may be `rows` only if `inputs` is `width`. */
  encode(rows: Float32Array, to: Float32Array, count: number): void;
  /** Restores the codes `[count, width]` that reconstructions `[count, inputs]` stand for. */
  restore(reconstructions: Float32Array, to: Float32Array, count: number): void;
  /** Returns the squared differences by feature `[width]`, in standardised units, of one row of each, from index `from` on. */
  squaredResiduals(inputs: Float32Array, reconstructions: Float32Array, from: number): Float64Array;
  /** Returns the mean square of the inputs of `[count, width]`: the error if every feature was reconstructed as its mean. */
  meanSquare(rows: Float32Array, count: number): number;
}

/** Returns the encoder of features with these columns, or, without columns, of plain numbers. */
export function createEncoder(scaler: Scaler, columns?: readonly EncodedColumn[]): Encoder {
  return !columns || columns.every(isPlain) ? new NumberEncoder(scaler) : new MixedEncoder(columns);
}

/** Standardises numbers: every feature is an input. */
class NumberEncoder implements Encoder {
  readonly width: number;
  readonly inputs: number;
  private readonly scaler: Scaler;
  private readonly reaches: readonly Reach[] | undefined;

  constructor(scaler: Scaler) {
    this.scaler = scaler;
    this.reaches = scaler.range?.map(reachOf);
    this.width = scaler.mean.length;
    this.inputs = this.width;
  }

  encode(rows: Float32Array, to: Float32Array, count: number): void {
    standardise(this.scaler, rows, to, count, this.reaches);
  }

  restore(reconstructions: Float32Array, to: Float32Array, count: number): void {
    unstandardise(this.scaler, reconstructions, to, count);
  }

  squaredResiduals(inputs: Float32Array, reconstructions: Float32Array, from: number): Float64Array {
    return Float64Array.from({ length: this.width }, (_, j) => (reconstructions[from + j]! - inputs[from + j]!) ** 2);
  }

  meanSquare(rows: Float32Array, count: number): number {
    const { mean, scale } = this.scaler;
    const size = count * this.width;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const j = i % this.width;
      const value = this.reaches ? bounded(rows[i]!, this.reaches[j]!) : rows[i]!;
      // A missing value is the mean.
      if (!Number.isNaN(value)) sum += ((value - mean[j]!) / scale[j]!) ** 2;
    }
    return sum / size;
  }
}
