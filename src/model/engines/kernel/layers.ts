import { layerShapes, type Shape, weightCount } from '../../network/shape.js';
import { CHUNK, type Ops } from './ops.js';

/** A dense layer's places in memory: `kernel` `[inputs, units]`, `bias` `[units]`, and `out`, its buffer of activations. */
export interface Dense {
  readonly inputs: number;
  readonly units: number;
  readonly kernel: number;
  readonly bias: number;
  readonly out: number;
}

/** A network in memory. */
export interface Layers {
  /** Where the flat weights begin. */
  readonly weights: number;
  /** Their number. */
  readonly count: number;
  /** The buffer of the network's inputs. */
  readonly input: number;
  readonly hidden: readonly Dense[];
  readonly out: Dense;
  readonly reconstruct: Dense;
}

/** Reserves memory for a network and its activations. */
export function allocateLayers(ops: Ops, shape: Shape): Layers {
  const shapes = layerShapes(shape);
  const count = weightCount(shape);
  // Operations that take up to 3 units, or of a row alone 15 floats, too many along read that much past the last layer.
  const slack = 16 + 3 * Math.max(...shapes.map(({ units }) => units));
  const weights = ops.alloc(count + slack);
  const input = allocateBuffer(ops, shape.inputs);
  const dense = shapes.map(({ inputs, units, kernelOffset, biasOffset }) => ({
    inputs,
    units,
    kernel: weights + kernelOffset,
    bias: weights + biasOffset,
    out: allocateBuffer(ops, units),
  }));
  const [out, reconstruct] = dense.splice(-2) as [Dense, Dense];
  return { weights, count, input, hidden: dense, out, reconstruct };
}

/**
 * Reserves a buffer for one chunk, `[features, 64]`. Features are padded to 4 for operations that take up to 3 too many
 * along; of a row alone, `[features]`, up to 15 floats too many have room as well.
 */
export function allocateBuffer(ops: Ops, features: number): number {
  return ops.alloc(Math.ceil(features / 4) * 4 * CHUNK);
}
