import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { loadKernel } from '../../../src/model/engines/kernel/network.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import type { Engine } from '../../../src/model/network/engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { mergedShape, mergeNetworks } from '../../../src/model/network/merged-network.js';
import { type Shape, weightCount } from '../../../src/model/network/shape.js';
import { splitNetwork } from '../../../src/model/network/split-network.js';
import { assertClose } from '../../support/close-to.js';

const SHAPE: Shape = { inputs: 9, outputs: 2, hidden: [8, 6, 8], auxiliaryWeight: 0.05 };
const random = createRandom(3);

function weightsOf(shape: Shape, seed: number): Float32Array {
  return initialWeights(shape, seed).map((weight) => weight + 0.1 * random.normal());
}

function merged(members: number, shape = SHAPE): [Shape, Float32Array] {
  const networks = Array.from({ length: members }, (_, seed) => weightsOf(shape, seed));
  return [mergedShape(shape, members), mergeNetworks(shape, networks)];
}

test('an average of networks is run as its members, and answers as the merged network does', async () => {
  const [whole, split] = [await loadKernel(), await loadEngine('kernel')];
  for (const members of [2, 3, 10]) {
    const [shape, weights] = merged(members);
    assert.equal(splitNetwork(shape, weights)?.networks.length, members);
    const [one, many] = [whole(shape, weights), split(shape, weights)];
    assert.equal(many.name, one.name);
    assert.deepEqual(many.shape, shape);
    assert.deepEqual(many.weights(), weights);
    for (const rows of [70, 1, 0, 200]) {
      const inputs = Float32Array.from({ length: rows * shape.inputs }, () => random.normal());
      const [expected, found] = [one.forward(inputs, rows), many.forward(inputs, rows)];
      for (const name of ['outputs', 'reconstructions', 'errors'] as const) {
        const largest = Math.max(1, ...expected[name].map(Math.abs));
        assertClose(found[name], Array.from(expected[name]), 2e-6 * largest, `${name} of ${members}, ${rows} rows`);
      }
      const outputs = new Float32Array(expected.outputs.length + 1);
      many.outputs(inputs, rows, outputs);
      assert.deepEqual(outputs.subarray(0, -1), many.forward(inputs, rows).outputs);
    }
    assert.throws(() => many.setWeights(weights), /only serves/);
    for (const engine of [one, many] as Engine[]) engine.close();
  }
});

test('networks that are no average are not split', () => {
  assert.equal(splitNetwork(SHAPE, weightsOf(SHAPE, 1)), undefined);
  assert.equal(splitNetwork(SHAPE, new Float32Array(weightCount(SHAPE))), undefined, 'zeros alone');
  const [shape, weights] = merged(2);
  // One weight between the two.
  const between = shape.hidden[1]! - 1;
  const kernel = (shape.inputs + 1) * shape.hidden[0]!;
  assert.equal(weights[kernel + between], 0);
  weights[kernel + between] = 1e-3;
  assert.equal(splitNetwork(shape, weights), undefined);
  for (const hidden of [[], [16]]) {
    const flat = { ...SHAPE, hidden };
    assert.equal(splitNetwork(...merged(2, flat)), undefined);
  }
});

test('an engine that trains has one network, whatever its first weights are', async () => {
  const [shape, weights] = merged(2);
  const engine = (await loadEngine('kernel'))(shape, weights, { name: 'nadam', learningRate: 0.01 });
  const rows = Float32Array.from({ length: 4 * shape.inputs }, () => random.normal());
  engine.step(rows, new Float32Array(4 * shape.outputs), Int32Array.of(0, 1, 2, 3), 0, 4);
  engine.setWeights(weights);
  engine.close();
});
