import { createRandom } from '../../src/base/statistics/random.js';
import { type Shape, weightCount } from '../../src/model/network/shape.js';

/** Rows `[count, inputs]` and targets `[count, outputs]`, standard normal, with an index of all of them in order. */
export interface Batch {
  readonly rows: Float32Array;
  readonly targets: Float32Array;
  readonly index: Int32Array;
}

export function randomBatch(shape: Shape, count: number, seed = 1): Batch {
  return {
    rows: normals(count * shape.inputs, seed),
    targets: normals(count * shape.outputs, seed + 1),
    index: Int32Array.from({ length: count }, (_, i) => i),
  };
}

/** Weights with biases that are not zero, small enough for activations to keep their size in wide layers. */
export function randomWeights(shape: Shape, seed = 3): Float32Array {
  const widest = Math.max(shape.inputs, ...shape.hidden);
  return normals(weightCount(shape), seed).map((value) => value / Math.sqrt(widest));
}

export function normals(count: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}
