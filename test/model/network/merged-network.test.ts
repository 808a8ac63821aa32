import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { loadKernel } from '../../../src/model/engines/kernel/network.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { mergedShape, mergeNetworks } from '../../../src/model/network/merged-network.js';
import type { Shape } from '../../../src/model/network/shape.js';
import { assertClose } from '../../support/close-to.js';

const ROWS = 70;

for (const hidden of [[30, 30, 30, 30, 30], [7, 5], [16], []]) {
  test(`a merged network of ${hidden.join(', ') || 'no hidden layer'} answers with the mean of its members`, async () => {
    const shape: Shape = { inputs: 9, outputs: 2, hidden, auxiliaryWeight: 0.05 };
    const createEngine = await loadKernel();
    const random = createRandom(3);
    const rows = Float32Array.from({ length: ROWS * shape.inputs }, () => random.normal());
    const networks = [1, 2, 3].map((seed) =>
      initialWeights(shape, seed).map((weight) => weight + 0.1 * random.normal()),
    );
    const passes = networks.map((weights) => copy(createEngine(shape, weights).forward(rows, ROWS)));
    const merged = createEngine(mergedShape(shape, 3), mergeNetworks(shape, networks));
    const { outputs, reconstructions } = copy(merged.forward(rows, ROWS));
    for (const [name, found] of [
      ['outputs', outputs],
      ['reconstructions', reconstructions],
    ] as const) {
      // Of the precision of float32.
      const largest = Math.max(1, ...found.map(Math.abs));
      assertClose(
        found,
        found.map((_, i) => passes.reduce((sum, pass) => sum + pass[name][i]! / 3, 0)),
        1e-6 * largest,
        name,
      );
    }
  });
}

test('a network that is merged with no other stays as it is', () => {
  const shape: Shape = { inputs: 3, outputs: 1, hidden: [4], auxiliaryWeight: 0.05 };
  const weights = initialWeights(shape, 1);
  assert.deepEqual(mergeNetworks(shape, [weights]), weights);
  assert.deepEqual(mergedShape(shape, 1), shape);
});

function copy({ outputs, reconstructions }: { outputs: Float32Array; reconstructions: Float32Array }) {
  return { outputs: outputs.slice(), reconstructions: reconstructions.slice() };
}
