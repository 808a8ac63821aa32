import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawErrors } from '../../../../bench/gate/gate-errors.js';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { studentTail } from '../../../../src/base/statistics/student-t.js';
import { judge, LEVEL } from '../../../../src/model/training/gate/gate.js';
import { pairedTest } from '../../../../src/model/training/gate/paired-test.js';
import { assertClose } from '../../../support/close-to.js';

interface Fixture {
  student: [number, number, number][];
  paired: { tolerance: number; candidate: number[]; serving: number[]; p: number }[];
}

const fixture = JSON.parse(readFileSync('test/fixtures/scipy-statistics.json', 'utf8')) as Fixture;

test("the tail of Student's t agrees with SciPy", () => {
  for (const [t, degrees, expected] of fixture.student) {
    const found = studentTail(t, degrees);
    assert.ok(Math.abs(found / expected - 1) < 1e-9, `P(T > ${t}), ${degrees} degrees: ${found} is not ${expected}`);
  }
  assert.deepEqual([studentTail(Number.POSITIVE_INFINITY, 5), studentTail(Number.NEGATIVE_INFINITY, 5)], [0, 1]);
});

test('the paired test agrees with SciPy', () => {
  for (const { tolerance, candidate, serving, p } of fixture.paired) {
    const found = pairedTest(Float64Array.from(candidate), Float64Array.from(serving), tolerance)!;
    assert.ok(Math.abs(found / p - 1) < 1e-9, `${candidate.length} rows: ${found} is not ${p}`);
  }
});

test('the test has a result for degenerate rows too', () => {
  const test = (candidate: number[], serving: number[]) =>
    pairedTest(Float64Array.from(candidate), Float64Array.from(serving), 0.05);
  assert.equal(test([1], [1]), null);
  assert.equal(test([0, 0, 0], [0, 0, 0]), 1, 'both are perfect');
  assert.equal(test([1, 1, 1], [0, 0, 0]), 0, 'every row is worse by the same');
  assert.equal(test([1, 2, 3], [1, Number.POSITIVE_INFINITY, 1]), 1, 'what serves has no answer to a row');
  assert.equal(test([1, Number.POSITIVE_INFINITY, 3], [1, 1, 1]), 0, 'the new one has no answer to a row');
  assert.equal(test([1, Number.POSITIVE_INFINITY], [1, Number.POSITIVE_INFINITY]), 0, 'neither has');
});

/** The scaler of one target, whose deviation does not matter. */
const ONE = { mean: [2], scale: [9] };
const TERMS = { promote: 'gate', tolerance: 0.05 } as const;
/** Targets of 0, so that predictions are residuals. */
const zeros = (rows: number, width = 1) => ({
  rows,
  features: new Float32Array(rows),
  targets: new Float32Array(rows * width),
});

test('a worse version is refused, an equal one passes, and the reason is a sentence with both figures', () => {
  const data = zeros(4);
  const serving = { version: 3, explained: 0.4, outputs: Float32Array.of(1, -1, 1, -1) };
  const equal = judge(data, Float32Array.of(-1, 1, 1, 1), ONE, serving, TERMS, Float32Array.of(1, 1, 1, 1));
  assert.deepEqual(equal, {
    decision: 'promoted',
    reason:
      'RMSE 1, as good as version 3 (1); the limit is 5 % worse. The 4 held-out rows do not show that it predicts better than the ' +
      'mean of the training rows (2).',
    warnings: [],
    promote: 'gate',
    metric: 'rmse',
    candidate: 1,
    serving: 1,
    serving_version: '3',
    tolerance: 0.05,
    p_value: 1,
    rows: 4,
    baselines: {
      mean: 2,
      better_than_mean: false,
      better_than_mean_p_value: equal.baselines!.better_than_mean_p_value,
      ridge: 1,
      worse_than_ridge: false,
      worse_than_ridge_p_value: 1,
    },
  });
  const worse = judge(data, Float32Array.of(3, 2, 3, 2), ONE, serving, TERMS);
  assert.equal(worse.decision, 'refused');
  assert.equal(
    worse.reason,
    'RMSE 2.55, more than 5 % worse than version 3 (1), beyond chance on 4 held-out rows. ' +
      'To serve it all the same, activate this version, or train with promote=always.',
  );
  const mean = judge(data, Float32Array.of(3, 2, 3, 2), ONE, null, TERMS);
  assert.match(mean.reason, /^RMSE 2\.55, no better than the mean of the training rows \(2\)\. To serve /);
});

test('the reason says on which side of the serving version and of the limit the new one is', () => {
  const targets = Float32Array.from({ length: 400 }, (_, i) => 4000 * Math.sin(i));
  const data = { rows: 400, features: new Float32Array(400), targets };
  const off = (size: number) => targets.map((y, i) => y + (i % 2 === 0 ? size : -size));
  const serving = { version: 2, explained: 0.4, outputs: off(1381) };
  const reason = (size: number, rows = 400) =>
    judge({ ...data, rows, targets: targets.subarray(0, rows) }, off(size), ONE, serving, TERMS).reason;
  assert.equal(reason(1381), 'RMSE 1,381, as good as version 2 (1,381); the limit is 5 % worse.');
  assert.equal(reason(1200), 'RMSE 1,200, better than version 2 (1,381); the limit is 5 % worse.');
  assert.equal(reason(1400), 'RMSE 1,400, 1.4 % worse than version 2 (1,381); the limit is 5 % worse.');
  assert.equal(
    reason(1600),
    'RMSE 1,600, more than 5 % worse than version 2 (1,381), beyond chance on 400 held-out rows. ' +
      'To serve it all the same, activate this version, or train with promote=always.',
  );
});

test('with one held-out row the figures decide, and a bypassed gate still reports them', () => {
  const data = zeros(1);
  const serving = { version: 3, explained: 0.4, outputs: Float32Array.of(1) };
  const decide = (residual: number) => judge(data, Float32Array.of(residual), ONE, serving, TERMS);
  assert.deepEqual([decide(1.04).decision, decide(1.06).decision], ['promoted', 'refused']);
  assert.match(
    decide(1.06).reason,
    /^RMSE 1\.06, more than 5 % worse than version 3 \(1\), on a single held-out row\./,
  );
  const { decision, reason, promote } = judge(data, Float32Array.of(9), ONE, serving, { ...TERMS, promote: 'always' });
  assert.deepEqual([decision, promote], ['not_asked', 'always']);
  assert.match(
    reason,
    /^promote=always, so the gate does not decide: RMSE 9, more than 5 % worse than version 3 \(1\)/,
  );
  assert.doesNotMatch(reason, /To serve it/);
});

test('several targets count in their standard deviations', () => {
  const data = zeros(2, 2);
  const serving = { version: 1, explained: 0.4, outputs: Float32Array.of(1, 100, 1, 100) };
  const { candidate, serving: theirs } = judge(
    data,
    Float32Array.of(2, 100, 0, 300),
    { mean: [0, 0], scale: [1, 100] },
    serving,
    TERMS,
  );
  assert.deepEqual([candidate, theirs], [Math.sqrt((4 + 1 + 0 + 9) / 4), 1]);
});

test('a serving version without a finite answer refuses no other, and its error is null', () => {
  const serving = { version: 1, explained: 0.4, outputs: Float32Array.of(Number.NaN, 1) };
  const { decision, serving: theirs } = judge(zeros(2), Float32Array.of(5, 5), ONE, serving, TERMS);
  assert.deepEqual([decision, theirs], ['promoted', null]);
});

test('a version that explains nothing does not replace one that explained much, however bad on these rows', () => {
  const data = { ...zeros(4), targets: Float32Array.of(1, 3, 1, 3) };
  const mean = Float32Array.of(2, 2, 2, 2);
  const rival = (explained: number) => ({ version: 3, explained, outputs: Float32Array.of(9, 9, -9, -9) });
  const { decision, reason } = judge(data, mean, ONE, rival(0.87), TERMS);
  assert.equal(decision, 'refused');
  assert.match(
    reason,
    /^RMSE 1, better than version 3 \(9\.274\); the limit is 5 % worse\. It explains 0 % of the variance of the targets, while version 3 explained 87 % on its own/,
  );
  assert.equal(judge(data, mean, ONE, rival(0.3), TERMS).decision, 'promoted', 'neither did');
  const better = Float32Array.of(1, 3, 1.5, 2.5);
  assert.equal(judge(data, better, ONE, rival(0.87), TERMS).decision, 'promoted', 'both do');
});

/** Counts the refusals in 200 seeded runs. Residuals of 400 held-out rows have the tails of Student's t of 3 degrees. */
function refusals(ratio: number, rows = 400): number {
  let refused = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const [candidate, serving] = drawErrors(createRandom(seed), rows, ratio, 'heavy');
    if (pairedTest(candidate, serving, 0.05)! < LEVEL) refused++;
  }
  return refused;
}

test('in 200 seeded runs noise rarely refuses an equal version, and a worse one is refused', () => {
  assert.ok(refusals(1) <= 4, `of 200 equal ones ${refusals(1)} are refused`);
  assert.ok(refusals(1, 78) <= 20, `of 200 equal ones, on 78 rows, ${refusals(1, 78)} are refused`);
  assert.ok(refusals(1.05) <= 60, `of 200 at the tolerance ${refusals(1.05)} are refused`);
  assert.ok(refusals(1.3) >= 195, `of 200 worse ones only ${refusals(1.3)} are refused`);
});

/** Six rows whose mean is 2. */
const SIX = { rows: 6, features: new Float32Array(6), targets: Float32Array.of(1, 3, 1.2, 2.9, 0.8, 3.1) };
const TWO = { mean: [2], scale: [1] };
const LUCKY = Float32Array.of(1, 3, 2.8, 2.2, 2, 2.1);

test('a first version is refused unless the held-out rows show that it predicts better than the mean', () => {
  const first = (outputs: Float32Array) => judge(SIX, outputs, TWO, null, TERMS);
  const lucky = first(LUCKY);
  assert.equal(lucky.decision, 'refused');
  assert.equal(
    lucky.reason,
    'RMSE 0.9566, less than the mean of the training rows (1.008), but the 6 held-out rows do not show that this is more than chance; ' +
      'more rows might. To serve it all the same, activate this version, or train with promote=always.',
  );
  const useful = first(Float32Array.of(1.5, 2.5, 1.4, 2.2, 1.9, 2.6));
  assert.deepEqual(
    [useful.decision, useful.reason],
    ['promoted', 'RMSE 0.6442, better than the mean of the training rows (1.008).'],
  );
  // By SciPy: stats.t.sf(r * sqrt(5 / (1 - r²)), 5), with the uncentred correlation r of 2 y - p - 2 and p - 2.
  const p = [lucky, useful].map(({ baselines }) => baselines!.better_than_mean_p_value);
  assertClose(p as number[], [0.43049202529759495, 0.014812005784294896], 1e-6);
});

test('with a serving version, the reason says that a few rows do not show a version to be better than the mean', () => {
  const unproven =
    / The 6 held-out rows do not show that it predicts better than the mean of the training rows \(1\.008\)\.$/;
  const serving = { version: 3, explained: 0.1, outputs: new Float32Array(6).fill(2) };
  const [lucky, perfect] = [LUCKY, SIX.targets].map((outputs) => judge(SIX, outputs, TWO, serving, TERMS));
  assert.deepEqual([lucky!.decision, perfect!.decision], ['promoted', 'promoted']);
  assert.match(lucky!.reason, unproven);
  assert.doesNotMatch(perfect!.reason, unproven);
});

test('a version that ridge regression beats beyond chance is promoted with a warning, be it the first or a later one', () => {
  const random = createRandom(4);
  const targets = Float32Array.from({ length: 80 }, () => 10 * random.normal());
  const data = { rows: 80, features: new Float32Array(80), targets };
  const noisy = (size: number) => targets.map((y) => y + size * random.normal());
  const [ridge, worse, equal] = [noisy(2), noisy(4), noisy(2)];
  const scaler = { mean: [0], scale: [10] };
  const serving = { version: 1, explained: 0.8, outputs: noisy(4) };
  for (const rival of [null, serving]) {
    const warned = judge(data, worse, scaler, rival, TERMS, ridge);
    assert.deepEqual([warned.decision, warned.baselines!.worse_than_ridge], ['promoted', true]);
    assert.equal(warned.warnings!.length, 1);
    assert.match(
      warned.warnings![0]!,
      /^A ridge regression on the same columns predicts better: RMSE [12]\.\d+ against [34]\.\d+ on the same 80 held-out rows, beyond chance\./,
    );
    const quiet = judge(data, equal, scaler, rival, TERMS, ridge);
    assert.deepEqual([quiet.warnings, quiet.baselines!.worse_than_ridge], [[], false]);
  }
  assert.match(
    judge(data, worse, scaler, null, TERMS, ridge).reason,
    /better than the mean of the training rows \([\d.]+\)\.$/,
  );
  assert.match(
    judge(data, ridge, scaler, null, TERMS, worse).reason,
    /, better than the mean of the training rows \([\d.]+\) and ridge regression \([34]\.\d+\)\.$/,
  );
  const shifted = ridge.map((y) => y + 0.3);
  assert.match(
    judge(data, shifted, scaler, null, TERMS, ridge).reason,
    /, better than the mean of the training rows \([\d.]+\) and as good as ridge regression \([\d.]+\)\.$/,
  );
});

test('a constant target, one and two rows, and predictions that are not finite have a decision', () => {
  const constant = { rows: 3, features: new Float32Array(3), targets: Float32Array.of(2, 2, 2) };
  const perfect = judge(constant, Float32Array.of(2, 2, 2), ONE, null, TERMS, Float32Array.of(2, 2, 2));
  assert.deepEqual([perfect.decision, perfect.warnings], ['refused', []]);
  assert.match(perfect.reason, /^RMSE 0, no better than the mean of the training rows \(0\)\./);
  const two = { rows: 2, features: new Float32Array(2), targets: Float32Array.of(1, 3) };
  assert.equal(judge(two, Float32Array.of(1, 3), ONE, null, TERMS).decision, 'promoted', 'perfect');
  assert.equal(judge(two, Float32Array.of(1.5, 2.9), ONE, null, TERMS).decision, 'refused', 'perhaps by chance');
  const one = judge(zeros(1), Float32Array.of(0.1), ONE, null, TERMS, Float32Array.of(0));
  assert.deepEqual([one.decision, one.baselines!.better_than_mean_p_value], ['refused', null]);
  assert.match(one.reason, /but a single held-out row does not show that this is more than chance; more rows might\./);
  const infinite = judge(two, Float32Array.of(1, Number.NaN), ONE, null, TERMS, Float32Array.of(1, Number.NaN));
  assert.deepEqual([infinite.decision, infinite.baselines!.ridge], ['refused', null]);
});

test('a version that predicts no better than the mean is refused, however few rows there are, unless what serves is worse', () => {
  const data = { rows: 2, features: new Float32Array(2), targets: Float32Array.of(1, 3) };
  const poor = Float32Array.of(2.9, 2.6);
  for (const promote of ['gate', 'always'] as const) {
    const first = judge(data, poor, ONE, null, { promote, tolerance: 0.05 });
    assert.equal(first.decision, promote === 'gate' ? 'refused' : 'not_asked');
    assert.match(first.reason, /RMSE 1\.373, no better than the mean of the training rows \(1\)\./);
  }
  const better = { version: 1, explained: 0.4, outputs: Float32Array.of(2.8, 2.6) };
  assert.equal(judge(data, poor, ONE, better, TERMS).decision, 'refused');
  const worse = { version: 1, explained: 0.1, outputs: Float32Array.of(3, 1) };
  assert.equal(judge(data, poor, ONE, worse, TERMS).decision, 'promoted');
});

test('several targets are better than the mean by all of them together', () => {
  const targets = Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? Math.sin(i) : 100 * Math.cos(i)));
  const data = { rows: 20, features: new Float32Array(20), targets };
  const scaler = { mean: [0, 0], scale: [0.7, 70] };
  const outputs = targets.map((y, i) => 0.8 * y + (i % 2 === 0 ? 0.05 : 5));
  const { decision, baselines } = judge(data, outputs, scaler, null, TERMS);
  assert.equal(decision, 'promoted');
  assert.ok(baselines!.better_than_mean_p_value! < 1e-6);
});
