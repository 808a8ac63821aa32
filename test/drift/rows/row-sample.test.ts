import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowSample } from '../../../src/drift/rows/row-sample.js';

/** A sample of `count` rows whose only feature is their number, one per millisecond from 0 on. */
function numbered(count: number): RowSample {
  const sample = new RowSample(1, 1);
  const [row, output, error] = [new Float32Array(1), new Float32Array(1), new Float32Array(1)];
  for (let i = 0; i < count; i++) {
    row[0] = i;
    output[0] = 2 * i;
    error[0] = i + 0.5;
    sample.add(row, output, error, 0, i);
  }
  return sample;
}

/** Kolmogorov and Smirnov's distance from the uniform between two numbers: above 1.95 / sqrt(rows) in one of 1,000 samples. */
function distanceFromUniform(rows: Float32Array, from: number, to: number): number {
  const sorted = Array.from(rows).sort((a, b) => a - b);
  return Math.max(...sorted.map((row, i) => Math.abs((row - from) / (to - from) - i / rows.length)));
}

test('a sample of few rows is all of them, each with its output and error', () => {
  const { count, rows, outputs, errors, from } = numbered(500).since(100);
  assert.equal(count, 400);
  assert.equal(from, 100);
  assert.deepEqual(
    Array.from(rows).sort((a, b) => a - b),
    Array.from({ length: 400 }, (_, i) => 100 + i),
  );
  rows.forEach((row, i) => {
    assert.equal(outputs[i], 2 * row);
    assert.equal(errors[i], row + 0.5);
  });
});

test('the rows since any time give a uniform sample without repetition', () => {
  const total = 300_000;
  const sample = numbered(total);
  for (const since of [0, 150_000, 290_000, 298_000]) {
    const { count, rows } = sample.since(since);
    assert.equal(count, sample.maxRows);
    assert.equal(new Set(rows).size, count);
    assert.ok(rows.every((row) => row >= since));
    const distance = distanceFromUniform(rows, since, total);
    assert.ok(distance < 1.95 / Math.sqrt(count), `since ${since}: ${distance}`);
  }
});

test('a sample is uniform even if more rows are needed than there is capacity for', () => {
  const total = 30_000_000;
  const { count, rows } = numbered(total).since(0);
  assert.equal(count, 1000);
  assert.ok(distanceFromUniform(rows, 0, total) < 1.95 / Math.sqrt(count));
});

test('sweeping allocates nothing', () => {
  const sample = new RowSample(1, 1);
  const row = new Float32Array(1);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100_000; i++) sample.add(row, row, row, 0, i);
  assert.ok(process.memoryUsage().arrayBuffers <= before);
});

test('without rows since a time the sample is empty', () => {
  const { count, from } = numbered(10).since(10);
  assert.equal(count, 0);
  assert.equal(from, null);
});

test('wide rows get a smaller sample within the same memory', () => {
  assert.equal(new RowSample(8, 1).maxRows, 1000);
  assert.equal(new RowSample(50, 1).maxRows, 1000);
  assert.ok(new RowSample(1000, 1).maxRows < 100);
});
