import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawErrors } from '../../../../bench/gate/gate-errors.js';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { studentTail } from '../../../../src/base/statistics/student-t.js';
import { judge, LEVEL, pairedTest } from '../../../../src/model/training/gate/gate.js';

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

test('a worse version is refused, an equal one passes, and the reason states both figures', () => {
  const data = zeros(4);
  const serving = { version: 3, explained: 0.4, outputs: Float32Array.of(1, -1, 1, -1) };
  const equal = judge(data, Float32Array.of(-1, 1, 1, 1), ONE, serving, TERMS);
  assert.deepEqual(equal, {
    decision: 'promoted',
    reason: 'RMSE 1.000 against 1.000 of version 3: not shown to be more than 5 % worse (p = 1.0, 4 held-out rows)',
    metric: 'rmse',
    candidate: 1,
    serving: 1,
    serving_version: '3',
    tolerance: 0.05,
    p_value: 1,
    rows: 4,
  });
  const worse = judge(data, Float32Array.of(3, 2, 3, 2), ONE, serving, TERMS);
  assert.equal(worse.decision, 'refused');
  assert.match(
    worse.reason,
    /^RMSE 2\.550 against 1\.000 of version 3: more than 5 % worse \(p = 0\.0\d+, 4 held-out rows\)$/,
  );
  const mean = judge(data, Float32Array.of(3, 2, 3, 2), ONE, null, TERMS);
  assert.match(
    mean.reason,
    /^RMSE 2\.550 against 2\.000 of the mean of the training rows: more than 5 % worse \(.* rows\)$/,
  );
});

test('with one held-out row the figures decide, and a bypassed gate still reports them', () => {
  const data = zeros(1);
  const serving = { version: 3, explained: 0.4, outputs: Float32Array.of(1) };
  const decide = (residual: number) => judge(data, Float32Array.of(residual), ONE, serving, TERMS);
  assert.deepEqual([decide(1.04).decision, decide(1.06).decision], ['promoted', 'refused']);
  assert.match(decide(1.06).reason, /more than 5 % worse \(too few for a test, 1 held-out rows\)/);
  const { decision, reason } = judge(data, Float32Array.of(9), ONE, serving, { ...TERMS, promote: 'always' });
  assert.equal(decision, 'not_asked');
  assert.match(reason, /^promote=always; RMSE 9\.000 against 1\.000 of version 3: more than/);
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
    /not shown to be more than 5 % worse .*; it explains 0 % of the variance of the targets, while version 3 explained 87 % on its own/,
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

test('the reason says that a few held-out rows do not show a version to be better than the mean, and nothing where they do', () => {
  const targets = Float32Array.of(1, 3, 1.2, 2.9, 0.8, 3.1);
  const data = { rows: 6, features: new Float32Array(6), targets };
  const unproven = /; 6 held-out rows do not show that it predicts better than the mean of the training rows$/;
  const serving = { version: 3, explained: 0.1, outputs: new Float32Array(6).fill(2) };
  const lucky = Float32Array.of(1, 3, 2.8, 2.2, 2, 2.1);
  for (const rival of [null, serving]) {
    const reasonOf = (outputs: Float32Array) => judge(data, outputs, { mean: [2], scale: [1] }, rival, TERMS).reason;
    assert.match(reasonOf(lucky), unproven);
    assert.doesNotMatch(reasonOf(targets), unproven);
  }
});

test('a version that predicts no better than the mean is refused, however few rows there are, unless what serves is worse', () => {
  const data = { rows: 2, features: new Float32Array(2), targets: Float32Array.of(1, 3) };
  const poor = Float32Array.of(2.9, 2.6);
  for (const promote of ['gate', 'always'] as const) {
    const first = judge(data, poor, ONE, null, { promote, tolerance: 0.05 });
    assert.equal(first.decision, promote === 'gate' ? 'refused' : 'not_asked');
    assert.match(first.reason, /it predicts no better than the mean of the training rows$/);
  }
  const better = { version: 1, explained: 0.4, outputs: Float32Array.of(2.8, 2.6) };
  assert.equal(judge(data, poor, ONE, better, TERMS).decision, 'refused');
  const worse = { version: 1, explained: 0.1, outputs: Float32Array.of(3, 1) };
  assert.equal(judge(data, poor, ONE, worse, TERMS).decision, 'promoted');
  assert.equal(judge(data, Float32Array.of(1.5, 2.5), ONE, null, TERMS).decision, 'promoted');
});
