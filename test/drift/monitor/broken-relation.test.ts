import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSplit, readHousing, type Split } from '../../../bench/drift/housing.js';
import { HOUSING_FILE } from '../../../bench/training/california-housing.js';
import { createRandom } from '../../../src/base/statistics/random.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';

const DIRECTORY = process.env['CALIFORNIA_DIR'] ?? '../shared/data';
/** Batches per feature, and rows of each that are explained. */
const BATCHES = 20;
const ROWS = 250;

/** Returns the name of the feature with the largest mean square over a batch whose column `j` comes from other rows. */
function named({ test: rows, names, predict }: Split, monitor: DriftMonitor, j: number, seed: number): string {
  const random = createRandom(seed);
  const d = names.length;
  const count = rows.length / d;
  const batch = new Float32Array(ROWS * d);
  for (let r = 0; r < ROWS; r++) {
    const from = random.below(count) * d;
    batch.set(rows.subarray(from, from + d), r * d);
    batch[r * d + j] = rows[random.below(count) * d + j]!;
  }
  const { outputs, errors } = predict(batch);
  const squares = new Map(names.map((name) => [name, 0]));
  for (let r = 0; r < ROWS; r++) {
    const row = batch.subarray(r * d, (r + 1) * d);
    const { conditional_residuals: residuals } = monitor.explain(row, outputs.subarray(r), errors[r]!);
    for (const { feature, residual } of residuals) squares.set(feature, squares.get(feature)! + residual ** 2);
  }
  return Array.from(squares).sort(([, a], [, b]) => b - a)[0]![0];
}

const skip = existsSync(join(DIRECTORY, HOUSING_FILE)) ? false : `SKIPPED: ${HOUSING_FILE} is not in ${DIRECTORY}`;

test('conditional residuals of California housing name the column that comes from other rows', { skip }, async (t) => {
  const split = await makeSplit(await loadEngine('kernel'), readHousing(DIRECTORY), 0);
  t.after(() => split.close());
  const monitor = new DriftMonitor(split.baseline);
  let all = 0;
  for (const [j, name] of split.names.entries()) {
    let right = 0;
    for (let i = 0; i < BATCHES; i++) if (named(split, monitor, j, 100 * j + i) === name) right++;
    t.diagnostic(`${name}: ${right} of ${BATCHES}`);
    all += right;
    // Rooms and bedrooms explain each other almost entirely: sometimes the other one is named.
    assert.ok(right >= 0.65 * BATCHES, `${name}: named in ${right} of ${BATCHES} batches of ${ROWS} rows`);
  }
  assert.ok(all >= 0.85 * BATCHES * split.names.length, `${all} batches are named right`);
});
