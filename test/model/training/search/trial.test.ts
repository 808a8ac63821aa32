import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstTrial } from '../../../../src/model/training/search/search-space.js';
import { searchTerms } from '../../../../src/model/training/search/search-terms.js';
import { Trial } from '../../../../src/model/training/search/trial.js';
import { DEFAULT_TRAINING, trainingOptions } from '../../../../src/model/training/training-options.js';

const OPTIONS = firstTrial(DEFAULT_TRAINING);

/** Predictions that are their own squared errors. */
const judge = (outputs: Float32Array) => Float64Array.from(outputs);

test('a row that no trial predicts does not hide which of them is better', () => {
  const first = new Trial(1, OPTIONS);
  const better = new Trial(2, OPTIONS, first);
  first.add(0, Float32Array.of(1, 1.1, 0.9, 1, 1e6), judge);
  better.add(0, Float32Array.of(0.5, 0.4, 0.6, 0.5, 2e6), judge);
  const difference = better.against(first, [0])!;
  assert.ok(difference.mean < -difference.standardError, JSON.stringify(difference));
});

test('a first trial that predicts most rows exactly, and one that has failed, set no cap', () => {
  const exact = new Trial(1, OPTIONS);
  exact.add(0, Float32Array.of(0, 0, 0, 9), judge);
  assert.deepEqual([...exact.losses([0])], [0, 0, 0, 9]);
  const other = new Trial(2, OPTIONS, new Trial(1, OPTIONS));
  other.add(0, Float32Array.of(1, 1e6), judge);
  assert.deepEqual([...other.losses([0])], [1, 1e6]);
});

test('a search that nobody has asked for tries few configurations, and judges all of them on the same rows', () => {
  assert.deepEqual(searchTerms(trainingOptions({}), 200), { trials: 3, seconds: 2, isAsked: false });
  assert.equal(searchTerms(trainingOptions({ budget_seconds: 9 }), 200)?.trials, Number.POSITIVE_INFINITY);
});
