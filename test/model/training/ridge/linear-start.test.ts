import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../../src/model/network/initial-weights.js';
import type { Shape } from '../../../../src/model/network/shape.js';
import { startLinear } from '../../../../src/model/training/ridge/linear-start.js';
import { assertClose } from '../../../support/close-to.js';

const SHAPE: Shape = { inputs: 3, outputs: 2, hidden: [30, 30, 30, 30, 30], auxiliaryWeight: 0.05 };
/** `[inputs + 1, outputs]` */
const COEFFICIENTS = Float64Array.of(0.5, -0.1, 0.2, 0.3, -0.4, 0, 0.1, -0.2);

test('a network starts as the linear model, and its other units at a mean near 0', async () => {
  const weights = initialWeights(SHAPE, 1);
  startLinear(weights, SHAPE, COEFFICIENTS);
  const engine = (await loadEngine('kernel'))(SHAPE, weights);
  const random = createRandom(2);
  const rows = Float32Array.from({ length: 3 * 200 }, () => random.normal());
  const { outputs, errors } = engine.forward(rows, 200);
  const expected = Float32Array.from({ length: 400 }, (_, i) => {
    const [row, o] = [Math.floor(i / 2), i % 2];
    return [0, 1, 2].reduce((sum, j) => sum + rows[3 * row + j]! * COEFFICIENTS[2 * j + o]!, COEFFICIENTS[6 + o]!);
  });
  assertClose(outputs, expected, 1e-5);
  // As without the carrying units, the reconstruction is a random one of the same size as the inputs.
  assert.ok(errors.reduce((sum, error) => sum + error, 0) / 200 < 5);
  engine.close();
});

test('more outputs than half of a layer leave the weights as they are', () => {
  const wide: Shape = { ...SHAPE, outputs: 16 };
  const weights = initialWeights(wide, 1);
  startLinear(weights, wide, new Float64Array(4 * 16).fill(1));
  assert.deepEqual(weights, initialWeights(wide, 1));
});
