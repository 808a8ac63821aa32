import { type LayerShape, layerShapes, type Shape } from '../../src/model/network/shape.js';
import type { Batch } from './batch.js';

/**
 * The network as a textbook writes it: one row after the other, one unit after the other, in float64. It shares no
 * code with the engines.
 */
export function referenceForward(shape: Shape, weights: ArrayLike<number>, row: ArrayLike<number>) {
  const layers = layerShapes(shape);
  let x: ArrayLike<number> = row;
  for (const layer of layers.slice(0, -2)) x = dense(layer, weights, x).map(selu);
  const [outputs, reconstruction] = layers.slice(-2).map((layer) => dense(layer, weights, x)) as [
    Float64Array,
    Float64Array,
  ];
  return { outputs, reconstruction, error: meanSquaredError(reconstruction, row) };
}

/** The loss of a batch, in float64. */
export function referenceLoss(shape: Shape, weights: ArrayLike<number>, { rows, targets, index }: Batch) {
  let loss = 0;
  let reconstructionError = 0;
  for (const r of index) {
    const row = rows.subarray(r * shape.inputs, (r + 1) * shape.inputs);
    const { outputs, error } = referenceForward(shape, weights, row);
    loss += meanSquaredError(outputs, targets.subarray(r * shape.outputs, (r + 1) * shape.outputs)) / index.length;
    reconstructionError += error / index.length;
  }
  return { loss: loss + shape.auxiliaryWeight * reconstructionError, reconstructionError };
}

/** The derivative of `referenceLoss` along `direction`, by central differences. */
export function referenceSlope(shape: Shape, weights: ArrayLike<number>, batch: Batch, direction: ArrayLike<number>) {
  const step = 1e-6;
  const lossAt = (t: number) => {
    const moved = Float64Array.from({ length: weights.length }, (_, i) => weights[i]! + t * direction[i]!);
    return referenceLoss(shape, moved, batch).loss;
  };
  return (lossAt(step) - lossAt(-step)) / (2 * step);
}

function dense(layer: LayerShape, weights: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const { inputs, units, kernelOffset, biasOffset } = layer;
  const y = new Float64Array(units);
  for (let unit = 0; unit < units; unit++) {
    let sum = weights[biasOffset + unit]!;
    for (let i = 0; i < inputs; i++) sum += weights[kernelOffset + i * units + unit]! * x[i]!;
    y[unit] = sum;
  }
  return y;
}

/** Klambauer et al. 2017: scale 1.0507…, alpha 1.6733… */
function selu(x: number): number {
  return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
}

function meanSquaredError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}
