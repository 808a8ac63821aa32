import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TRAINING } from '../../../../src/model/training/training-options.js';
import { RunningJob } from '../../../../src/server/service/training/running-job.js';
import type { Shadow } from '../../../../src/server/service/training/shadow.js';
import { buildTestApp } from '../../../support/test-app.js';

test('a listener that throws at any event of a training neither fails it nor ends the process', async (t) => {
  const { app, jobs, logged } = await buildTestApp(t, []);
  for (const event of ['epoch', 'end'] as const) {
    jobs.on(event, () => {
      throw new Error(`at ${event}`);
    });
  }
  const instances = Array.from({ length: 40 }, (_, i) => [i, i % 7]);
  const payload = { instances, targets: instances.map(([a]) => a), epochs: 2 };
  const reply = await app.inject({ method: 'POST', url: '/train', payload });
  const { id } = reply.json();
  assert.ok(id, reply.body);
  const { state } = await jobs.finished(id);
  assert.equal(state, 'succeeded');
  const failures = logged.filter(({ msg }) =>
    /a listener of the training's (epoch|end) event failed/.test(String(msg)),
  );
  assert.equal(failures.length, 3);
});

test('a job whose shadow cannot be reported ends all the same', () => {
  const table = { features: ['a'], targets: ['y'], rows: 10, dropped: 0, missing: {}, fingerprint: '' };
  for (const state of ['failed', 'succeeded'] as const) {
    const running = new RunningJob(DEFAULT_TRAINING, table);
    running.shadow = {
      get report(): never {
        throw new TypeError('no such target');
      },
    } as unknown as Shadow;
    if (state === 'failed') running.fail(new Error('it failed'));
    else running.end('succeeded');
    assert.equal(running.job.state, state);
    assert.ok(running.job.finished_at);
  }
});
