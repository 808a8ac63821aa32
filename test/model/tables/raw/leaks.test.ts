import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { Leaks } from '../../../../src/model/tables/raw/leaks.js';

const CHUNK = 700;

/** The warnings about each column of `rows` rows; the last column is the target. */
function warningsOf(rows: number, row: (i: number) => number[], isOrdered?: boolean[]): string[][] {
  const width = row(0).length - 1;
  const leaks = new Leaks(isOrdered ?? new Array<boolean>(width).fill(true), 1);
  for (let from = 0; from < rows; from += CHUNK) {
    const count = Math.min(CHUNK, rows - from);
    const drawn = Array.from({ length: count }, (_, i) => row(from + i));
    leaks.add(
      Array.from({ length: width + 1 }, (_, c) => Float32Array.from(drawn, (each) => each[c]!)),
      count,
    );
  }
  return Array.from({ length: width }, (_, j) => leaks.of(j, ['y']));
}

for (const rows of [60, 1500, 20_000]) {
  test(`a column that is the target on another scale is warned of, in ${rows} rows; one that only follows it is not`, () => {
    const random = createRandom(3);
    const warnings = warningsOf(rows, () => {
      const y = Math.exp(3 * random.normal());
      const gap = random.uniform() < 0.1 ? Number.NaN : y;
      return [2 * y + 1, Math.log(y), -(gap ** 3), y * (1 + 0.2 * random.normal()), random.normal(), 7, y];
    });
    assert.match(warnings[0]![0]!, /^it alone explains 100.00 % of "y": it may be made from the target$/);
    assert.deepEqual(warnings[1], ['its values have the order of those of "y": it may be made from the target']);
    assert.deepEqual(warnings[2], warnings[1]);
    assert.deepEqual(warnings.slice(3), [[], [], []]);
  });
}

test('few rows, categories, and targets of few values give no warning of order', () => {
  assert.deepEqual(
    warningsOf(20, (i) => [Math.log(1 + i), i]),
    [[]],
  );
  assert.deepEqual(
    warningsOf(500, (i) => [Math.log(1 + i), i], [false]),
    [[]],
  );
  assert.deepEqual(
    warningsOf(500, (i) => [i, i % 3]),
    [[]],
  );
});
