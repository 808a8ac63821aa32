import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyReader } from '../../../src/server/inference/body-reader.js';

const TASK = { reader: 'predict', features: ['a', 'b'], maxRows: 10, allowMissing: false } as const;
const body = () => Buffer.from('{"instances": [{"b": 2, "a": 1}]}');

test('the thread ends when it is idle, and a new one reads the next body', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reader = new BodyReader();
  t.after(() => reader.close());
  await reader.read({ ...TASK, body: body() });
  // The first thread begins to end; the next task comes before it has ended.
  t.mock.timers.tick(10_000);
  const { rows, count } = await reader.read({ ...TASK, body: body() });
  assert.deepEqual([Array.from(rows), count], [[1, 2], 1]);
});

test('closing the reader rejects the bodies that it is reading and those that wait', async () => {
  const reader = new BodyReader();
  await reader.read({ ...TASK, body: body() });
  const reading = [1, 2].map(() => reader.read({ ...TASK, body: body() }));
  await Promise.all([assert.rejects(reading[0]!), assert.rejects(reading[1]!, /closed/), reader.close()]);
  await assert.rejects(reader.read({ ...TASK, body: body() }), /closed/);
});

test('a body that takes too much memory is TOO_LARGE, and the bodies behind it are read', async (t) => {
  const reader = new BodyReader({ maxOldGenerationSizeMb: 32 });
  t.after(() => reader.close());
  const texts = Array.from({ length: 2e6 }, (_, i) => `"${i}"`).join();
  const huge = Buffer.from(`{"instances": [[${texts}]]}`);
  const readings = [{ body: body() }, { body: huge }, { body: body() }, { body: body() }].map((task) =>
    reader.read({ ...TASK, ...task }).then(
      ({ count }) => count,
      ({ code, message }) => `${code} ${message}`,
    ),
  );
  assert.deepEqual(await Promise.all(readings), [
    1,
    'TOO_LARGE body: takes more memory to read than there is; send fewer rows',
    1,
    1,
  ]);
});

test('bodies that V8 would end the process for are refused', async (t) => {
  // Less than their values may take: it must not come to that.
  const reader = new BodyReader({ maxOldGenerationSizeMb: 48 });
  t.after(() => reader.close());
  const keys = Array.from({ length: 8e5 }, (_, i) => `"${i.toString(36)}":1`).join();
  const shapes = [`{"instances": [{${keys}}]}`, `{${keys}}`, `{"instances": [[${'1,'.repeat(8e6)}1]]}`];
  for (const text of shapes) {
    await assert.rejects(reader.read({ ...TASK, body: Buffer.from(text) }), { code: 'TOO_LARGE' });
  }
  assert.equal((await reader.read({ ...TASK, body: body() })).count, 1);
});

test('an unexpected error rejects its own body only', async (t) => {
  const reader = new BodyReader();
  t.after(() => reader.close());
  const readings = [{ body: body() }, { body: body(), features: null as never }, { body: body() }].map((task) =>
    reader.read({ ...TASK, ...task }),
  );
  const [first, second, third] = await Promise.allSettled(readings);
  assert.deepEqual([first!.status, third!.status], ['fulfilled', 'fulfilled']);
  assert.ok(second!.status === 'rejected' && second!.reason instanceof TypeError);
});

test('a body is moved to the thread and back without a copy', async (t) => {
  const reader = new BodyReader();
  t.after(() => reader.close());
  // As Fastify collects it: memory of its own.
  const original = Buffer.concat([body(), Buffer.alloc(100_000, ' ')]);
  const text = original.toString();
  const { outline, body: returned } = await reader.outline({ body: original });
  assert.deepEqual(outline, { instances: [{}] });
  assert.equal(original.length, 0);
  assert.equal(Buffer.from(returned).toString(), text);
  const { rows } = await reader.read({ ...TASK, body: returned });
  assert.deepEqual(Array.from(rows), [1, 2]);
  assert.equal(returned.length, 0);
});

test('a body that is a view of other memory leaves that memory where it is', async (t) => {
  const reader = new BodyReader();
  t.after(() => reader.close());
  const pool = Buffer.concat([body(), Buffer.alloc(10_000, 'x')]);
  const { body: returned } = await reader.outline({ body: pool.subarray(0, body().length) });
  assert.equal(Buffer.from(returned).toString(), body().toString());
  assert.equal(pool.at(-1), 'x'.charCodeAt(0));
});
