import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { type InputRows, normalEquations, PENALTIES } from '../../../../src/model/training/ridge/ridge.js';
import { fitRidgeByGcv } from '../../../../src/model/training/ridge/ridge-by-gcv.js';
import { solveTridiagonal, tridiagonalise } from '../../../../src/model/training/ridge/tridiagonal.js';
import { assertClose } from '../../../support/close-to.js';

interface Fixture {
  cases: {
    inputs: number[][];
    targets: number[][];
    fits: { penalty: number; coefficients: number[]; intercept: number }[];
  }[];
}

const fixture = JSON.parse(readFileSync('test/fixtures/sklearn-ridge.json', 'utf8')) as Fixture;

function fit(rows: InputRows, width: number, outputs: number) {
  return fitRidgeByGcv(normalEquations(rows, width, outputs), rows, width, outputs);
}

test('coefficients and penalties of several targets agree with scikit-learn, with equal, constant and one-hot columns', () => {
  for (const { inputs, targets, fits } of fixture.cases) {
    const [width, outputs] = [inputs[0]!.length, fits.length];
    const rows = {
      rows: inputs.length,
      inputs: Float32Array.from(inputs.flat()),
      targets: Float32Array.from(targets.flat()),
    };
    const found = fit(rows, width, outputs)!;
    for (const [o, { penalty, coefficients, intercept }] of fits.entries()) {
      assert.ok(Math.abs(found.penalties[o]! / penalty - 1) < 1e-9, `${rows.rows} rows: penalty ${found.penalties[o]}`);
      const ofTarget = found.coefficients.filter((_, i) => i % outputs === o);
      assertClose(ofTarget, [...coefficients, intercept], 1e-6);
    }
  }
});

test('the tridiagonal form solves what the matrix does, whatever its size', () => {
  const random = createRandom(3);
  for (const size of [1, 2, 3, 12]) {
    const root = Float64Array.from({ length: size * size }, () => random.normal());
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < size; k++) matrix[i * size + j]! += root[i * size + k]! * root[j * size + k]!;
      }
    }
    const right = Float64Array.from({ length: size }, () => random.normal());
    const rotated = right.slice();
    const tridiagonal = tridiagonalise(matrix.slice(), rotated, size, 1);
    const { x, trace } = solveTridiagonal(tridiagonal, 0.7, rotated, 1, 0);
    // By Gauss and Jordan's elimination: the inverse.
    const [solution, inverse] = inverseOf(matrix, right, 0.7, size);
    const product = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    assertClose([product(x, rotated), product(x, x)], [product(solution, right), product(solution, solution)], 1e-9);
    assertClose([trace], [inverse.reduce((sum, row, i) => sum + row[i]!, 0)], 1e-9);
  }
});

function inverseOf(matrix: Float64Array, right: Float64Array, penalty: number, size: number) {
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => matrix[i * size + j]! + (i === j ? penalty : 0)),
    ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
  ]);
  for (let i = 0; i < size; i++) {
    const pivot = rows[i]![i]!;
    rows[i] = rows[i]!.map((value) => value / pivot);
    for (let k = 0; k < size; k++) {
      const factor = rows[k]![i]!;
      if (k !== i) rows[k] = rows[k]!.map((value, j) => value - factor * rows[i]![j]!);
    }
  }
  const inverse = rows.map((row) => Float64Array.from(row.slice(size)));
  return [inverse.map((row) => row.reduce((sum, value, j) => sum + value * right[j]!, 0)), inverse] as unknown as [
    Float64Array,
    Float64Array[],
  ];
}

test('constant targets, one column, and fewer rows than columns have finite coefficients', () => {
  const inputs = Float32Array.from({ length: 4 * 6 }, (_, i) => [i, i, 0, 0, 1, 1][i % 6]!);
  const constant = fit({ rows: 4, inputs, targets: new Float32Array(4).fill(2) }, 6, 1)!;
  assertClose(constant.coefficients, [0, 0, 0, 0, 0, 0, 2], 1e-9);
  assert.ok(fit({ rows: 4, inputs, targets: Float32Array.of(1, 2, 3, 4) }, 6, 1)!.coefficients.every(Number.isFinite));
  const one = fit({ rows: 4, inputs: Float32Array.of(-1, 1, -1, 1), targets: Float32Array.of(1, 3, 1, 3) }, 1, 1)!;
  assertClose(one.coefficients, [1, 2], 1e-2);
  assert.equal(one.penalties[0], PENALTIES[0]);
  assert.equal(fit({ rows: 4, inputs, targets: Float32Array.of(1, 2, Number.NaN, 4) }, 6, 1), null);
});
