import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { freeMemory } from '../../../src/base/node/free-memory.js';

const MIB = 2 ** 20;

test('the memory of buffers is free in the next turn, without the garbage collector', async () => {
  const buffers = Array.from({ length: 8 }, () => new Uint8Array(16 * MIB).fill(1));
  const { rss } = process.memoryUsage();
  for (const buffer of buffers) freeMemory(buffer);
  await nextTurn();
  await nextTurn();
  const freed = rss - process.memoryUsage().rss;
  assert.ok(freed > 100 * MIB, `${freed} bytes`);
  assert.deepEqual(
    buffers.map(({ length }) => length),
    Array(8).fill(0),
  );
  freeMemory(buffers[0]!);
});

test('a part of a larger buffer is left alone', () => {
  const whole = new Uint8Array(100).fill(7);
  freeMemory(whole.subarray(10, 20));
  const pooled = Buffer.from('text');
  freeMemory(pooled);
  assert.equal(whole[15], 7);
  assert.equal(pooled.toString(), 'text');
});
