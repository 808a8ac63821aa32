import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from './test-app.js';

test('it is live before it is ready, and says why it is not', async (t) => {
  const { app, service, loader, store } = await buildTestApp(t, []);
  service.explainNotReady('training the first model');
  assert.equal((await app.inject({ url: '/livez' })).statusCode, 200);
  const waiting = await app.inject({ url: '/readyz' });
  assert.equal(waiting.statusCode, 503);
  assert.equal(waiting.json().error, 'training the first model');

  await loader.activate(await publishUntrained(store, ['a'], ['y']));
  const ready = await app.inject({ url: '/readyz' });
  assert.equal(ready.statusCode, 200);
  assert.deepEqual(ready.json(), { status: 'ready', model_version: '1' });
});

test('a service that is about to stop is not ready, and still answers', async (t) => {
  const { app, service } = await buildTestApp(t);
  service.drain('shutting down');
  assert.equal((await app.inject({ url: '/readyz' })).statusCode, 503);
  const prediction = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.equal(prediction.statusCode, 200);
});
