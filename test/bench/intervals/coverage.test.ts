import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverage, coverageByFifths, meanWidth } from '../../../bench/intervals/coverage.js';

/** Ten rows, whose largest two predictions have intervals beside their targets. */
const ROWS = Array.from({ length: 10 }, (_, i) => ({
  prediction: -i,
  target: i < 2 ? 5 : 0,
  low: -1,
  high: i < 5 ? 1 : 2,
}));

test('coverage counts targets within the bounds and on them', () => {
  assert.equal(coverage(ROWS), 0.8);
  assert.equal(coverage([{ prediction: 0, target: 1, low: 1, high: 1 }]), 1);
});

test('fifths are in the order of the predictions', () => {
  assert.deepEqual(coverageByFifths(ROWS), [1, 1, 1, 1, 0]);
});

test('the mean width is that of all rows', () => {
  assert.equal(meanWidth(ROWS), 2.5);
});
