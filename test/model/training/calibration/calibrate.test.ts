import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { difficultyOf, TERMS, writeTerms } from '../../../../src/model/intervals/difficulty.js';
import { rankOf } from '../../../../src/model/intervals/level.js';
import { initialWeights } from '../../../../src/model/network/initial-weights.js';
import { Predictor, predictAll } from '../../../../src/model/network/predictor.js';
import { calibrate } from '../../../../src/model/training/calibration/calibrate.js';
import { fitDifficulty } from '../../../../src/model/training/calibration/fit-difficulty.js';
import { CrossStopping, crossStoppedOutputs } from '../../../../src/model/training/cross-stopping.js';

/** Rows whose residuals grow with the prediction, e to the prediction on average, and do not depend on the error. */
function growing(rows: number, seed = 1) {
  const random = createRandom(seed);
  const outputs = Float64Array.from({ length: rows }, () => random.normal());
  const errors = Float64Array.from({ length: rows }, () => 0.1 + random.normal() ** 2);
  const residuals = outputs.map((output) => Math.exp(output) * Math.abs(random.normal()));
  return { outputs, errors, residuals };
}

test('the difficulty of a row is its expected residual, up to a factor', () => {
  const difficulty = fitDifficulty(growing(5000))!;
  const at = (output: number, error = 1) => difficultyOf(difficulty, output, error);
  for (const [low, high] of [
    [-1.5, -0.5],
    [-0.5, 0.5],
    [0.5, 1.5],
  ] as const) {
    const growth = Math.log(at(high) / at(low));
    assert.ok(Math.abs(growth - 1) < 0.2, `from ${low} to ${high}: ${growth}`);
  }
  assert.ok(Math.abs(Math.log(at(0, 0.1) / at(0, 3))) < 0.15);
});

test('no row counts as more difficult than the calibration rows, however far it is', () => {
  const difficulty = fitDifficulty(growing(200))!;
  const [least, most] = difficulty.range.map(Math.exp);
  for (const output of [-1e38, -10, 0, 10, 1e38]) {
    for (const error of [0, 1, 3e38]) {
      const found = difficultyOf(difficulty, output, error);
      assert.ok(found >= least! && found <= most!, `${output}, ${error}: ${found}`);
    }
  }
});

test('rows that are alike, few or predicted exactly have no difficulty of their own', () => {
  const { outputs, errors, residuals } = growing(29);
  assert.equal(fitDifficulty({ outputs, errors, residuals }), null);
  const same = new Float64Array(100).fill(2);
  assert.equal(fitDifficulty({ outputs: same, errors: same, residuals: new Float64Array(100) }), null);
  const alike = fitDifficulty({ outputs: same, errors: same, residuals: growing(100).residuals })!;
  assert.equal(difficultyOf(alike, 1, 1), difficultyOf(alike, 5, 7));
  assert.ok(alike.coefficients.every(Number.isFinite));
});

test('a few residuals beyond all others change a difficulty little', () => {
  const rows = growing(2000);
  const spoilt = { ...rows, residuals: rows.residuals.map((value, i) => (i % 200 === 0 ? 1e6 : value)) };
  const [clean, bent] = [fitDifficulty(rows)!, fitDifficulty(spoilt)!];
  const growth = (of: typeof clean) => Math.log(difficultyOf(of, 1, 1) / difficultyOf(of, -1, 1));
  assert.ok(Math.abs(growth(clean) - growth(bent)) < 0.5, `${growth(clean)}, ${growth(bent)}`);
});

test('the terms of a row without an error are finite', () => {
  const terms = new Float64Array(TERMS);
  writeTerms(0, 0, [0, 0, 0, 0, 0], terms, 0);
  assert.ok(terms.every(Number.isFinite));
});

test('each half of the held-out rows retains the epoch that is best on it', () => {
  const heldOut = { rows: 4, features: new Float32Array(4), targets: Float32Array.of(0, 0, 0, 0) };
  const stopping = new CrossStopping(heldOut, [1], Float32Array.of(0));
  const weights = Float32Array.of(1);
  stopping.observe(Float32Array.of(3, 1, 3, 1), weights);
  weights[0] = 2;
  stopping.observe(Float32Array.of(1, 2, 1, 2), weights);
  weights[0] = 3;
  stopping.observe(Float32Array.of(1, 2, 2, 2), weights);
  stopping.observe(Float32Array.of(Number.NaN, Number.NaN, Number.NaN, Number.NaN), weights);
  assert.deepEqual(stopping.weights, [Float32Array.of(2), Float32Array.of(1)]);
});

test('each half of the held-out rows is predicted by the epoch that the other half has chosen', async () => {
  const createEngine = await loadEngine('kernel');
  const shape = { inputs: 1, outputs: 2, hidden: [4], auxiliaryWeight: 0 };
  const scalers = { features: { mean: [0], scale: [1] }, targets: { mean: [0, 0], scale: [1, 1] } };
  const heldOut = { rows: 5, features: Float32Array.of(1, 2, 3, 4, 5), targets: new Float32Array(10) };
  const crossStopped = [initialWeights(shape, 1), initialWeights(shape, 2)] as const;
  const [ofEven, ofOdd] = crossStopped.map((weights) => {
    using predictor = new Predictor(createEngine(shape, weights), scalers);
    return predictAll(predictor, heldOut.features, 5).outputs;
  });
  const found = crossStoppedOutputs({ shape, scalers, heldOut, crossStopped }, createEngine, 5);
  for (let row = 0; row < 5; row++) {
    const expected = (row % 2 === 0 ? ofOdd! : ofEven!).subarray(2 * row, 2 * row + 2);
    assert.deepEqual(found.subarray(2 * row, 2 * row + 2), expected, `row ${row}`);
  }
});

test('scores of many rows stand for the same levels, and are at least those of all rows', () => {
  const random = createRandom(2);
  const rows = 5000;
  const outputs = Float32Array.from({ length: rows }, () => random.normal());
  const targets = outputs.map((output) => output + random.normal());
  const scalers = { features: { mean: [0], scale: [1] }, targets: { mean: [0], scale: [1] } };
  const errors = new Float32Array(rows).fill(1);
  const {
    targets: [calibrated],
  } = calibrate({ rows, targets, outputs, errors }, scalers);
  const { scores, difficulty } = calibrated!;
  assert.deepEqual([scores.length, rows], [1000, 5000]);
  for (const [level, quantile] of [
    [0.5, 0.674],
    [0.8, 1.282],
    [0.95, 1.96],
    [0.99, 2.576],
  ] as const) {
    const score = scores[rankOf(level, scores.length) - 1]! * difficultyOf(difficulty, 0, 1);
    assert.ok(Math.abs(score / quantile - 1) < 0.06, `${level}: ${score}`);
  }
});
