import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { LiveErrors, WINDOW_ROWS } from '../../../../src/server/service/feedback/live-errors.js';

test('errors are those of the latest rows of the window, per target', () => {
  const random = createRandom(1);
  const rows = 2 * WINDOW_ROWS + 123;
  const outputs = Float32Array.from({ length: 2 * rows }, () => 100 * random.normal());
  const targets = Float32Array.from({ length: 2 * rows }, () => 100 * random.normal() + 5);
  const times = Array.from({ length: rows }, (_, r) => r);
  const live = new LiveErrors(2);
  for (let r = 0; r < rows; r += 100) {
    const end = Math.min(rows, r + 100);
    live.add(times.slice(r, end), outputs.subarray(2 * r, 2 * end), targets.subarray(2 * r, 2 * end));
  }
  const whole = new LiveErrors(2);
  whole.add(times, outputs, targets);

  const report = live.report(0);
  assert.equal(report.rows, WINDOW_ROWS);
  for (const j of [0, 1]) {
    const residuals = times.slice(-WINDOW_ROWS).map((r) => outputs[2 * r + j]! - targets[2 * r + j]!);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const expected = {
      rmse: Math.sqrt(mean(residuals.map((value) => value * value))),
      mae: mean(residuals.map(Math.abs)),
      bias: mean(residuals),
    };
    for (const name of ['rmse', 'mae', 'bias'] as const) {
      assert.ok(Math.abs(report.targets[j]![name] - expected[name]) < 1e-9, name);
      assert.ok(Math.abs(whole.report(0).targets[j]![name] - expected[name]) < 1e-9, name);
    }
  }
});

test('rows that are too old count no more, and without any there are no errors', () => {
  const live = new LiveErrors(1);
  assert.deepEqual(live.report(0), { rows: 0, targets: [] });
  live.add([10, 20, 30], Float32Array.of(1, 2, 3), Float32Array.of(0, 5, 1));
  assert.deepEqual(live.report(20), { rows: 2, targets: [{ rmse: Math.sqrt(6.5), mae: 2.5, bias: -0.5 }] });
  assert.deepEqual(live.report(31), { rows: 0, targets: [] });
});
