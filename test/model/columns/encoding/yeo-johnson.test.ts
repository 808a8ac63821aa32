import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitYeoJohnson, yeoJohnson } from '../../../../src/model/columns/encoding/yeo-johnson.js';
import { assertClose } from '../../../support/close-to.js';

/** Of scipy.stats.yeojohnson(x, lambda), SciPy 1.17, for x = -2, -0.5, 0, 0.5 and 4. */
const TRANSFORMED: readonly [lambda: number, values: number[]][] = [
  [0, [-4, -0.625, 0, 0.40546511, 1.60943791]],
  [2, [-1.09861229, -0.40546511, 0, 0.625, 12]],
  [-1.5, [-13.07582052, -0.8952897, 0, 0.3037793, 0.60703819]],
  [3, [-0.66666667, -0.33333333, 0, 0.79166667, 41.33333333]],
];

test('values are transformed as SciPy transforms them, on both sides of 0 and at both logarithms', () => {
  for (const [lambda, values] of TRANSFORMED) {
    const transformed = [-2, -0.5, 0, 0.5, 4].map((x) => yeoJohnson(x, lambda));
    assertClose(transformed, values, 1e-7);
  }
});

test("lambda is that of scikit-learn's PowerTransformer", () => {
  const values = [
    ...[1.413, 2.274, 1.392, 0.272, 2.473, 1.563, 0.585, 1.788, 1.44, 1.342],
    ...[8.313, 0.329, -0.686, 7.712, 1.909, -1.941, 0.598, 0.192, 1.182, 1.115],
  ];
  const lambda = fitYeoJohnson(Float64Array.from(values));
  assert.ok(Math.abs(lambda - 0.53531755) < 1e-5, `${lambda}`);
  const transformed = [values[1]!, values[10]!, values[15]!].map((x) => yeoJohnson(x, lambda));
  assertClose(transformed, [1.65662568, 4.30016048, -2.63202481], 1e-4);
});

test('values that are equal, or of any size, have a finite lambda', () => {
  for (const values of [[3, 3, 3], [0], [1e300, 2, -1e300], [1e-300, 2e-300]]) {
    assert.ok(Number.isFinite(fitYeoJohnson(Float64Array.from(values))), `${values}`);
  }
});
