import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../../src/model/network/initial-weights.js';
import type { Shape } from '../../../../src/model/network/shape.js';
import { fitReconstruction } from '../../../../src/model/training/ridge/reconstruction-head.js';

const SHAPE: Shape = { inputs: 4, outputs: 2, hidden: [30, 30], auxiliaryWeight: 0.05 };

for (const name of ['kernel', 'cpu'] as const) {
  test(`${name}: the head reconstructs rows that it has not seen, and the predictions stay the same bits`, async () => {
    const createEngine = await loadEngine(name);
    const random = createRandom(1);
    const rows = (count: number) => ({
      rows: count,
      inputs: Float32Array.from({ length: 4 * count }, () => random.normal()),
      targets: new Float32Array(2 * count),
    });
    const weights = initialWeights(SHAPE, 3);
    const fitted = fitReconstruction(createEngine, SHAPE, weights, rows(300), rows(100));
    const { inputs } = rows(200);
    const [before, after] = [weights, fitted].map((each) => {
      const engine = createEngine(SHAPE, each);
      const { outputs, errors } = engine.forward(inputs, 200);
      const result = { outputs: outputs.slice(0, 400), error: errors.reduce((sum, error) => sum + error, 0) / 200 };
      engine.close();
      return result;
    });
    assert.deepEqual(after!.outputs, before!.outputs);
    assert.ok(before!.error > 1 && after!.error < 0.1, `${before!.error}, ${after!.error}`);
  });
}
