import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { expectErrors } from '../../../src/drift/feedback/expected-errors.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { type Baseline, makeBaseline } from '../../../src/model/baseline/baseline.js';
import { addErrors } from '../../../src/model/baseline/learn-expected-errors.js';
import { readBaseline } from '../../../src/model/baseline/read-baseline.js';

const NAMES = ['a', 'b', 'c'];

/** Rows whose second feature follows the first; the third is independent. `high`: the share of rows with a high third feature. */
function rowsOf(random: Random, count: number, high = 0.5): Float32Array {
  const rows = new Float32Array(3 * count);
  for (let r = 0; r < count; r++) {
    rows[3 * r] = random.normal();
    rows[3 * r + 1] = rows[3 * r]! + 0.3 * random.normal();
    rows[3 * r + 2] = (random.uniform() < high ? 1 : -1) * Math.abs(random.normal());
  }
  return rows;
}

/** A model that predicts the sum, and reconstructs b by a. */
function predict(rows: Float32Array) {
  const count = rows.length / 3;
  const outputs = Float32Array.from({ length: count }, (_, r) => rows[3 * r]! + rows[3 * r + 1]! + rows[3 * r + 2]!);
  const errors = Float32Array.from({ length: count }, (_, r) => (rows[3 * r + 1]! - rows[3 * r]!) ** 2);
  return { outputs, errors };
}

/** Where the third feature is high, targets have four times the noise. */
function targetsOf(random: Random, rows: Float32Array): Float32Array {
  return predict(rows).outputs.map((y, r) => y + (rows[3 * r + 2]! > 0 ? 2 : 0.5) * random.normal());
}

function makeReference(random: Random, count = 4000): Baseline {
  const rows = rowsOf(random, count);
  const heldOut = { count, rows, ...predict(rows) };
  const baseline = makeBaseline(heldOut, NAMES, ['y'], 1);
  return addErrors(baseline, heldOut, { targets: targetsOf(random, rows), predict }, 1);
}

function windowOf(baseline: Baseline, rows: Float32Array) {
  const count = rows.length / 3;
  const monitor = new DriftMonitor(baseline, { windowRows: count, rowsPerRequest: count, rowsBetweenFalseAlarms: 1e5 });
  const { outputs, errors } = predict(rows);
  monitor.observe(rows, count, outputs, errors);
  return expectErrors(baseline, monitor.latestWindow);
}

test('the expected error is right where other rows are more frequent than before, and its interval holds the truth', () => {
  const random = createRandom(1);
  const baseline = readBaseline(JSON.stringify(makeReference(random)));
  let inside = 0;
  for (let i = 0; i < 20; i++) {
    for (const high of [0.5, 0.3, 0.7]) {
      const rows = rowsOf(random, 500, high);
      const truth = Math.sqrt(high * 4 + (1 - high) * 0.25);
      const { targets, reason } = windowOf(baseline, rows);
      assert.equal(reason, null);
      const { estimate, low, high: top } = targets!['y']!.rmse;
      assert.ok(Math.abs(estimate / truth - 1) < 0.15, `${estimate} for ${truth}`);
      if (low <= truth && truth <= top) inside++;
      const { mae } = targets!['y']!;
      assert.ok(mae.low <= mae.estimate && mae.estimate <= mae.high && mae.estimate < estimate);
    }
  }
  assert.ok(inside >= 55, `${inside} of 60 intervals hold the truth`);
});

test('the errors cannot be told where the traffic has left what was seen, with the reason', () => {
  const random = createRandom(2);
  const baseline = makeReference(random);
  const change = (of: (value: number, r: number) => number, j = 2) => {
    const rows = rowsOf(random, 500);
    for (let r = 0; r < 500; r++) rows[3 * r + j] = of(rows[3 * r + j]!, r);
    return windowOf(baseline, rows);
  };
  const cases: [Parameters<typeof change>, RegExp][] = [
    [[(value, r) => (r % 20 === 0 ? 1000 : value)], /^5 % of rows have a c outside the range of the held-out rows$/],
    [[(value, r) => (r % 10 === 0 ? Number.NaN : value)], /^10 % of rows have no c$/],
    [[() => 1.5, 0], /no longer depend on each other as in the held-out rows/],
  ];
  for (const [change_, reason] of cases) {
    const { targets, reason: found } = change(...change_);
    assert.equal(targets, null);
    assert.match(found!, reason);
  }
  const { reason } = expectErrors(baseline, new DriftMonitor(baseline).latestWindow);
  assert.match(reason!, /^too few rows/);
  const { expected_errors: _, ...old } = baseline;
  assert.match(
    windowOf(old, rowsOf(random, 500)).reason!,
    /^the baseline has no model of the errors: its version is older/,
  );
});

test('the same rows and seed give the same model, and a broken one is refused with its place', () => {
  const [baseline, again] = [makeReference(createRandom(3), 1000), makeReference(createRandom(3), 1000)];
  assert.deepEqual(again, baseline);
  assert.ok(makeReference(createRandom(3), 199).prediction_errors);
  assert.equal(makeReference(createRandom(3), 199).expected_errors, undefined, 'too few rows to learn from');
  const broken = structuredClone(baseline);
  broken.expected_errors![0]!.squared.channels[0]!.effects.pop();
  assert.throws(
    () => readBaseline(JSON.stringify(broken)),
    /\/expected_errors\/0\/squared\/channels\/0\/effects: expected a length/,
  );
  const short = structuredClone(baseline);
  short.prediction_errors!.targets[0]!.errors.counts[0]!++;
  assert.throws(
    () => readBaseline(JSON.stringify(short)),
    /\/prediction_errors\/targets\/0\/errors\/counts: expected 1000 rows/,
  );
});
