import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnChange, Kind } from '../../../bench/drift/battery/changes.js';
import { judge, type Truth } from '../../../bench/drift/battery/judge.js';

const TRUTH: Truth = {
  before: Float64Array.from([1, 2, 3, 4, 5, 6]),
  now: Float64Array.from([-999, 1, 2, 3, 16, Number.NaN]),
  min: 0.4999,
  max: 15.0001,
  deviation: 2,
  isChanged: true,
};

function judged(words: string, kind: Kind, truth: Partial<Truth> = {}) {
  const change: ColumnChange = { name: kind, kind, change: () => undefined, ofFew: true };
  return judge(words, 400, change, { ...TRUTH, ...truth });
}

test('the words of a guard are right if range, value and distance are', () => {
  const words = (range: string, furthest: string, ranges: string) =>
    `3 of 1,400 rows out of the range ${range} of the held-out rows, the furthest ${furthest}, ${ranges} ranges away`;
  assert.equal(judged(words('0.4999 to 15', '-999', '69'), 'sentinel'), 'right');
  assert.equal(judged(words('0.4999 to 15', '-999', '69'), 'missing'), 'vague');
  assert.equal(judged(words('0.4999 to 16', '-999', '69'), 'sentinel'), 'wrong');
  assert.equal(judged(words('0.4999 to 15', '-998', '69'), 'sentinel'), 'wrong');
  assert.equal(judged(words('0.4999 to 15', '-999', '6.9'), 'sentinel'), 'wrong');
  const constant = { min: 7, max: 7, now: Float64Array.from([7, 2 ** 31]) };
  assert.equal(
    judged('1 row other than 7 of the held-out rows, the furthest 2147483648', 'sentinel', constant),
    'right',
  );
});

test('the words of a guard about missing values are right if values are missing', () => {
  assert.equal(judged('missing in 3 of 400 rows', 'missing'), 'right');
  assert.equal(judged('missing in 3 of 400 rows', 'missing', { now: TRUTH.before }), 'wrong');
});
