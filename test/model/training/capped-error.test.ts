import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import type { LabelledRows } from '../../../src/model/tables/labelled-rows.js';
import { cappedError, residualCaps } from '../../../src/model/training/capped-error.js';
import { splitRows } from '../../../src/model/training/split.js';
import { train } from '../../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../../src/model/training/training-options.js';
import { labelledRows } from '../../support/labelled-rows.js';

test('a cap is 8 robust standard deviations of the residuals of its target', () => {
  const rows = { rows: 5, features: new Float32Array(5), targets: new Float32Array(10) };
  const outputs = Float32Array.of(1, 10, -1, 10, 1, -10, -1, 10, 1000, 10);
  const caps = residualCaps(rows, outputs);
  assert.deepEqual(caps, [8 / 0.6745, 80 / 0.6745]);
  // Of the first target, four residuals of 1, and one that counts as the cap; in units of 2.
  const expected = ((4 + caps[0]! ** 2) / 4 + (5 * 100) / 1) / 10;
  assert.ok(Math.abs(cappedError(rows, outputs, [2, 1], caps) - expected) < 1e-9);
});

test('residuals that are mostly 0 have no cap', () => {
  const rows = { rows: 3, features: new Float32Array(3), targets: new Float32Array(3) };
  assert.deepEqual(residualCaps(rows, Float32Array.of(0, 0, 9)), [Number.POSITIVE_INFINITY]);
});

test('a held-out row that no model predicts does not choose the epoch of a capped training', async () => {
  const createEngine = await loadEngine('kernel');
  const options = { ...DEFAULT_TRAINING, epochs: 60, learning_rate: 0.003, patience: 60 };
  const errorOf = async (capped: boolean) => {
    const { heldOut, bestEpoch } = await train(createEngine, spoiled(), 3, ['y'], { ...options, capped });
    assert.ok(heldOut.targets.includes(WRONG));
    const residuals = heldOut.targets.map((target, i) => Math.abs(heldOut.outputs[i]! - target)).sort();
    return { median: residuals[residuals.length >> 1]!, bestEpoch };
  };
  const [plain, capped] = [await errorOf(false), await errorOf(true)];
  assert.ok(capped.median < 0.8 * plain.median, JSON.stringify({ plain, capped }));
});

const WRONG = -4000;

/** A curved relation, and a wrong target, far out, in a row that is held out. */
function spoiled(): LabelledRows {
  for (let wrong = 0; ; wrong++) {
    const data = labelledRows(600);
    for (let r = 0; r < data.rows; r++) data.targets[r]! += (data.features[3 * r]! - 50) ** 2;
    data.features[3 * wrong] = 90;
    data.targets[wrong] = WRONG;
    const { heldOut } = splitRows(data, DEFAULT_TRAINING.validation_split, createRandom(1));
    if (heldOut.includes(wrong)) return data;
  }
}
