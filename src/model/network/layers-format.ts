import { DomainError } from '../../base/domain-error.js';
import { layerShapes, type Shape } from './shape.js';

/**
 * The network's `model.json` in TensorFlow.js' layers format, for a `weights.bin` beside it: a plain functional model with the
 * outputs `[out, reconstruct]`, which `tf.loadLayersModel` reads without a custom class. It is not written by TensorFlow.js,
 * because importing that takes longer than a training; a test loads it with TensorFlow.js and compares.
 */
export function layersModelJson(shape: Shape): string {
  const layers = layerShapes(shape);
  const input = {
    class_name: 'InputLayer',
    name: 'inputs',
    config: { batch_input_shape: [null, shape.inputs], dtype: 'float32', sparse: false, name: 'inputs' },
    inbound_nodes: [],
  };
  const dense = layers.map(({ name, units }, i) => {
    const below = i < shape.hidden.length ? i - 1 : shape.hidden.length - 1;
    return {
      class_name: 'Dense',
      name,
      config: {
        name,
        units,
        activation: name.startsWith('hidden') ? 'selu' : 'linear',
        use_bias: true,
        trainable: true,
      },
      inbound_nodes: [[[layers[below]?.name ?? 'inputs', 0, 0, {}]]],
    };
  });
  return JSON.stringify({
    format: 'layers-model',
    generatedBy: 'reconstruction-regressor',
    convertedBy: null,
    modelTopology: {
      class_name: 'Model',
      config: {
        name: 'reconstruction_regressor',
        layers: [input, ...dense],
        input_layers: [['inputs', 0, 0]],
        output_layers: [
          ['out', 0, 0],
          ['reconstruct', 0, 0],
        ],
      },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: layers.flatMap(({ name, inputs, units }) => [
          { name: `${name}/kernel`, shape: [inputs, units], dtype: 'float32' },
          { name: `${name}/bias`, shape: [units], dtype: 'float32' },
        ]),
      },
    ],
  });
}

/** Returns the bytes of the weights, little-endian as the format requires. */
export function weightsToBytes(weights: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(weights.length * 4));
  weights.forEach((weight, i) => {
    view.setFloat32(i * 4, weight, true);
  });
  return new Uint8Array(view.buffer);
}

/** The inverse of {@link weightsToBytes}. Throws `INVALID_VERSION` if the length is not `count` floats. */
export function bytesToWeights(bytes: Uint8Array, count: number): Float32Array {
  if (bytes.byteLength !== count * 4) {
    throw new DomainError('INVALID_VERSION', `weights.bin: expected ${count * 4} bytes, got ${bytes.byteLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(i * 4, true));
}
