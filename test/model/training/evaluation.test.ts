import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { Predictor, predictAll, type Scalers } from '../../../src/model/network/predictor.js';
import { type Shape, weightCount } from '../../../src/model/network/shape.js';
import type { LabelledRows } from '../../../src/model/tables/labelled-rows.js';
import { evaluate } from '../../../src/model/training/evaluation.js';
import { assertClose } from '../../support/close-to.js';

const SCALERS: Scalers = {
  features: { mean: [0, 10], scale: [1, 5] },
  targets: { mean: [2.5, 0], scale: [2, 10] },
};

test('RMSE, MAE and R² of known predictions and of the training mean', async () => {
  const data: LabelledRows = {
    rows: 4,
    features: Float32Array.of(1, 10, -1, 15, 2, 0, 0, 10),
    targets: Float32Array.of(3, 10, -0.5, 10, 2, 10, 7, 10),
  };
  // The first target and its predictions are scikit-learn's example of r2_score: 0.9486081370449679.
  const predictions = {
    outputs: Float32Array.of(2.5, 11, 0, 9, 2, 10, 8, 10),
    errors: Float32Array.of(0.5, 1, 1.5, 3),
  };
  const metrics = evaluate(await constantPredictor(), data, predictions, ['first', 'constant']);
  const { first, constant } = metrics.targets;
  assertClose([first!.rmse, first!.mae, first!.r2!], [Math.sqrt(0.375), 0.5, 0.9486081370449679], 1e-12);
  // About 2.5: squares 0.25, 9, 0.25, 20.25; absolutes 0.5, 3, 0.5, 4.5.
  assertClose([first!.baseline_rmse, first!.baseline_mae], [Math.sqrt(29.75 / 4), 8.5 / 4], 1e-12);
  assertClose([constant!.rmse, constant!.mae], [Math.sqrt(0.5), 0.5], 1e-12);
  assert.equal(constant!.r2, null);
  assertClose([constant!.baseline_rmse, constant!.baseline_mae], [10, 10], 1e-12);

  assert.equal(metrics.rows, 4);
  // In standardised units: 0.375 / 2² and 0.5 / 10², averaged.
  const predictionError = (0.375 / 4 + 0.5 / 100) / 2;
  assertClose([metrics.prediction_error, metrics.reconstruction_error], [predictionError, 1.5], 1e-12);
  assertClose([metrics.loss], [predictionError + 0.05 * 1.5], 1e-12);
  // Standardised features: 1, 0, -1, 1, 2, -2, 0, 0.
  assertClose([metrics.baseline_reconstruction_error], [11 / 8], 1e-12);
});

test('perfect predictions have no error and an R² of 1', async () => {
  const data = { rows: 2, features: new Float32Array(4), targets: Float32Array.of(1, 2, 3, 4) };
  const predictions = { outputs: data.targets.slice(), errors: new Float32Array(2) };
  const { targets, loss } = evaluate(await constantPredictor(), data, predictions, ['a', 'b']);
  assert.deepEqual([targets['a']!.rmse, targets['a']!.mae, targets['a']!.r2, loss], [0, 0, 1, 0]);
});

test('a target may have a name that every object inherits', async () => {
  const data = { rows: 1, features: new Float32Array(2), targets: Float32Array.of(1, 2) };
  const predictions = { outputs: data.targets.slice(), errors: new Float32Array(1) };
  const { targets } = evaluate(await constantPredictor(), data, predictions, ['__proto__', 'toString']);
  assert.deepEqual(Object.keys(targets), ['__proto__', 'toString']);
});

test('many rows are predicted as one by one, into arrays that the caller owns', async () => {
  const predictor = await constantPredictor();
  for (const rows of [0, 1, 1023, 1024, 1025, 3000]) {
    const features = Float32Array.from({ length: 2 * rows }, (_, i) => i % 17);
    const { outputs, errors } = predictAll(predictor, features, rows);
    assert.deepEqual([outputs.length, errors.length], [2 * rows, rows]);
    for (let row = 0; row < rows; row++) {
      // All weights are 0: outputs are the targets' means, and nothing is reconstructed.
      const [a, b] = [features[2 * row]!, (features[2 * row + 1]! - 10) / 5];
      assertClose([outputs[2 * row]!, outputs[2 * row + 1]!, errors[row]!], [2.5, 0, (a * a + b * b) / 2], 1e-4);
    }
  }
});

async function constantPredictor(): Promise<Predictor> {
  const shape: Shape = { inputs: 2, outputs: 2, hidden: [3], auxiliaryWeight: 0.05 };
  const createEngine = await loadEngine('kernel');
  return new Predictor(createEngine(shape, new Float32Array(weightCount(shape))), SCALERS);
}
