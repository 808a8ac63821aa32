import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRatio, geometricMean, ratioOf, rootMean } from '../../../bench/tables/ratio.js';

test('errors that both models share cancel in the standard error of their ratio', () => {
  const other = [1, 9, 4, 25];
  const { value, error } = ratioOf(
    other.map((square) => 4 * square),
    other,
  );
  assert.equal(value, 2);
  assert.ok(error! < 1e-12);
});

test('the jackknife of a mean has the standard error of the mean', () => {
  // Beside a constant, and with small differences, the ratio of the roots is half of the mean difference.
  const differences = [1e-6, -3e-6, 5e-6, 2e-6, -1e-6];
  const { error } = ratioOf(
    differences.map((difference) => 1 + difference),
    differences.map(() => 1),
  );
  const mean = differences.reduce((sum, each) => sum + each, 0) / 5;
  const variance = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 4;
  assert.ok(Math.abs(error! / (0.5 * Math.sqrt(variance / 5)) - 1) < 1e-4);
});

test('one split has no standard error', () => {
  assert.deepEqual(ratioOf([4], [1]), { value: 2, error: undefined });
  assert.equal(formatRatio({ value: 2, error: undefined }), '2.00');
  assert.equal(formatRatio({ value: 0.987, error: 0.0123 }), '0.99 ± 0.01');
});

test('root mean and geometric mean', () => {
  assert.equal(rootMean([1, 7]), 2);
  assert.ok(Math.abs(geometricMean([0.5, 2, 8]) - 2) < 1e-12);
});
