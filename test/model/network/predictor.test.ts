import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { Predictor } from '../../../src/model/network/predictor.js';
import type { Shape } from '../../../src/model/network/shape.js';
import { assertClose } from '../../support/close-to.js';

const SHAPE: Shape = { inputs: 3, outputs: 2, hidden: [5, 4], auxiliaryWeight: 0.05 };
const SCALERS = {
  features: { mean: [10, -2, 0.5], scale: [2, 0.5, 100] },
  targets: { mean: [1000, -5], scale: [250, 0.1] },
};

test('raw rows are standardised on the way in and outputs unstandardised on the way out', async () => {
  const { predictor, engine } = await create();
  const raw = Float32Array.of(12, -2.5, 100.5, 8, -2, 0.5);
  const inputs = Float32Array.of(1, -1, 1, -1, 0, 0);
  const pass = engine.forward(inputs, 2);
  const expected = {
    outputs: Array.from(pass.outputs.subarray(0, 4), (output, i) => output * [250, 0.1][i % 2]! + [1000, -5][i % 2]!),
    reconstructions: pass.reconstructions.slice(0, 6),
    errors: pass.errors.slice(0, 2),
  };
  const prediction = predictor.predict(raw, 2);
  assert.deepEqual(prediction.inputs, inputs);
  assertClose(prediction.outputs, expected.outputs, 1e-3);
  assertClose(prediction.reconstructions.subarray(0, 6), expected.reconstructions, 1e-6);
  assertClose(prediction.errors.subarray(0, 2), expected.errors, 1e-6);
});

test('the error of a row is the mean squared residual of its reconstruction', async () => {
  const { predictor } = await create();
  const rows = Float32Array.from({ length: 30 }, (_, i) => 10 * Math.sin(i));
  const { inputs, reconstructions, errors } = predictor.predict(rows, 10);
  for (let row = 0; row < 10; row++) {
    const squares = [0, 1, 2].map((j) => (reconstructions[3 * row + j]! - inputs[3 * row + j]!) ** 2);
    const expected = squares.reduce((sum, square) => sum + square, 0) / 3;
    assert.ok(Math.abs(errors[row]! - expected) <= 1e-5 * (1 + expected), `row ${row}: ${errors[row]}, ${expected}`);
  }
});

test('the rows of a batch do not depend on each other or on earlier calls', async () => {
  const { predictor } = await create();
  const rows = Float32Array.from({ length: 3 * 300 }, (_, i) => 10 * Math.sin(i));
  const all = predictor.predict(rows, 300).outputs.slice();
  for (const [from, count] of [
    [0, 1],
    [7, 8],
    [299, 1],
    [100, 150],
    [0, 300],
  ] as const) {
    const { outputs } = predictor.predict(rows.subarray(3 * from), count);
    assert.equal(outputs.length, 2 * count);
    for (let i = 0; i < 2 * count; i++) {
      const expected = all[2 * from + i]!;
      assert.ok(
        Math.abs(outputs[i]! - expected) <= 1e-5 * Math.abs(expected),
        `${from}+${i}: ${outputs[i]}, ${expected}`,
      );
    }
  }
});

test('no rows give no predictions, and rows are not changed', async () => {
  const { predictor } = await create();
  assert.equal(predictor.predict(new Float32Array(0), 0).outputs.length, 0);
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
  const { outputs, inputs } = predictor.predict(rows, 1);
  assert.deepEqual([outputs.length, inputs.length], [2, 3]);
  assert.deepEqual(rows, Float32Array.of(1, 2, 3, 4, 5, 6));
});

test('a closed predictor has closed its engine', async () => {
  const { predictor } = await create();
  predictor.close();
  assert.throws(() => predictor.predict(new Float32Array(3), 1), /closed/);
});

async function create() {
  const createEngine = await loadEngine('kernel');
  const weights = initialWeights(SHAPE, 1);
  return { predictor: new Predictor(createEngine(SHAPE, weights), SCALERS), engine: createEngine(SHAPE, weights) };
}
