import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerThread } from '../../../src/base/node/worker-thread.js';

test('a task whose thread cannot load its file is rejected with the cause', async (t) => {
  const thread = new WorkerThread('no-such-worker.js');
  t.after(() => thread.close());
  for (let i = 0; i < 2; i++) {
    await assert.rejects(thread.run('work', {}), ({ cause }: Error) => /no-such-worker/.test(String(cause)));
  }
});

test("an unexpected error of a task is that task's alone", async (t) => {
  const thread = new WorkerThread('body-reader-worker.js');
  t.after(() => thread.close());
  const model = { features: ['a'], maxRows: 1, allowMissing: false };
  const read = (body: unknown) => thread.run<{ count: number }>('outlineBody', { body, ...model });
  const body = () => new TextEncoder().encode('{"instances":[[1]]}');
  const outcomes = await Promise.allSettled([read(body()), read(null), read(body()), read(null), read(body())]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
});
