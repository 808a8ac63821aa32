import { createRandom, type Random } from '../../base/statistics/random.js';
import { layerShapes, type Shape, weightCount } from './shape.js';

/** Standard deviation of a standard normal truncated at ±2. Keras divides by it to obtain the specified variance; TensorFlow.js' leCunNormal does not. */
export const TRUNCATED_DEVIATION = 0.87962566103423978;

/**
 * Initial weights of a network, flat in the order of `layerShapes`, as Keras 3 defines them: LeCun normal for the hidden layers, which
 * SELU requires (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515), Glorot uniform for the heads, and zero biases.
 */
export function initialWeights(shape: Shape, seed: number): Float32Array {
  const random = createRandom(seed);
  const weights = new Float32Array(weightCount(shape));
  for (const { name, inputs, units, kernelOffset, biasOffset } of layerShapes(shape)) {
    const kernel = weights.subarray(kernelOffset, biasOffset);
    const deviation = Math.sqrt(1 / inputs) / TRUNCATED_DEVIATION;
    const limit = Math.sqrt(6 / (inputs + units));
    const draw = name.startsWith('hidden')
      ? () => deviation * truncatedNormal(random)
      : () => limit * (2 * random.uniform() - 1);
    for (let i = 0; i < kernel.length; i++) kernel[i] = draw();
  }
  return weights;
}

function truncatedNormal(random: Random): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) return value;
  }
}
