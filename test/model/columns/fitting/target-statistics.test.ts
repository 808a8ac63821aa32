import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedColumn } from '../../../../src/model/columns/encoding/encoding.js';
import { fitTargetEncoding, foldColumns, foldOf } from '../../../../src/model/columns/fitting/target-statistics.js';
import { assertClose } from '../../../support/close-to.js';

const LEVELS = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4];
const TARGETS = [1, 2, 1.5, -1, -2, 0.5, 0.25, -0.5, 1, 3, -1, 0.5];
const COUNTS = [3, 2, 4, 1, 2];
const ALL = Int32Array.from(TARGETS, (_, i) => i);
const DATA = { features: Float32Array.from(LEVELS), targets: Float32Array.from(TARGETS), outputs: 1 };

test("statistics are those of scikit-learn's TargetEncoder with the smoothing of the analysis of variance", () => {
  // sklearn.preprocessing.TargetEncoder(smooth=0.26031852848811127), 1.9.1; the smoothing is the ratio of the variance
  // components, 0.47098214 within levels and 1.80925325 between them.
  const expected = [1.41516521, -1.27686014, 0.32013788, 2.47071616, -0.17082134];
  const { statistics, gap } = fitTargetEncoding(COUNTS, 0, DATA.features, DATA, ALL);
  assertClose(statistics.flat(), expected, 1e-7);
  assert.equal(gap, null);
});

test('a gap is a level of its own, and levels that do not differ have the mean', () => {
  const codes = Float32Array.from([0, 0, 1, 1, Number.NaN, Number.NaN]);
  const index = Int32Array.of(0, 1, 2, 3, 4, 5);
  const apart = { targets: Float32Array.of(1, 1.2, 3, 3.2, 9, 9.2), outputs: 1 };
  const { gap, statistics } = fitTargetEncoding([2, 2], 2, codes, apart, index);
  assert.equal(gap!.count, 2);
  assert.ok(gap!.statistics[0]! > 8 && statistics[0]![0]! < 2);
  const alike = { targets: Float32Array.of(1, 3, 3, 1, 1, 3), outputs: 1 };
  assert.deepEqual(fitTargetEncoding([2, 2], 2, codes, alike, index).statistics, [[2], [2]]);
});

test("a training row's own target is not in its statistics", () => {
  const encoding = fitTargetEncoding(COUNTS, 0, DATA.features, DATA, ALL);
  const column: EncodedColumn = {
    name: 'town',
    type: 'category',
    missing: 0,
    levels: ['a', 'b', 'c', 'd', 'e'],
    counts: COUNTS,
    encoding,
  };
  const folds = foldColumns([column], DATA, ALL)!;
  // Row 9 is the only one of level 3: the others say nothing of it, so that it has their mean.
  const others = TARGETS.filter((_, i) => foldOf(i) !== foldOf(9));
  const { statistics } = folds[foldOf(9)]![0]!.encoding as typeof encoding;
  assertClose(statistics[3]!, [others.reduce((sum, y) => sum + y, 0) / others.length], 1e-6);
  assert.ok(encoding.statistics[3]![0]! > 2, 'with its own target, it is near it');
});
