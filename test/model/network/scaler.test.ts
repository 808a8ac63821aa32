import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitScaler, standardise, unstandardise } from '../../../src/model/network/scaler.js';
import { assertClose } from '../../support/close-to.js';

/** The example of Wikipedia, "Standard deviation": mean 5, population standard deviation 2. */
const KNOWN = [2, 4, 4, 4, 5, 5, 7, 9];

test('mean and population standard deviation of a known column', () => {
  const { mean, scale } = fitScaler(Float32Array.from(KNOWN), 1, allOf(8));
  assertClose(mean, [5], 1e-15);
  assertClose(scale, [2], 1e-15);
});

test('columns are measured apart, on the rows of the index only', () => {
  const values = Float32Array.from([1e9, -1e9, ...KNOWN.flatMap((value) => [value, 10 * value + 3]), Number.NaN, 7]);
  const { mean, scale } = fitScaler(values, 2, Int32Array.of(8, 7, 6, 5, 4, 3, 2, 1));
  assertClose(mean, [5, 53], 1e-13);
  assertClose(scale, [2, 20], 1e-13);
});

test('a constant column becomes 0 and divides by 1, whatever its value', () => {
  for (const value of [0, 5, 0.1, -1 / 3, 3.4e38, 1e-45]) {
    const values = new Float32Array(1001).fill(value);
    const { mean, scale } = fitScaler(values, 1, allOf(values.length));
    assert.deepEqual(scale, [1], `scale of ${value}`);
    standardise({ mean, scale }, values, values, values.length);
    assertClose(values, new Float32Array(1001), Math.abs(value) * 1e-12, `column of ${value}`);
  }
});

test('a single row is all constant columns', () => {
  assert.deepEqual(fitScaler(Float32Array.of(3, 4, 5, 6), 2, Int32Array.of(1)), { mean: [5, 6], scale: [1, 1] });
});

test('a column that varies little around a large mean is standardised, not taken for a constant', () => {
  // Seconds since 1970: float32 steps by 128 there.
  const values = Float32Array.from({ length: 100 }, (_, i) => 1_700_000_000 + 128 * (i % 2));
  const scaler = fitScaler(values, 1, allOf(100));
  assertClose(scaler.scale, [64], 1e-6);
  standardise(scaler, values, values, 100);
  assertClose(values.subarray(0, 2), [-1, 1], 1e-6);
});

test('columns at the limits of float32 do not overflow', () => {
  for (const unit of [3e38, 1e-44]) {
    const values = Float32Array.of(-unit, unit);
    const standardised = new Float32Array(2);
    const scaler = fitScaler(values, 1, allOf(2));
    standardise(scaler, values, standardised, 2);
    assertClose(standardised, [-1, 1], 1e-6, `column of ${unit}`);
    unstandardise(scaler, standardised, standardised, 2);
    assert.deepEqual(standardised, values);
  }
});

test('a large column keeps its precision: two passes, not the difference of two sums of squares', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => 10_000_000 + (i % 2));
  const { mean, scale } = fitScaler(values, 1, allOf(1000));
  assertClose(mean, [10_000_000.5], 1e-6);
  assertClose(scale, [0.5], 1e-9);
});

test('a missing value becomes the mean', () => {
  const values = Float32Array.of(Number.NaN, 30, 3, Number.NaN);
  standardise({ mean: [1, 10], scale: [2, 10] }, values, values, 2);
  assert.deepEqual(values, Float32Array.of(0, 2, 1, 0));
});

test('standardise and unstandardise are inverse, and touch only the rows they are given', () => {
  const scaler = { mean: [1, -100], scale: [0.5, 20] };
  const raw = Float32Array.of(2, -80, 0, -140, 9, 9);
  const standardised = new Float32Array(6).fill(7);
  standardise(scaler, raw, standardised, 2);
  assert.deepEqual(standardised, Float32Array.of(2, 1, -2, -2, 7, 7));
  const back = new Float32Array(6).fill(7);
  unstandardise(scaler, standardised, back, 2);
  assert.deepEqual(back, Float32Array.of(2, -80, 0, -140, 7, 7));
});

function allOf(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, i) => i);
}
