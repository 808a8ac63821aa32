import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HISTORY, thinHistory } from '../../../src/model/versions/history.js';

const epochs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    loss: 1,
    reconstruction_error: 1,
    val_loss: 1,
    val_prediction_error: i === 777 ? 0.5 : 1,
    val_reconstruction_error: 1,
  }));

test('a long history is thinned to evenly spaced epochs, with the first, the best and the last', () => {
  assert.deepEqual(thinHistory(epochs(MAX_HISTORY)), epochs(MAX_HISTORY));
  for (const count of [MAX_HISTORY + 1, 12_345, 100_000]) {
    const thinned = thinHistory(epochs(count)).map(({ epoch }) => epoch);
    assert.ok(thinned.length <= MAX_HISTORY && thinned.length > MAX_HISTORY / 2, `${thinned.length}`);
    assert.deepEqual([thinned[0], thinned.at(-1), thinned.includes(778)], [1, count, true]);
    assert.ok(thinned.every((epoch, i) => i === 0 || epoch > thinned[i - 1]!));
  }
});
