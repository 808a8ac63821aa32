import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedRows } from '../../../../src/server/service/feedback/stored-rows.js';

test('rows of predictions that another request has answered meanwhile are left out, with all that belongs to them', () => {
  const batch = {
    columns: { features: ['a', 'b'], targets: ['y'], codebook: undefined },
    model: 'm',
    rows: 3,
    features: Float32Array.of(1, 2, 3, 4, 5, 6),
    targets: Float32Array.of(10, 20, 30),
    outputs: Float32Array.of(11, 21, 31),
    covered: Uint8Array.of(1, 2, 3),
  };
  const answers = [
    { id: 'first', digest: '', rows: 1 },
    { id: 'second', digest: '', rows: 2 },
  ];
  const added = { kept: 3, outcomes: ['conflict', 'stored'] as const, isRepeated: false };
  assert.deepEqual(storedRows(batch, answers, added), {
    rows: 2,
    features: Float32Array.of(3, 4, 5, 6),
    targets: Float32Array.of(20, 30),
    outputs: Float32Array.of(21, 31),
    covered: Uint8Array.of(2, 3),
  });
  const none = storedRows({ ...batch, covered: undefined }, answers, added);
  assert.equal(none.covered, undefined);
  assert.equal(storedRows(batch, answers, { ...added, outcomes: ['stored', 'stored'] }), batch);
});
