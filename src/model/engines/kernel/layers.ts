import { layerShapes, type Shape, weightCount } from '../../network/shape.js';
import { CHUNK, type Ops } from './ops.js';

/** The positions of a dense layer in memory: `kernel` `[inputs, units]`, `bias` `[units]`, and `out`, its activation buffer. */
export interface Dense {
  readonly inputs: number;
  readonly units: number;
  readonly kernel: number;
  readonly bias: number;
  readonly out: number;
}

/** The positions of a network in memory. */
export type Layers = Readonly<ReturnType<typeof allocateLayers>>;

/** Reserves memory for a network and its activations: `count` flat weights, the input buffer, and the layers. */
export function allocateLayers(ops: Ops, shape: Shape) {
  const shapes = layerShapes(shape);
  const count = weightCount(shape);
  // Operations may process up to 3 units too many, or 15 floats of a single row, and then read beyond the last layer.
  const slack = 16 + 3 * Math.max(...shapes.map(({ units }) => units));
  const weights = ops.alloc(count + slack);
  const input = allocateBuffer(ops, shape.inputs);
  const hidden: Dense[] = shapes.map(({ inputs, units, kernelOffset, biasOffset }) => ({
    inputs,
    units,
    kernel: weights + kernelOffset,
    bias: weights + biasOffset,
    out: allocateBuffer(ops, units),
  }));
  const [out, reconstruct] = hidden.splice(-2) as [Dense, Dense];
  return { weights, count, input, hidden, out, reconstruct };
}

/**
 * Reserves a buffer for one chunk, `[features, 64]`. Features are padded to a multiple of 4, for operations that process up to 3
 * too many. For a single row, `[features]`, this leaves room for 15 floats too many.
 */
export function allocateBuffer(ops: Ops, features: number): number {
  return ops.alloc(Math.ceil(features / 4) * 4 * CHUNK);
}
