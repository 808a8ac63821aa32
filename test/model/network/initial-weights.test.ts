import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { type LayerShape, layerShapes, type Shape } from '../../../src/model/network/shape.js';

const WIDE: Shape = { inputs: 40, outputs: 20, hidden: [500, 100], auxiliaryWeight: 0.05 };

test('hidden kernels are LeCun normal as in Keras: variance 1 / inputs, truncated at two of its deviations', () => {
  for (const layer of layersOf('hidden')) {
    const { mean, variance, largest } = moments(kernel(layer));
    const expected = 1 / layer.inputs;
    assert.ok(Math.abs(variance / expected - 1) < 0.03, `${layer.name}: variance ${variance}, expected ${expected}`);
    assert.ok(Math.abs(mean) < 5 * Math.sqrt(expected / (layer.inputs * layer.units)), `${layer.name}: mean ${mean}`);
    // Keras cuts the normal at two of its deviations, which is 2 / 0.8796 of the deviations that are left.
    const limit = (2 * Math.sqrt(expected)) / 0.87962566103423978;
    assert.ok(largest <= limit, `${layer.name}: ${largest} is beyond ${limit}`);
    assert.ok(largest > 0.99 * limit, `${layer.name}: ${largest} is far from ${limit}`);
  }
});

test('the heads are Glorot uniform as in Keras: within ±sqrt(6 / (inputs + units))', () => {
  for (const layer of [...layersOf('out'), ...layersOf('reconstruct')]) {
    const { mean, variance, largest } = moments(kernel(layer));
    const limit = Math.sqrt(6 / (layer.inputs + layer.units));
    assert.ok(largest <= limit && largest > 0.99 * limit, `${layer.name}: ${largest}, limit ${limit}`);
    assert.ok(Math.abs((3 * variance) / limit ** 2 - 1) < 0.1, `${layer.name}: variance ${variance}`);
    assert.ok(Math.abs(mean) < 0.1 * limit, `${layer.name}: mean ${mean}`);
  }
});

test('biases are zero', () => {
  const weights = initialWeights(WIDE, 1);
  for (const { biasOffset, units } of layerShapes(WIDE)) {
    assert.deepEqual(weights.slice(biasOffset, biasOffset + units), new Float32Array(units));
  }
});

test('the same seed gives the same weights bit for bit, another seed others', () => {
  assert.deepEqual(initialWeights(WIDE, 3), initialWeights(WIDE, 3));
  const [first, second] = [initialWeights(WIDE, 3), initialWeights(WIDE, 4)];
  const equal = first.filter((weight, i) => weight !== 0 && weight === second[i]);
  assert.equal(equal.length, 0);
});

test('no two layers of the same shape get the same weights', () => {
  const shape: Shape = { inputs: 4, outputs: 4, hidden: [4, 4], auxiliaryWeight: 0 };
  const weights = initialWeights(shape, 1);
  const kernels = layerShapes(shape).map((layer) => weights.subarray(layer.kernelOffset, layer.biasOffset).join());
  assert.equal(new Set(kernels).size, 4);
});

function layersOf(prefix: string): LayerShape[] {
  const layers = layerShapes(WIDE).filter(({ name }) => name.startsWith(prefix));
  assert.notEqual(layers.length, 0);
  return layers;
}

function kernel({ kernelOffset, biasOffset }: LayerShape): Float32Array {
  return initialWeights(WIDE, 1).subarray(kernelOffset, biasOffset);
}

function moments(values: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: Math.max(...values.map(Math.abs)) };
}
