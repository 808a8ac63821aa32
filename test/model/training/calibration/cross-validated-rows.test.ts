import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import type { LabelledRows } from '../../../../src/model/tables/labelled-rows.js';
import type { TableInfo } from '../../../../src/model/tables/table-file.js';
import { crossValidatedRows, smallTable } from '../../../../src/model/training/calibration/cross-validated-rows.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { labelledRows } from '../../../support/labelled-rows.js';

const OPTIONS = { ...DEFAULT_TRAINING, epochs: 20 };

async function crossValidate(data: LabelledRows, features: number) {
  const createEngine = await loadEngine('kernel');
  const names = Array.from({ length: features }, (_, j) => `f${j}`);
  const table = smallTable(data, { features: names, targets: ['y'] } as unknown as TableInfo)!;
  const trained = await train(createEngine, data, features, ['y'], OPTIONS);
  return { trained, table, rows: await crossValidatedRows(trained, table, OPTIONS, 'kernel', createEngine) };
}

test('every row of a small table is a calibration row, once', async () => {
  const data = labelledRows(60);
  const targets = data.targets.slice().sort();
  const { rows } = await crossValidate(data, 3);
  assert.deepEqual([rows!.rows, rows!.outputs.length, rows!.errors.length], [60, 60, 60]);
  assert.deepEqual(rows!.targets.slice().sort(), targets);
  assert.ok(rows!.errors.every((error) => error > 0));
});

test('noise that cannot be predicted is not: the residuals are those of rows that the network has not seen', async () => {
  const random = createRandom(4);
  const [rows, features] = [90, 20];
  const data = {
    rows,
    features: Float32Array.from({ length: rows * features }, () => random.normal()),
    targets: Float32Array.from({ length: rows }, () => random.normal()),
  };
  const { rows: found } = await crossValidate(data, features);
  const squares = found!.outputs.reduce((sum, output, i) => sum + (output - found!.targets[i]!) ** 2, 0) / rows;
  // The variance of the target is 1; of rows that it has learned, a network this large predicts most.
  assert.ok(squares > 0.9, `${squares}`);
});

test('a table of equal rows, or a large one, has no calibration rows but the held-out ones', async () => {
  const equal = { rows: 20, features: new Float32Array(20).fill(1), targets: new Float32Array(20).fill(2) };
  assert.equal((await crossValidate(equal, 1)).rows, undefined);
  assert.equal(smallTable(labelledRows(500), {} as TableInfo), undefined);
});

test('threads find the same rows as this one', async () => {
  const createEngine = await loadEngine('kernel');
  const { trained, table, rows } = await crossValidate(labelledRows(200), 3);
  const long = { ...trained, history: Array(200).fill(trained.history[0]) };
  assert.deepEqual(await crossValidatedRows(long, table, OPTIONS, 'kernel', createEngine), rows);
});
