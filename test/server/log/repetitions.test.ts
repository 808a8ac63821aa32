import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Repetitions } from '../../../src/server/log/repetitions.js';

test('ten lines of a kind are logged in a second, and the next one says how many were omitted', () => {
  const repetitions = new Repetitions();
  const logged = (kind: string, now: number) => repetitions.omittedBefore(kind, now);
  assert.deepEqual(
    Array.from({ length: 25 }, (_, i) => logged('GET 404', i)),
    [...Array(10).fill(0), ...Array(15).fill(undefined)],
  );
  assert.equal(logged('GET 400', 30), 0, 'another kind');
  assert.equal(logged('GET 404', 999), undefined);
  assert.equal(logged('GET 404', 1000), 16);
  assert.equal(logged('GET 404', 1001), 0);
});
