import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { Predictor } from '../../../../src/model/network/predictor.js';
import type { LabelledRows } from '../../../../src/model/tables/labelled-rows.js';
import { evaluateBaselines } from '../../../../src/model/training/baselines/baselines.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../../../src/model/training/training-options.js';
import type { Baselines } from '../../../../src/model/versions/baselines.js';
import { mixedColumns, mixedRows } from '../../../support/mixed-table.js';

const createEngine = await loadEngine('kernel');
const SHORT = { ...DEFAULT_TRAINING, epochs: 2 };

/** Trains, and judges the baselines as the training process does. */
async function trained(
  data: LabelledRows,
  features: number,
  targets: readonly string[],
  options: Partial<TrainingOptions> = {},
  columns?: Parameters<typeof train>[6],
) {
  const result = await train(createEngine, data, features, targets, { ...SHORT, ...options }, undefined, columns);
  using predictor = new Predictor(createEngine(result.shape, result.weights), result.scalers);
  return { result, ...evaluateBaselines(predictor, result.heldOut, targets, result.ridge) };
}

/** Rows of `width` normal features, and the targets that `targetsOf` makes of each. */
function rowsOf(count: number, width: number, targetsOf: (row: Float32Array) => number[]): LabelledRows {
  const random = createRandom(1);
  const features = Float32Array.from({ length: count * width }, () => random.normal());
  const targets = Array.from({ length: count }, (_, r) => targetsOf(features.subarray(r * width, (r + 1) * width)));
  return { rows: count, features, targets: Float32Array.from(targets.flat()) };
}

function assertLinear(baselines: Baselines, target: string, share: number): void {
  const [mean, ridge] = [baselines.mean.targets[target]!, baselines.ridge!.targets[target]!];
  assert.ok(ridge.rmse < share * mean.rmse && ridge.mae < share * mean.mae, JSON.stringify({ mean, ridge }));
}

test('a linear relation is that of the ridge regression, target by target, and the mean is that of the metrics', async () => {
  const data = rowsOf(200, 3, ([a, b]) => [a! + 2 * b! + 5, 1000 * b!, 7]);
  const { baselines, ridge, result } = await trained(data, 3, ['y', '__proto__', 'constant']);
  for (const name of ['y', '__proto__']) assertLinear(baselines, name, 0.01);
  for (const [name, { baseline_rmse, baseline_mae }] of Object.entries(result.metrics.targets)) {
    const { rmse, mae } = baselines.mean.targets[name]!;
    assert.ok(Math.abs(rmse - baseline_rmse) + Math.abs(mae - baseline_mae) < 1e-9, name);
  }
  assert.deepEqual([baselines.ridge!.rows, baselines.ridge_unavailable], [160, undefined]);
  assert.deepEqual(baselines.ridge!.targets['constant'], { rmse: 0, mae: 0, penalty: 0.01 });
  assert.equal(ridge!.length, 3 * result.heldOut.rows);
});

test('the ridge regression of a target that is learned as a logarithm is fitted to the target itself', async () => {
  const data = rowsOf(300, 2, ([a, b]) => [40 + a! + 2 * b!]);
  const { baselines, result } = await trained(data, 2, ['y'], { target_transform: 'log1p' });
  assert.equal(result.scalers.transforms![0]!.method, 'log1p');
  assertLinear(baselines, 'y', 0.001);
});

test('categories, times and gaps are encoded for the ridge regression as for the network', async () => {
  const columns = mixedColumns();
  const { baselines } = await trained(mixedRows(2000), columns.length, ['y'], {}, columns);
  // Most of the target is additive.
  assertLinear(baselines, 'y', 0.7);
});

test('ten rows, one column, equal columns and a value that is far out have errors', async () => {
  const { baselines } = await trained(
    rowsOf(10, 1, ([a]) => [a!]),
    1,
    ['y'],
  );
  assert.equal(baselines.ridge!.rows, 8);
  const equal = rowsOf(60, 2, ([a]) => [a!]);
  for (let r = 0; r < 60; r++) equal.features[2 * r + 1] = equal.features[2 * r]!;
  equal.features[0] = 1e6;
  const found = (await trained(equal, 2, ['y'])).baselines;
  assert.ok(Number.isFinite(found.ridge!.targets['y']!.rmse), JSON.stringify(found));
});

test('with more inputs than it can be fitted to, there is no ridge regression, and the reason is given', async () => {
  const data = rowsOf(20, 1001, ([a]) => [a!]);
  const { baselines, ridge } = await trained(data, 1001, ['y']);
  assert.equal(ridge, null);
  assert.equal(baselines.ridge, null);
  assert.equal(
    baselines.ridge_unavailable,
    'the columns are 1001 inputs when encoded, and ridge regression is fitted to at most 1000',
  );
});
