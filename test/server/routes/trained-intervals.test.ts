import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

type Row = Record<string, number | string | null>;

/** Trains on rows with the targets `y…`, and predicts the first of them with intervals. */
async function trainAndPredict(t: TestContext, rows: readonly Row[], level: number, targets: string[] = ['y']) {
  const { app } = await buildTestApp(t, [], { maxRows: 2000, allowMissing: true });
  const names = Object.keys(rows[0]!);
  const csv = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
    .map((cells) => cells.join())
    .join('\n');
  const trained = await app.inject({
    method: 'POST',
    url: `/train?wait=true&epochs=5&promote=always&target=${targets.join()}`,
    headers: { 'content-type': 'text/csv' },
    payload: csv,
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const card = (await app.inject({ url: '/model' })).json();
  const answer = await app.inject({
    method: 'POST',
    url: `/predict?interval=${level}`,
    payload: { instances: rows.slice(0, 10).map((row) => card.features.map((name: string) => row[name])) },
  });
  return { card, answer };
}

const wave = (i: number, j = 1) => Math.sin(12.9898 * (i + 1) * j);

const TABLES: [what: string, rows: Row[], targets?: string[]][] = [
  ['a constant target', Array.from({ length: 60 }, (_, i) => ({ x: wave(i), y: 7 }))],
  ['ten rows', Array.from({ length: 10 }, (_, i) => ({ x: wave(i), y: wave(i, 2) }))],
  ['gaps', Array.from({ length: 80 }, (_, i) => ({ x: i % 3 ? wave(i) : null, z: wave(i, 3), y: wave(i, 2) }))],
  ['one column, mostly one value', Array.from({ length: 50 }, (_, i) => ({ x: i % 10 ? 1 : 2, y: wave(i) }))],
  [
    '200 columns',
    Array.from({ length: 40 }, (_, i) => ({
      ...Object.fromEntries(Array.from({ length: 200 }, (__, j) => [`x${j}`, wave(i, j + 3)])),
      y: wave(i),
    })),
  ],
  ['text', Array.from({ length: 60 }, (_, i) => ({ kind: ['red', 'green', 'blue'][i % 3]!, x: wave(i), y: i % 3 }))],
  [
    'several targets, one of them constant',
    Array.from({ length: 60 }, (_, i) => ({ x: wave(i), y: 3 * wave(i), y2: 1e6 * wave(i, 2), y3: 0 })),
    ['y', 'y2', 'y3'],
  ],
  ['a target with a long tail', Array.from({ length: 300 }, (_, i) => ({ x: wave(i), y: Math.exp(4 * wave(i)) }))],
  ['equal rows', Array.from({ length: 30 }, () => ({ x: 1, y: 2, z: 0 })).map((row, i) => ({ ...row, z: i % 2 }))],
];

for (const [what, rows, targets = ['y']] of TABLES) {
  test(`a model of ${what} has finite intervals about its predictions`, async (t) => {
    const level = rows.length > 20 ? 0.8 : 0.5;
    const { card, answer } = await trainAndPredict(t, rows, level, targets);
    assert.equal(answer.statusCode, 200, answer.body);
    const { intervals, predictions } = answer.json();
    assert.deepEqual([intervals.length, intervals[0].length], [10, targets.length]);
    intervals.forEach((row: [number, number][], i: number) => {
      row.forEach(([low, high], j) => {
        const value = predictions[i][j];
        assert.ok(Number.isFinite(low) && Number.isFinite(high) && low <= value && value <= high, `${low}, ${high}`);
      });
    });
    assert.ok(card.intervals.rows <= rows.length);
  });
}

test('a table of twenty rows has intervals of 0.95, since all rows calibrate, and says what 0.99 takes', async (t) => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ x: wave(i), y: wave(i, 2) }));
  const { card, answer } = await trainAndPredict(t, rows, 0.95);
  assert.equal(answer.statusCode, 200, answer.body);
  assert.equal(card.intervals.rows, 20);
  const { answer: refused } = await trainAndPredict(t, rows, 0.99);
  assert.equal(refused.statusCode, 422);
  assert.match(refused.json().error, /needs at least 99 calibration rows, this version has 20; .* at most 0\.952$/);
});
