import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chiSquareAtDeviate,
  chiSquareDeviate,
  chiSquareQuantile,
  logChiSquareTail,
} from '../../../src/base/statistics/chi-square.js';
import { logHypergeometricTail } from '../../../src/base/statistics/hypergeometric.js';
import { logNormalTail, normalCdf, normalQuantile } from '../../../src/base/statistics/normal.js';
import { assertClose, assertLogClose, SCIPY } from '../../support/scipy-statistics.js';

test('the normal distribution agrees with SciPy, far into the tails', () => {
  for (const [z, expected] of SCIPY.normal.log_cdf) {
    assertLogClose(logNormalTail(-z), expected, `ln P(Z < ${z})`);
    assertClose(normalCdf(z), Math.exp(expected), `P(Z < ${z})`);
  }
  for (const [p, expected] of SCIPY.normal.quantile) assertClose(normalQuantile(p), expected, `quantile of ${p}`);
  assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
  assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(normalQuantile(1.5)));
});

test('the tail of χ² agrees with SciPy', () => {
  for (const [x, degrees, expected] of SCIPY.chi_square) {
    assertLogClose(logChiSquareTail(x, degrees), expected, `χ² ${x} with ${degrees} degrees`);
  }
  assert.equal(logChiSquareTail(0, 5), 0);
  assert.ok(logChiSquareTail(1e6, 5) < -499_000, 'a tail far below the smallest number still has a logarithm');
});

test('quantiles of χ² agree with SciPy', () => {
  for (const [tail, degrees, expected] of SCIPY.chi_square_quantile) {
    assertClose(chiSquareQuantile(tail, degrees), expected, `quantile ${tail} with ${degrees} degrees`);
  }
});

test('the tail of the hypergeometric distribution is exact', () => {
  for (const [k, draws, marked, others, expected] of SCIPY.hypergeometric) {
    const found = logHypergeometricTail(k, draws, marked, others);
    assertLogClose(found, expected, `${k} of ${draws} from ${marked} and ${others}`);
  }
  assert.equal(logHypergeometricTail(4, 5, 3, 7), Number.NEGATIVE_INFINITY);
});

test('the deviate of χ² is Wilson and Hilferty’s, close to the exact one, and leads back to χ²', () => {
  for (const [x, degrees, approximate, exact] of SCIPY.chi_square_deviate) {
    const found = chiSquareDeviate(x, degrees);
    assertClose(found, approximate, `χ² ${x} with ${degrees} degrees`);
    assert.ok(Math.abs(found - exact) < 0.02 * Math.max(1, Math.abs(exact)), `${found} instead of ${exact}`);
    assertClose(chiSquareAtDeviate(found, degrees), x, `back to χ² ${x} with ${degrees} degrees`);
  }
});
