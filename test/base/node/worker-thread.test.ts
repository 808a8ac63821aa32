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
