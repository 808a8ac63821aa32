import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

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

test('it reports store, engine and probe on request, ready or not', async (t) => {
  const { app, service, loader, store } = await buildTestApp(t, []);
  service.explainNotReady('training the first model');
  const waiting = await app.inject({ url: '/readyz?verbose' });
  assert.equal(waiting.statusCode, 503);
  const { store: reported, engine, probe, error, code } = waiting.json();
  assert.deepEqual([engine, probe, error, code], [null, null, 'training the first model', 'NOT_READY']);
  assert.equal(reported.location, store.location);
  assert.deepEqual([reported.versions, reported.writable, reported.reason], [0, true, null]);
  assert.ok(reported.free_bytes > 0);

  await loader.activate(await publishUntrained(store, ['a'], ['y']));
  const ready = (await app.inject({ url: '/readyz?verbose=true' })).json();
  assert.deepEqual(
    [ready.status, ready.model_version, ready.engine, ready.store.versions],
    ['ready', '1', 'kernel', 1],
  );
  assert.equal(ready.probe.passed, true);
  assert.ok(ready.probe.largest_deviation < 1e-4);

  // Memory that goes bad, or an engine that does.
  service.serving.probe.outputs[0]! += 1;
  const off = (await app.inject({ url: '/readyz?verbose' })).json();
  assert.equal(off.probe.passed, false);
  assert.match(off.probe.reason, /^probe\.json: outputs\[0\]/);
  assert.deepEqual((await app.inject({ url: '/readyz?verbose=false' })).json(), {
    status: 'ready',
    model_version: '1',
  });
  assert.equal((await app.inject({ url: '/readyz?verbose=no' })).statusCode, 400);
  assert.equal((await app.inject({ url: '/readyz?_=1' })).statusCode, 200, 'a probe may add what it likes');
});

test('a service that is about to stop is not ready, and still answers', async (t) => {
  const { app, service } = await buildTestApp(t);
  service.drain('shutting down');
  assert.equal((await app.inject({ url: '/readyz' })).statusCode, 503);
  const prediction = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.equal(prediction.statusCode, 200);
});
