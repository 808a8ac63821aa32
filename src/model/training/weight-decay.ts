import type { Engine } from '../network/engine.js';
import { layerShapes } from '../network/shape.js';

/**
 * Takes `share` of every kernel's weights away, and nothing of the biases, as AdamW does at each step: Loshchilov and Hutter 2019,
 * Decoupled Weight Decay Regularization. Called once for many steps, with what they take away together, it costs nothing.
 */
export function decayWeights(engine: Engine, share: number): void {
  const weights = engine.weights();
  for (const { kernelOffset, biasOffset } of layerShapes(engine.shape)) {
    for (let i = kernelOffset; i < biasOffset; i++) weights[i]! *= 1 - share;
  }
  engine.setWeights(weights);
}
