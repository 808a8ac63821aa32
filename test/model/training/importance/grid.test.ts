import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { gridOf, MIN_GROUP } from '../../../../src/model/training/importance/grid.js';

const NUMBER: Column = { name: 'a', type: 'number', missing: 0, range: [0, 1] };

const values = (column: Column | undefined, codes: readonly number[]) =>
  gridOf(column, Float32Array.from(codes)).points.map(({ value }) => value);

test('no point of a grid of numbers is the value of a row, nor as far out as the extremes', () => {
  const { normal } = createRandom(2);
  for (const rows of [15, 20, 60, 1000, 20_000]) {
    const codes = Array.from({ length: rows }, () => Math.fround(1000 * normal()));
    codes[7] = 1e9;
    const sorted = codes.toSorted((a, b) => a - b);
    const points = values(NUMBER, codes) as number[];
    assert.equal(
      points.length,
      Math.min(20, Math.floor((rows - 2 * Math.max(1, Math.floor(0.02 * rows))) / MIN_GROUP)),
    );
    assert.deepEqual(
      points,
      points.toSorted((a, b) => a - b),
    );
    const known = new Set(codes);
    assert.deepEqual(
      points.filter((point) => known.has(Math.fround(point))),
      [],
      `${rows} rows`,
    );
    if (rows >= 1000) {
      assert.ok(points[0]! > sorted[Math.floor(0.02 * rows)]! && points.at(-1)! < sorted[Math.ceil(0.98 * rows) - 1]!);
    }
  }
});

test('a number of few values has those that at least five rows share', () => {
  const codes = [3, 4, 5, 6, 8].flatMap((value, i) => new Array([3, 40, 5, 70, 4][i]!).fill(value));
  assert.deepEqual(values(NUMBER, codes), [4, 5, 6]);
  assert.deepEqual(values(undefined, codes), [4, 5, 6], 'also without a column');
});

test('many equal values are one point', () => {
  const { uniform } = createRandom(3);
  const points = values(NUMBER, [...new Array(700).fill(0), ...Array.from({ length: 300 }, uniform)]);
  assert.ok(points.length > 4 && points.length < 8, `${points.length} points`);
  assert.equal(new Set(points).size, points.length);
});

test('a missing value is a point if at least five rows have none', () => {
  const codes = Array.from({ length: 100 }, (_, i) => i);
  assert.equal(values(NUMBER, [...codes, ...new Array(4).fill(Number.NaN)]).includes(null), false);
  assert.equal(values(NUMBER, [...codes, ...new Array(5).fill(Number.NaN)]).at(-1), null);
});

test('of fewer than twelve rows, of one value or of none there is at most one point', () => {
  for (const codes of [[], [1, 2], Array.from({ length: 11 }, (_, i) => i), new Array(500).fill(2), [Number.NaN]]) {
    assert.ok(values(NUMBER, codes).length < 2, `${codes.slice(0, 9)}`);
  }
});

test('a category has its most frequent levels, and says how many it has not', () => {
  const levels = Array.from({ length: 30 }, (_, i) => `level ${i}`);
  const column: Column = { name: 'a', type: 'category', missing: 0, levels, counts: levels.map((_, i) => i) };
  const { points, unlisted } = gridOf(column, new Float32Array(50));
  assert.deepEqual(
    points.map(({ value }) => value),
    Array.from({ length: 20 }, (_, i) => `level ${29 - i}`),
  );
  assert.deepEqual([points[0]!.codes, unlisted], [[29], 10]);
});

test('a boolean has both values, and a time means of groups of rows, each with the times of its rows', () => {
  assert.deepEqual(values({ name: 'a', type: 'boolean', missing: 0, labels: ['no', 'yes'] }, [0, 0]), [false, true]);
  const column: Column = {
    ...{ name: 'a', type: 'timestamp', missing: 0, unit: 'day' },
    ...{ origin: Date.UTC(2020, 0, 1), range: [0, 999] },
  };
  const { points } = gridOf(
    column,
    Float32Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.equal(points.length, 20);
  assert.equal(points[0]!.value, '2020-02-14', 'the middle of days 20 to 67');
  assert.ok(points.every(({ codes }) => codes.length === 48));
});
