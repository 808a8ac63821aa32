import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { fitRidge, type InputRows, normalEquations, solve } from '../../../../src/model/training/ridge/ridge.js';
import { assertClose } from '../../../support/close-to.js';

test('the coefficients agree with those of scikit-learn', () => {
  // Ridge(alpha=2.0) of scikit-learn 1.9.1, whose intercept bears no penalty.
  const inputs = Float32Array.of(1, 2, 2, 1, 3, 5, 4, 3, 5, 8, 6, 6);
  const targets = Float32Array.of(1, 3, 2, 5, 4, 7);
  const { gram, moments } = normalEquations({ rows: 6, inputs, targets }, 2, 1);
  gram[0]! += 2;
  gram[4]! += 2;
  assertClose(solve(gram, moments, 3, 1), [1.25, -0.326923077, 0.653846154], 1e-6);
});

test('an exact relation is found, and noise has no coefficients', () => {
  const random = createRandom(1);
  const rows = (count: number, relation: (a: number, b: number) => number): InputRows => {
    const inputs = Float32Array.from({ length: 2 * count }, () => random.normal());
    return {
      rows: count,
      inputs,
      targets: Float32Array.from({ length: count }, (_, r) => relation(inputs[2 * r]!, inputs[2 * r + 1]!)),
    };
  };
  const exact = (a: number, b: number) => 2 * a - b + 3;
  assertClose(fitRidge(rows(100, exact), rows(30, exact), 2, 1), [2, -1, 3], 2e-3);
  const noise = () => random.normal();
  const [a, b] = fitRidge(rows(20, noise), rows(500, noise), 2, 1);
  assert.ok(Math.hypot(a!, b!) < 0.2, `${a}, ${b}`);
});

test('equal and constant columns, and fewer rows than columns, have finite coefficients', () => {
  const inputs = Float32Array.from({ length: 4 * 6 }, (_, i) => [i, i, 0, 0, 1, 1][i % 6]!);
  const known = { rows: 4, inputs, targets: Float32Array.of(1, 2, 3, 4) };
  assert.ok(fitRidge(known, known, 6, 1).every(Number.isFinite));
});
