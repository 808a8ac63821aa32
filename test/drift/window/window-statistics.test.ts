import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalCdf } from '../../../src/base/statistics/normal.js';
import { chiSquareBins, logRareBins, mergeBins } from '../../../src/drift/window/bin-tests.js';
import { combineEvidence } from '../../../src/drift/window/cauchy-combination.js';
import { jensenShannon, stabilityIndex } from '../../../src/drift/window/divergence.js';
import { logMissingTail, logRangeTail } from '../../../src/drift/window/guard-tests.js';
import { smoothBins } from '../../../src/drift/window/smooth-test.js';
import { assertClose, assertLogClose, SCIPY } from '../../support/scipy-statistics.js';

test('the number of rows outside an earlier range is beta-binomial', () => {
  for (const [k, n, m, expected] of SCIPY.outside_range) {
    assertLogClose(logRangeTail(k, n, m), expected, `${k} of ${n} outside the range of ${m}`);
  }
  assert.equal(logRangeTail(0, 100, 1000), 0);
});

test('missing values are compared with those of the baseline by Fisher’s exact test', () => {
  assertLogClose(logMissingTail(3, 5, 0, 5), Math.log(10 / 120), '3 of 5 against 0 of 5');
  assert.equal(logMissingTail(0, 500, 10, 5000), 0);
});

test('χ², Wilcoxon with ties and Jensen-Shannon of binned samples agree with SciPy', () => {
  for (const { window, baseline, ...expected } of SCIPY.two_samples) {
    const chi = chiSquareBins(window, baseline);
    assertClose(chi.statistic, expected.chi_square, 'χ²');
    assertClose(Math.exp(chi.logP), expected.chi_square_p, 'p of χ²');
    const components = smoothBins(window, baseline);
    const wilcoxon = 2 * normalCdf(-Math.abs(components[0]!.statistic));
    assertClose(wilcoxon, expected.wilcoxon_p, 'p of Wilcoxon');
    assert.equal(components.length, expected.smooth_components.length);
    components.forEach(({ statistic }, i) => {
      assertClose(statistic, expected.smooth_components[i]!, `component ${i + 1}`);
    });
    assertClose(jensenShannon(window, baseline), expected.jensen_shannon, 'Jensen-Shannon');
  }
});

test('the population stability index less its expectation agrees with NumPy', () => {
  assert.equal(SCIPY.stability_index.length, SCIPY.two_samples.length);
  for (const [i, [, corrected]] of SCIPY.stability_index.entries()) {
    const { window, baseline } = SCIPY.two_samples[i]!;
    assertClose(stabilityIndex(window, baseline), corrected, `corrected index ${i}`);
  }
});

test('with few bins the smooth components add up to χ², and an empty bin changes nothing', () => {
  const [window, baseline] = [
    [30, 0, 12, 40, 8],
    [300, 0, 200, 310, 190],
  ];
  const components = smoothBins(window, baseline);
  assert.equal(components.length, 3);
  const total = 90 + 1000;
  const squares = components.reduce((sum, { statistic }) => sum + statistic ** 2, 0);
  // The components have the variance of a draw without replacement, (N - 1) / N of that in χ².
  assertClose((squares * total) / (total - 1), chiSquareBins(window, baseline).statistic, 'sum of squares');
  assert.deepEqual(smoothBins([50], [1000]), []);
  assert.deepEqual(smoothBins([0, 0], [500, 500]), []);
});

test('combined p-values agree with SciPy’s Cauchy distribution, even where they underflow', () => {
  for (const [ps, expected] of SCIPY.combined) assertLogClose(combineEvidence(ps.map(Math.log)), expected, String(ps));
  assertLogClose(combineEvidence([-5000, -1]), Math.LN2 - 5000, 'far out');
  assert.equal(combineEvidence([Number.NEGATIVE_INFINITY, 0]), Number.NEGATIVE_INFINITY);
});

test('bins are joined until enough rows are expected in each', () => {
  const baseline = [100, 100, 10, 190, 100, 0, 500];
  // Of 25 rows, 2.5 are expected in a bin of 100.
  assert.deepEqual(mergeBins({ window: [5, 0, 0, 5, 2, 3, 10], baseline }), {
    window: [5, 0, 5, 2, 13],
    baseline: [100, 100, 200, 100, 500],
  });
  assert.deepEqual(mergeBins({ window: [3, 1], baseline: [999, 1] }), { window: [4], baseline: [1000] });
});

test('rows outside a bin that holds nearly all rows are tested exactly and two-sided', () => {
  // 3 of 10 rows against 1 of 90: P(X ≥ 3) for 4 marked of 100, 10 drawn.
  const more = (120 * 90 + 210) / 3_921_225;
  assertLogClose(logRareBins({ window: [7, 3], baseline: [89, 1] }), Math.log(2 * more), 'more');
  // None of 50 against 4 of 50: P(X = 0) = C(96, 50) / C(100, 50).
  const none = (50 * 49 * 48 * 47) / (100 * 99 * 98 * 97);
  assertLogClose(logRareBins({ window: [50, 0], baseline: [46, 4] }), Math.log(2 * none), 'fewer');
});
