import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervalNames } from '../../../src/model/intervals/interval-names.js';
import { highestLevel, rankOf, readLevel, rowsFor } from '../../../src/model/intervals/level.js';
import { readIntervals } from '../../../src/model/intervals/read-intervals.js';
import type { Scalers } from '../../../src/model/network/predictor.js';

const SCALERS: Scalers = { features: { mean: [0], scale: [1] }, targets: { mean: [10], scale: [2] } };
const FILE = { schema: 1, rows: 9, targets: [{ difficulty: null, scores: [1, 2, 3, 4, 5, 6, 7, 8, 9] }] };
const prediction = (outputs: number[]) => ({
  outputs: Float32Array.from(outputs),
  inputs: new Float32Array(outputs.length),
  errors: new Float32Array(outputs.length),
});

test('the bounds are the prediction and the score of the rank ⌈(n + 1) level⌉, in the units of the target', () => {
  const intervals = readIntervals(JSON.stringify(FILE), SCALERS);
  for (const [level, score] of [
    [0.5, 5],
    [0.51, 6],
    [0.7, 7],
    [0.9, 9],
  ] as const) {
    const { low, high } = intervals.bounds(level, prediction([100, -1]), 2);
    assert.deepEqual([...low, ...high], [100 - 2 * score, -1 - 2 * score, 100 + 2 * score, -1 + 2 * score]);
  }
  const later = intervals.bounds(0.5, prediction([1, 2, 3]), 1, 2);
  assert.deepEqual([...later.low, ...later.high], [-7, 13]);
});

test('a level that takes more calibration rows than there are is refused with their number and the highest level', () => {
  const intervals = readIntervals(JSON.stringify(FILE), SCALERS);
  assert.throws(() => intervals.bounds(0.95, prediction([1]), 1), {
    code: 'LEVEL_UNAVAILABLE',
    message:
      'interval 0.95 needs at least 19 calibration rows, this version has 9; train with more rows, or ask for at most 0.9',
  });
});

test('rows and levels belong together, whatever the rounding', () => {
  for (const level of [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.98, 0.99]) {
    const rows = rowsFor(level);
    assert.ok(rankOf(level, rows) <= rows, `${level} with ${rows} rows`);
    assert.ok(rankOf(level, rows - 1) > rows - 1, `${level} with ${rows - 1} rows`);
    assert.ok(highestLevel(rows) >= level && (level === 0.99 || highestLevel(rows - 1) < level), `${level}`);
  }
  assert.deepEqual([0.8, 0.9, 0.95, 0.99].map(rowsFor), [4, 9, 19, 99]);
  assert.deepEqual([0.5, 0.99, '0.9', ' 0.9'].map(readLevel), [0.5, 0.99, 0.9, 0.9]);
  for (const value of [0.49, 1, 0, -1, 90, Number.NaN, '', ' ', 'abc', '90', null, true, [0.9], {}]) {
    assert.equal(readLevel(value), undefined, String(value));
  }
});

test('a target on the logarithmic scale has bounds that grow with the prediction, above -1', () => {
  const scalers: Scalers = { ...SCALERS, transforms: [{ method: 'log1p', mean: 3, scale: 0.5 }] };
  const intervals = readIntervals(JSON.stringify(FILE), scalers);
  const { low, high } = intervals.bounds(0.5, prediction([0, 9, 99]), 3);
  for (const [i, output] of [0, 9, 99].entries()) {
    assert.ok(Math.abs((high[i]! + 1) / ((output + 1) * Math.exp(2.5)) - 1) < 1e-6);
    assert.ok(Math.abs((low[i]! + 1) / ((output + 1) * Math.exp(-2.5)) - 1) < 1e-5);
  }
});

test('a prediction of -1 on the logarithmic scale has an interval too', () => {
  const scalers: Scalers = { ...SCALERS, transforms: [{ method: 'log1p', mean: 3, scale: 2 }] };
  const { low, high } = readIntervals(JSON.stringify(FILE), scalers).bounds(0.9, prediction([-1]), 1);
  assert.ok(low[0] === -1 && high[0]! > -0.9, `${low[0]}, ${high[0]}`);
});

test('bounds are finite, and the prediction lies between them', () => {
  const file = { schema: 1, rows: 1, targets: [{ difficulty: null, scores: [3e38] }] };
  const log: Scalers = { ...SCALERS, transforms: [{ method: 'log1p', mean: 3, scale: 0.5 }] };
  for (const scalers of [SCALERS, log]) {
    for (const output of [0, 3e38, -0.5, -1]) {
      const { low, high } = readIntervals(JSON.stringify(file), scalers).bounds(0.5, prediction([output]), 1);
      const value = Math.fround(output);
      assert.ok(Number.isFinite(low[0]!) && Number.isFinite(high[0]!) && low[0]! <= value && value <= high[0]!);
    }
  }
});

test('a file that does not fit the model or itself is refused with the place', () => {
  const cases: [unknown, RegExp][] = [
    ['{', /^intervals\.json: not JSON/],
    [[], /^intervals\.json/],
    [{ ...FILE, schema: 2 }, /^intervals\.json\/schema/],
    [{ ...FILE, rows: 0 }, /^intervals\.json\/rows/],
    [{ ...FILE, rows: 8 }, /^intervals\.json\/targets\/0\/scores: .* at most 8/],
    [{ ...FILE, targets: [] }, /^intervals\.json\/targets/],
    [{ ...FILE, targets: [...FILE.targets, ...FILE.targets] }, /^intervals\.json\/targets: expected 1, got 2/],
    [{ ...FILE, targets: [{ difficulty: null, scores: [] }] }, /^intervals\.json\/targets\/0\/scores/],
    [
      { ...FILE, targets: [{ difficulty: null, scores: [2, 1] }] },
      /^intervals\.json\/targets\/0\/scores: expected an ascending order/,
    ],
    [{ ...FILE, targets: [{ difficulty: null, scores: [-1, 1] }] }, /^intervals\.json\/targets\/0\/scores\/0/],
    [{ ...FILE, targets: [{ difficulty: null, scores: [null] }] }, /^intervals\.json\/targets\/0\/scores\/0/],
    [
      { ...FILE, rows: 2000, targets: [{ difficulty: null, scores: Array(1001).fill(1) }] },
      /^intervals\.json\/targets\/0\/scores/,
    ],
  ];
  for (const [content, message] of cases) {
    const json = typeof content === 'string' ? content : JSON.stringify(content);
    assert.throws(() => readIntervals(json, SCALERS), { code: 'INVALID_VERSION', message }, json.slice(0, 80));
  }
  assert.throws(() => readIntervals(JSON.stringify(FILE).replace('9]', '1e999]'), SCALERS), {
    code: 'INVALID_VERSION',
  });
});

test('the columns of bounds take the next name that no target has', () => {
  assert.deepEqual(intervalNames(['y', 'z']), [
    ['y_low', 'y_high'],
    ['z_low', 'z_high'],
  ]);
  assert.deepEqual(intervalNames(['y_low', 'y', 'y_low_2']), [
    ['y_low_low', 'y_low_high'],
    ['y_low_3', 'y_high'],
    ['y_low_2_low', 'y_low_2_high'],
  ]);
});
