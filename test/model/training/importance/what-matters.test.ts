import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import type { LabelledRows } from '../../../../src/model/tables/labelled-rows.js';
import { whatMatters } from '../../../../src/model/training/importance/what-matters.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { importanceMismatch } from '../../../../src/model/versions/importance.js';
import { DAY, mixedColumns, mixedRows } from '../../../support/mixed-table.js';

/** Draws rows of independent numbers with these targets. */
function draw(rows: number, width: number, targets: (row: Float32Array, noise: number) => number[]): LabelledRows {
  const { normal } = createRandom(rows + width);
  const features = Float32Array.from({ length: rows * width }, normal);
  const answers = Array.from({ length: rows }, (_, r) => targets(features.subarray(r * width), normal()));
  return { rows, features, targets: Float32Array.from(answers.flat()) };
}

/** Trains on rows, and returns what matters to the model. */
async function measure(
  data: LabelledRows,
  columns?: readonly Column[],
  options: { epochs?: number; seed?: number } = {},
) {
  const createEngine = await loadEngine('kernel');
  const width = data.features.length / data.rows;
  const features = columns?.map(({ name }) => name) ?? Array.from({ length: width }, (_, j) => `x${j}`);
  const targets = Array.from({ length: data.targets.length / data.rows }, (_, k) => `y${k}`);
  const all = { ...DEFAULT_TRAINING, epochs: 20, ...options };
  const trained = await train(createEngine, data, width, targets, all, undefined, columns);
  const again = whatMatters(createEngine, trained, features, all.seed);
  const matters = whatMatters(createEngine, trained, features, all.seed);
  assert.deepEqual(matters, again, 'the same seed gives the same figures');
  const encoded = trained.scalers.columns;
  const card = { features, targets, ...(encoded && { columns: [...encoded] }), ...matters };
  assert.equal(importanceMismatch(JSON.parse(JSON.stringify(card))), undefined);
  return { ...matters, trained };
}

test('columns are sorted by importance, and a column without a meaning has none, give or take its error', async () => {
  const { importance, partial_dependence } = await measure(
    draw(2000, 4, ([, b = 0, c = 0], e) => [3 * c + b + 0.2 * e]),
  );
  const { columns, rmse, rows, repeats, unlisted } = importance!;
  assert.deepEqual(
    columns.slice(0, 2).map(({ name }) => name),
    ['x2', 'x1'],
  );
  // Independent columns: the error grows from σ² to σ² + 2 β².
  for (const [i, beta] of [3, 1].entries()) {
    const { increase, standard_error } = columns[i]!;
    const expected = Math.sqrt(rmse ** 2 + 2 * beta ** 2) - rmse;
    assert.ok(Math.abs(increase - expected) < 4 * standard_error, `${increase} ± ${standard_error}, not ${expected}`);
  }
  for (const { increase, standard_error } of columns.slice(2)) {
    assert.ok(Math.abs(increase) < 5 * standard_error + 0.01, `${increase} ± ${standard_error}`);
  }
  assert.ok(rows <= 400 && rows >= 50 && repeats >= 5, `${rows} rows, ${repeats} repeats`);
  assert.equal(unlisted, 0);
  const [first] = partial_dependence!;
  assert.deepEqual(
    partial_dependence!.map(({ column }) => column),
    ['x2', 'x1'],
  );
  const [low, high] = [first!.values[0], first!.values.at(-1)] as [number, number];
  const slope = (first!.predictions.at(-1)![0]! - first!.predictions[0]![0]!) / (high - low);
  assert.ok(Math.abs(slope - 3) < 0.3, `slope ${slope}`);
});

test('the standard error is how much the importance varies from one sample of held-out rows to another', async () => {
  const createEngine = await loadEngine('kernel');
  const data = () => draw(1500, 3, ([a = 0, b = 0], e) => [2 * a * b + a + 0.5 * e]);
  const trained = await train(createEngine, data(), 3, ['y'], { ...DEFAULT_TRAINING, epochs: 20 });
  const random = createRandom(9);
  const samples = Array.from({ length: 60 }, (_, seed) => {
    const features = Float32Array.from({ length: 300 * 3 }, random.normal);
    const targets = Float32Array.from({ length: 300 }, (_, r) => {
      const [a = 0, b = 0] = features.subarray(3 * r);
      return 2 * a * b + a + 0.5 * random.normal();
    });
    const heldOut = { ...trained.heldOut, rows: 300, features, targets };
    return whatMatters(createEngine, { ...trained, heldOut }, ['a', 'b', 'c'], seed).importance!.columns;
  });
  for (const name of ['a', 'b']) {
    const own = samples.map((columns) => columns.find((column) => column.name === name)!);
    const mean = own.reduce((sum, { increase }) => sum + increase, 0) / 60;
    const spread = Math.sqrt(own.reduce((sum, { increase }) => sum + (increase - mean) ** 2, 0) / 59);
    const claimed = own.reduce((sum, { standard_error }) => sum + standard_error, 0) / 60;
    assert.ok(claimed > 0.7 * spread && claimed < 1.5 * spread, `${name}: ${claimed} claimed, ${spread} measured`);
  }
});

test('every type of column is one column, with values of its type', async () => {
  const columns = mixedColumns();
  const { importance, partial_dependence, trained } = await measure(mixedRows(4000), columns);
  assert.deepEqual(importance!.columns.map(({ name }) => name).sort(), ['colour', 'new', 'size', 'sold', 'town']);
  assert.ok(importance!.columns.every(({ increase }) => increase > 0));
  assert.equal(partial_dependence!.length, 2);
  for (const { column, values, predictions } of partial_dependence!) {
    assert.ok(['size', 'colour', 'town'].includes(column), column);
    assert.equal(predictions.length, values.length);
    assert.equal(values.includes(null), column !== 'colour', `${column}: its gaps`);
  }
  assert.ok(trained.scalers.columns);
});

test('a time has the mean over the times around it, so that a week does not show as a wave', async () => {
  const rows = 4000;
  const { uniform, normal } = createRandom(4);
  const features = Float32Array.from({ length: rows }, () => Math.floor(1000 * uniform()));
  const targets = features.map((day) => 0.02 * day + (day % 7 < 2 ? 10 : 0) + 0.5 * normal());
  const column: Column = {
    ...{ name: 'day', type: 'timestamp', missing: 0, unit: 'day' },
    ...{ origin: Date.UTC(2020, 0, 1), range: [0, 999] },
  };
  const { partial_dependence } = await measure({ rows, features, targets }, [column], { epochs: 60 });
  const { values, predictions } = partial_dependence![0]!;
  assert.equal(values.length, 20);
  for (const [i, value] of values.entries()) {
    const day = (Date.parse(value as string) - Date.UTC(2020, 0, 1)) / DAY;
    const expected = 0.02 * day + 20 / 7;
    assert.ok(Math.abs(predictions[i]![0]! - expected) < 2.5, `${value}: ${predictions[i]}, not about ${expected}`);
  }
});

test('several targets have figures of their own, in their units, and one for all in standard deviations', async () => {
  const { importance, partial_dependence } = await measure(
    draw(2000, 3, ([a = 0, b = 0], e) => [1000 * (a + 0.1 * e), b + 0.1 * e]),
  );
  const [a, b] = ['x0', 'x1'].map((name) => importance!.columns.find((column) => column.name === name)!);
  assert.ok(a!.targets![0]!.increase > 500 && Math.abs(a!.targets![1]!.increase) < 0.1);
  assert.ok(b!.targets![1]!.increase > 0.5 && Math.abs(b!.targets![0]!.increase) < 100);
  assert.ok(a!.increase > 0.5 && a!.increase < 1.5 && b!.increase > 0.5 && b!.increase < 1.5);
  assert.equal(partial_dependence![0]!.predictions[0]!.length, 2);
});

test('only the first ten targets have figures of their own', async () => {
  const { importance, partial_dependence } = await measure(
    draw(300, 2, ([a = 0], e) => Array.from({ length: 12 }, (_, k) => k * a + e)),
  );
  assert.equal(importance!.columns[0]!.targets!.length, 10);
  assert.equal(partial_dependence![0]!.predictions[0]!.length, 10);
});

test('of a constant target nothing matters', async () => {
  const { importance, partial_dependence } = await measure(draw(200, 3, () => [7]));
  for (const { increase, deviation, standard_error } of importance!.columns) {
    assert.ok(
      [increase, deviation, standard_error].every((value) => Math.abs(value) < 1e-2),
      `${increase}`,
    );
  }
  assert.ok(partial_dependence!.length <= 2);
});

test('a constant column has no importance, to the bit', async () => {
  const data = draw(300, 3, ([a = 0], e) => [a + 0.1 * e]);
  for (let r = 0; r < 300; r++) data.features[3 * r + 1] = 5;
  const { importance } = await measure(data);
  const { name: _, ...figures } = importance!.columns.find(({ name }) => name === 'x1')!;
  assert.deepEqual(figures, { increase: 0, deviation: 0, standard_error: 0 });
});

test('ten rows, of which two are held out, have figures but no dependence', async () => {
  const { importance, partial_dependence } = await measure(draw(10, 2, ([a = 0]) => [a]));
  assert.equal(importance!.rows, 2);
  assert.deepEqual(partial_dependence, []);
});

test('one held-out row says nothing', async () => {
  const createEngine = await loadEngine('kernel');
  const options = { ...DEFAULT_TRAINING, epochs: 2, validation_split: 0.1 };
  const data = draw(10, 1, ([a = 0]) => [a]);
  const trained = await train(createEngine, data, 1, ['y'], options);
  assert.equal(trained.heldOut.rows, 1);
  assert.deepEqual(whatMatters(createEngine, trained, ['x'], 1), {});
});

test('of hundreds of columns a hundred are listed, among them those that matter, and the others counted', async () => {
  const data = draw(600, 300, (row, e) => [4 * row[7]! + 2 * row[250]! + 0.1 * e]);
  const { importance } = await measure(data, undefined, { epochs: 5 });
  assert.deepEqual([importance!.columns.length, importance!.unlisted], [100, 200]);
  assert.deepEqual(
    importance!.columns.slice(0, 2).map(({ name }) => name),
    ['x7', 'x250'],
  );
  assert.ok(JSON.stringify(importance).length < 20_000);
});

test('a prediction that is too large for a number makes no figure infinite', async () => {
  const createEngine = await loadEngine('kernel');
  const trained = await train(
    createEngine,
    draw(100, 2, ([a = 0]) => [a]),
    2,
    ['y'],
    { ...DEFAULT_TRAINING, epochs: 2 },
  );
  const transforms = [{ method: 'log1p', mean: 0, scale: 1e4 }] as const;
  const scalers = { ...trained.scalers, transforms };
  const { importance } = whatMatters(createEngine, { ...trained, scalers }, ['a', 'b'], 1);
  assert.ok(importance!.columns.every(({ increase, standard_error }) => Number.isFinite(increase + standard_error)));
});
