import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonReader } from '../../src/server/json-reader.js';

const TASK = { features: ['a', 'b'], maxRows: 10, allowMissing: false };
const body = () => Buffer.from('{"instances": [{"b": 2, "a": 1}]}');

test('a thread that ends for want of work takes no later reading with it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reader = new JsonReader();
  t.after(() => reader.close());
  await reader.read({ ...TASK, body: body() });
  // The first thread begins to end; the next reading comes before it has.
  t.mock.timers.tick(10_000);
  const { rows, count } = await reader.read({ ...TASK, body: body() });
  assert.deepEqual([Array.from(rows), count], [[1, 2], 1]);
});

test('what is waited for when the thread is closed is rejected', async () => {
  const reader = new JsonReader();
  const reading = reader.read({ ...TASK, body: body() });
  await Promise.all([assert.rejects(reading, /ended/), reader.close()]);
});
