import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyReader } from '../../../src/server/inference/body-reader.js';

const TASK = { features: ['a', 'b'], maxRows: 10, allowMissing: false };
const body = () => Buffer.from('{"instances": [{"b": 2, "a": 1}]}');

test('a thread that ends for want of work takes no later reading with it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reader = new BodyReader();
  t.after(() => reader.close());
  await reader.read({ ...TASK, body: body() });
  // The first thread begins to end; the next reading comes before it has.
  t.mock.timers.tick(10_000);
  const { rows, count } = await reader.read({ ...TASK, body: body() });
  assert.deepEqual([Array.from(rows), count], [[1, 2], 1]);
});

test('what is waited for when the thread is closed is rejected', async () => {
  const reader = new BodyReader();
  const reading = reader.read({ ...TASK, body: body() });
  await Promise.all([assert.rejects(reading, /ended/), reader.close()]);
});

test('a body is handed to the thread and back without a copy', async (t) => {
  const reader = new BodyReader();
  t.after(() => reader.close());
  // As Fastify collects it: memory of its own.
  const given = Buffer.concat([body(), Buffer.alloc(100_000, ' ')]);
  const text = given.toString();
  const { outline, body: back } = await reader.outline({ body: given });
  assert.deepEqual(outline, { instances: [{}] });
  assert.equal(given.length, 0);
  assert.equal(Buffer.from(back).toString(), text);
  const { rows } = await reader.read({ ...TASK, body: back });
  assert.deepEqual(Array.from(rows), [1, 2]);
  assert.equal(back.length, 0);
});

test('a body that is a piece of other memory leaves that where it is', async (t) => {
  const reader = new BodyReader();
  t.after(() => reader.close());
  const pool = Buffer.concat([body(), Buffer.alloc(10_000, 'x')]);
  const { body: back } = await reader.outline({ body: pool.subarray(0, body().length) });
  assert.equal(Buffer.from(back).toString(), body().toString());
  assert.equal(pool.at(-1), 'x'.charCodeAt(0));
});
