import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { type Baseline, makeBaseline } from '../../../../src/model/baseline/baseline.js';
import { ErrorHistory } from '../../../../src/server/service/drift/error-history.js';

/** Realistic errors: skewed, over several orders of magnitude. */
function errorsOf(seed: number, count: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => Math.exp(2 * random.normal() - 3));
}

function baselineOf(errors: Float32Array): Baseline {
  const count = errors.length;
  return makeBaseline({ count, rows: errors, outputs: errors, errors }, ['a'], ['y'], 1);
}

const sortedQuantile = (errors: Float32Array, share: number) => errors.toSorted()[Math.floor(share * errors.length)]!;

test('a point has the quantiles of its rows within 7 %, and the exact ones of the baseline', () => {
  const history = new ErrorHistory();
  const [recent, heldOut] = [errorsOf(1, 2000), errorsOf(2, 500)];
  history.add(recent.subarray(0, 700), 700);
  history.add(recent.subarray(700), 1300);
  history.endPoint(5000, 3, baselineOf(heldOut), ['error']);
  const [point] = history.points;
  const { at, model_version, rows, error, reference, alarms } = point!;
  assert.deepEqual(
    { at, model_version, rows, alarms },
    { at: 5000, model_version: '3', rows: 2000, alarms: ['error'] },
  );
  for (const [name, share] of [
    ['p10', 0.1],
    ['p50', 0.5],
    ['p90', 0.9],
  ] as const) {
    const exact = sortedQuantile(recent, share);
    assert.ok(Math.abs(error![name] / exact - 1) < 0.07, `${name}: ${error![name]}, exactly ${exact}`);
    assert.equal(reference[name], Number(sortedQuantile(heldOut, share).toPrecision(4)));
  }
});

test('a point without rows has no errors, and the next point starts empty', () => {
  const history = new ErrorHistory();
  const baseline = baselineOf(errorsOf(2, 100));
  history.add(Float32Array.of(0, 0, 5), 3);
  history.endPoint(1, 1, baseline, []);
  history.endPoint(2, 1, baseline, []);
  history.add(Float32Array.of(1e30), 1);
  history.discardPoint();
  history.endPoint(3, 2, baseline, []);
  assert.deepEqual(
    history.points.map(({ rows, error }) => [rows, error === null]),
    [
      [3, false],
      [0, true],
      [0, true],
    ],
  );
});

test('an hour of points is retained, whatever the errors', () => {
  const history = new ErrorHistory();
  const baseline = baselineOf(errorsOf(2, 100));
  for (let i = 0; i < 800; i++) {
    history.add(Float32Array.of(0, -0, 3.4e38, 1e-45), 4);
    history.endPoint(i, 1, baseline, []);
  }
  assert.equal(history.points.length, 720);
  assert.equal(history.points[0]!.at, 80);
  assert.ok(Object.values(history.points[719]!.error!).every(Number.isFinite));
});
