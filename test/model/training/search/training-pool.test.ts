import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { type Fold, foldsOf } from '../../../../src/model/training/search/folds.js';
import { type SharedTable, shareTable } from '../../../../src/model/training/search/shared-table.js';
import { TrainingPool, threadsFor } from '../../../../src/model/training/search/training-pool.js';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { labelledRows } from '../../../support/labelled-rows.js';

const CONFIGURATION = { ...DEFAULT_TRAINING, epochs: 3 };

test('the predictions of folds are the same whatever the number of threads, and the table does not change', async () => {
  const data = labelledRows(200);
  const table = shareTable(data, 3, ['y']);
  const index = everyRow(table);
  const folds = foldsOf(table, index, 4);
  const [one, three] = [await predict(table, folds, 1), await predict(table, folds, 3)];
  assert.deepEqual(one, three);
  assert.deepEqual(
    [...one.values()].map(({ outputs }) => outputs.length),
    [50, 50, 50, 50],
  );
  assert.deepEqual([[...table.features], [...table.targets]], [[...data.features], [...data.targets]]);
  // The noise has a standard deviation of 2, the target of 45.
  for (const [i, { judged }] of folds.entries()) {
    const errors = Array.from(judged, (row, at) => Math.abs(one[i]!.outputs[at]! - data.targets[row]!));
    assert.ok(errors.reduce((sum, error) => sum + error, 0) / errors.length < 4);
  }
});

test('a row that is judged has no part in the training', async () => {
  const data = labelledRows(100);
  const [fold] = foldsOf(shareTable(data, 3, ['y']), everyRow(data), 5);
  const targets = data.targets.slice();
  for (const row of fold!.judged) targets[row] = 1e6;
  const [clean, poisoned] = [
    await predict(shareTable(data, 3, ['y']), [fold!], 1),
    await predict(shareTable({ ...data, targets }, 3, ['y']), [fold!], 1),
  ];
  assert.deepEqual(poisoned, clean);
});

test('a training that diverges is rejected alone', async () => {
  const table = shareTable(labelledRows(100), 3, ['y']);
  const fold = foldsOf(table, everyRow(table), 2)[0]!;
  await withPool(table, 2, async (pool) => {
    const run = (learning_rate: number) => pool.run({ ...fold, configuration: { ...CONFIGURATION, learning_rate } });
    const outcomes = await Promise.allSettled([run(10), run(0.001), run(10), run(0.001), run(0.001)]);
    assert.deepEqual(
      outcomes.map((each) => (each.status === 'rejected' ? (each.reason as { code: string }).code : 'ok')),
      ['TRAINING_DIVERGED', 'ok', 'TRAINING_DIVERGED', 'ok', 'ok'],
    );
  });
});

test('a training is given up at its deadline, and all are rejected when the pool is closed', async () => {
  const table = shareTable(labelledRows(500), 3, ['y']);
  const fold = foldsOf(table, everyRow(table), 2)[0]!;
  await withPool(table, 1, async (pool) => {
    const long = { ...fold, configuration: { ...CONFIGURATION, epochs: 100_000, patience: 100_000 } };
    await assert.rejects(pool.run({ ...long, deadline: Date.now() + 100 }), { code: 'TRAINING_CANCELLED' });
    const outcomes = Promise.allSettled([pool.run(long), pool.run(long)]);
    await pool.close();
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  });
});

test('folds have every row once, and equal rows are in the same one', () => {
  const data = labelledRows(60);
  // Every row four times.
  const [features, targets] = [new Float32Array(720), new Float32Array(240)];
  for (let copy = 0; copy < 4; copy++) {
    features.set(data.features, copy * 180);
    targets.set(data.targets, copy * 60);
  }
  const table = shareTable({ rows: 240, features, targets }, 3, ['y']);
  const folds = foldsOf(table, everyRow(table), 7);
  assert.equal(folds.length, 7);
  const all = folds.flatMap(({ judged }) => [...judged]).sort((a, b) => a - b);
  assert.deepEqual(all, [...everyRow(table)]);
  for (const { judged, training } of folds) {
    assert.equal(judged.length + training.length, 240);
    assert.ok(Math.abs(judged.length - 240 / 7) <= 4, `${judged.length} rows`);
    const rest = new Set(Array.from(training, (row) => row % 60));
    assert.ok(judged.every((row) => !rest.has(row % 60)));
  }
});

test('rows that are all equal make no fold', () => {
  const table = shareTable({ rows: 20, features: new Float32Array(20), targets: new Float32Array(20) }, 1, ['y']);
  assert.deepEqual(foldsOf(table, everyRow(table), 5), []);
});

test('threads are bounded by the processors and by the memory, which a larger table fills sooner', () => {
  const table = (rows: number): SharedTable => ({
    ...{ rows, width: 100, targetNames: ['y'], columns: undefined },
    ...{ features: new Float32Array(0), targets: new Float32Array(0) },
  });
  const gibibytes = 2 ** 30;
  assert.equal(threadsFor(table(1000), 1024 * gibibytes), availableParallelism());
  assert.equal(threadsFor(table(1000), gibibytes / 4), 0);
  assert.equal(threadsFor(table(1000), gibibytes / 2), 1);
  assert.equal(threadsFor(table(10_000_000), 8 * gibibytes), 1);
});

function predict(table: SharedTable, folds: readonly Fold[], size: number) {
  return withPool(table, size, async (pool) => {
    const results = await Promise.all(folds.map((fold) => pool.run({ ...fold, configuration: CONFIGURATION })));
    return results.map(({ outputs, errors }) => ({ outputs, errors }));
  });
}

async function withPool<T>(table: SharedTable, size: number, use: (pool: TrainingPool) => Promise<T>): Promise<T> {
  const pool = new TrainingPool('kernel', await loadEngine('kernel'), table, size);
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}

function everyRow({ rows }: { readonly rows: number }): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}
