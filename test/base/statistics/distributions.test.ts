import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  chiSquareAtDeviate,
  chiSquareDeviate,
  chiSquareQuantile,
  logChiSquareTail,
} from '../../../src/base/statistics/chi-square.js';
import { logHypergeometricTail } from '../../../src/base/statistics/hypergeometric.js';
import { logNormalTail, normalCdf, normalQuantile } from '../../../src/base/statistics/normal.js';
import { DesignEffect } from '../../../src/drift/counts/design-effect.js';
import { criticalIndex } from '../../../src/drift/monitor/column-report.js';
import { chiSquareBins } from '../../../src/drift/window/bin-tests.js';
import { combineEvidence } from '../../../src/drift/window/cauchy-combination.js';
import { stabilityIndex } from '../../../src/drift/window/divergence.js';
import { logMissingTail, logRangeTail } from '../../../src/drift/window/guard-tests.js';
import { jensenShannon } from '../../../src/drift/window/jensen-shannon.js';
import { mergeBins } from '../../../src/drift/window/merge-bins.js';
import { logRareBins } from '../../../src/drift/window/rare-bins.js';
import { smoothBins } from '../../../src/drift/window/smooth-test.js';
import { makeScoreGrid, writeScore } from '../../../src/model/baseline/normal-scores.js';
import { OrderedLists } from '../../../src/model/baseline/ordered-lists.js';
import { makeOrderedSample, sampleScore } from '../../../src/model/baseline/ordered-sample.js';

interface Fixture {
  normal: { log_cdf: [number, number][]; quantile: [number, number][] };
  chi_square: [number, number, number][];
  chi_square_quantile: [number, number, number][];
  hypergeometric: [number, number, number, number, number][];
  outside_range: [number, number, number, number][];
  two_samples: {
    window: number[];
    baseline: number[];
    chi_square: number;
    chi_square_p: number;
    wilcoxon_p: number;
    smooth_components: number[];
    jensen_shannon: number;
  }[];
  normal_scores: { values: number[]; scores: number[] };
  combined: [number[], number][];
  stability_index: [number, number][];
  stability_critical: [number, number, number, number][];
  chi_square_deviate: [number, number, number, number][];
  design_effect: { columns: number[][]; effects: number[] };
}

const fixture = JSON.parse(readFileSync('test/fixtures/scipy-statistics.json', 'utf8')) as Fixture;

/** Within 1e-9 of `expected`, relative. */
function assertClose(found: number, expected: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= 1e-9 * Math.abs(expected) + 1e-15, `${what}: ${found} is not ${expected}`);
}

/** Probabilities within 1e-9, relative: an absolute error of their logarithm, whose own rounding counts where it is large. */
function assertLogClose(found: number, expected: number, what: string): void {
  const tolerance = 1e-9 + 1e-14 * Math.abs(expected);
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found} is not ${expected}`);
}

test('the normal distribution agrees with SciPy, far into the tails', () => {
  for (const [z, expected] of fixture.normal.log_cdf) {
    assertLogClose(logNormalTail(-z), expected, `ln P(Z < ${z})`);
    assertClose(normalCdf(z), Math.exp(expected), `P(Z < ${z})`);
  }
  for (const [p, expected] of fixture.normal.quantile) assertClose(normalQuantile(p), expected, `quantile of ${p}`);
  assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
  assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(normalQuantile(1.5)));
});

test('the tail of χ² agrees with SciPy', () => {
  for (const [x, degrees, expected] of fixture.chi_square) {
    assertLogClose(logChiSquareTail(x, degrees), expected, `χ² ${x} with ${degrees} degrees`);
  }
  assert.equal(logChiSquareTail(0, 5), 0);
  assert.ok(logChiSquareTail(1e6, 5) < -499_000, 'a tail far below the smallest number still has a logarithm');
});

test('quantiles of χ² agree with SciPy', () => {
  for (const [tail, degrees, expected] of fixture.chi_square_quantile) {
    assertClose(chiSquareQuantile(tail, degrees), expected, `quantile ${tail} with ${degrees} degrees`);
  }
});

test('the tail of the hypergeometric distribution is exact', () => {
  for (const [k, draws, marked, others, expected] of fixture.hypergeometric) {
    const found = logHypergeometricTail(k, draws, marked, others);
    assertLogClose(found, expected, `${k} of ${draws} from ${marked} and ${others}`);
  }
  assert.equal(logHypergeometricTail(4, 5, 3, 7), Number.NEGATIVE_INFINITY);
});

test('the number of rows outside an earlier range is beta-binomial', () => {
  for (const [k, n, m, expected] of fixture.outside_range) {
    assertLogClose(logRangeTail(k, n, m), expected, `${k} of ${n} outside the range of ${m}`);
  }
  assert.equal(logRangeTail(0, 100, 1000), 0);
});

test('missing values are compared with those of the baseline by Fisher’s exact test', () => {
  assertLogClose(logMissingTail(3, 5, 0, 5), Math.log(10 / 120), '3 of 5 against 0 of 5');
  assert.equal(logMissingTail(0, 500, 10, 5000), 0);
});

test('χ², Wilcoxon with ties and Jensen-Shannon of binned samples agree with SciPy', () => {
  for (const { window, baseline, ...expected } of fixture.two_samples) {
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

test('the population stability index, less what chance explains of it, agrees with NumPy', () => {
  assert.equal(fixture.stability_index.length, fixture.two_samples.length);
  for (const [i, [, corrected]] of fixture.stability_index.entries()) {
    const { window, baseline } = fixture.two_samples[i]!;
    assertClose(stabilityIndex(window, baseline), corrected, `corrected index ${i}`);
  }
});

test('what chance passes in 1 % of windows agrees with SciPy', () => {
  for (const [bins, n, m, expected] of fixture.stability_critical) {
    assertClose(criticalIndex(bins, n, m), expected, `${bins} bins, ${n} rows against ${m}`);
  }
  assert.equal(criticalIndex(1, 500, 2000), 0);
});

test('the deviate of χ² is Wilson and Hilferty’s, close to the exact one, and leads back to χ²', () => {
  for (const [x, degrees, approximate, exact] of fixture.chi_square_deviate) {
    const found = chiSquareDeviate(x, degrees);
    assertClose(found, approximate, `χ² ${x} with ${degrees} degrees`);
    assert.ok(Math.abs(found - exact) < 0.02 * Math.max(1, Math.abs(exact)), `${found} instead of ${exact}`);
    assertClose(chiSquareAtDeviate(found, degrees), x, `back to χ² ${x} with ${degrees} degrees`);
  }
});

test('the design effect is the spread of block means against that of independent rows, as by NumPy', () => {
  const { columns, effects } = fixture.design_effect;
  const estimate = new DesignEffect(columns.length, 10);
  for (let row = 0; row < 500; row++) {
    assert.equal(estimate.settled, false);
    estimate.add(Uint8Array.from(columns, (column) => column[row]!));
  }
  assert.equal(estimate.settled, true);
  effects.forEach((expected, c) => {
    assertClose(estimate.effects[c]!, expected, `column ${c}`);
  });
  assert.ok(effects[0]! > 5 && effects[1] === 1, 'one column depends on itself, one does not');
});

test('with few bins the smooth components add up to χ², and an empty bin counts for nothing', () => {
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

test('p-values are combined as by SciPy’s Cauchy distribution, also where they are too small for a number', () => {
  for (const [ps, expected] of fixture.combined)
    assertLogClose(combineEvidence(ps.map(Math.log)), expected, String(ps));
  assertLogClose(combineEvidence([-5000, -1]), Math.LN2 - 5000, 'far out');
  assert.equal(combineEvidence([Number.NEGATIVE_INFINITY, 0]), Number.NEGATIVE_INFINITY);
});

test('normal scores with ties agree with SciPy, on a feature’s grid and in a sample', () => {
  const { values, scores } = fixture.normal_scores;
  const sorted = Float64Array.from(values).sort();
  const grid = makeScoreGrid(sorted);
  const grids = new OrderedLists([grid.values]);
  const gridScores = Float64Array.from(grid.scores);
  const sample = makeOrderedSample(sorted);
  const written = new Float64Array(values.length);
  values.forEach((value, i) => {
    writeScore(grids, gridScores, 0, Float64Array.from(values), i, written);
    assertClose(written[i]!, scores[i]!, `grid score of ${value}`);
    assertClose(sampleScore(sample, value), scores[i]!, `sample score of ${value}`);
  });
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

test('rows outside a bin that holds nearly all are tested exactly, both ways', () => {
  // 3 of 10 rows against 1 of 90: P(X ≥ 3) for 4 marked of 100, 10 drawn.
  const more = (120 * 90 + 210) / 3_921_225;
  assertLogClose(logRareBins({ window: [7, 3], baseline: [89, 1] }), Math.log(2 * more), 'more');
  // None of 50 against 4 of 50: P(X = 0) = C(96, 50) / C(100, 50).
  const none = (50 * 49 * 48 * 47) / (100 * 99 * 98 * 97);
  assertLogClose(logRareBins({ window: [50, 0], baseline: [46, 4] }), Math.log(2 * none), 'fewer');
});
