import { layerShapes, type Shape } from '../../network/shape.js';

/** Inputs beyond which no ridge regression is fitted: its equations would take longer than the training. */
export const MAX_RIDGE_INPUTS = 1000;

/** SELU of a positive number is the number times this. */
const SELU_SCALE = 1.0507009873554805;

/**
 * A unit carries a standardised output as `SPREAD × output + CENTRE`, which is positive, where SELU is linear, down to four
 * standard deviations below the mean.
 */
const CENTRE = 2;
const SPREAD = 0.5;

/**
 * Changes initial `weights` so that the network predicts what a linear model with `coefficients` `[inputs + 1, outputs]` does.
 * Training then starts where a linear regression ends, and learns what that lacks: on small and on wide tables that is most of
 * what can be known.
 *
 * In each hidden layer the first units carry the outputs, one each, which is exact where SELU is linear. The other units keep
 * their weights; in the first layer their biases are spread from -1 to 1, later ones make up for the carrying units. `out` starts
 * without them. Leaves the
 * weights as they are if the outputs would take more than half of a layer.
 */
export function startLinear(weights: Float32Array, shape: Shape, coefficients: Float64Array): void {
  const { inputs, outputs, hidden } = shape;
  if (hidden.length === 0 || Math.min(...hidden) < 2 * outputs) return;
  const layers = layerShapes(shape);
  layers.forEach(({ inputs: below, units, kernelOffset: kernel, biasOffset: bias }, depth) => {
    const first = depth === 0;
    const out = depth === hidden.length;
    const carrying = depth < hidden.length ? outputs : out ? units : 0;
    // SELU has a kink at 0. With all kinks at the average row, the network would reconstruct just the most ordinary rows badly.
    if (first && !out) {
      for (let u = outputs; u < units; u++) weights[bias + u] = (2 * (u - outputs) + 1) / (units - outputs) - 1;
    }
    // The other units of later layers keep the sums that they have without the carrying ones.
    if (!first && !out) {
      for (let o = 0; o < outputs; o++)
        for (let u = carrying; u < units; u++) {
          weights[bias + u]! -= SELU_SCALE * CENTRE * weights[kernel + o * units + u]!;
        }
    }
    for (let o = 0; o < carrying; o++) {
      for (let i = 0; i < below; i++) {
        const from = kernel + i * units + o;
        if (first) weights[from] = SPREAD * coefficients[i * outputs + o]!;
        else weights[from] = i === o ? 1 / (SELU_SCALE * (out ? SPREAD : 1)) : 0;
      }
      if (first) weights[bias + o] = SPREAD * coefficients[inputs * outputs + o]! + CENTRE;
      if (out) weights[bias + o] = -CENTRE / SPREAD;
    }
  });
}
