import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';

const ROWS = Array.from({ length: 60 }, (_, i) => [i, (7 * i) % 11, (5 * i) % 13]);
const UNASKED = { instances: ROWS, targets: ROWS.map(([a]) => [2 * a!]), promote: 'never', epochs: 2 };

test('to load the model without a version changes nothing while a version serves', async (t) => {
  const { app, store, service, loader } = await buildTestApp(t);
  await loader.activateStored();
  await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2);
  for (const payload of [undefined, {}, { parameters: {} }, { parameters: { version: null } }]) {
    const request = { method: 'POST', url: '/v2/repository/models/test/load', ...(payload && { payload }) } as const;
    const { statusCode, body } = await app.inject(request);
    assert.equal(statusCode, 200, body);
    assert.equal(service.serving.version, 1);
  }
  const named = { parameters: { version: '2' } };
  await app.inject({ method: 'POST', url: '/v2/repository/models/test/load', payload: named });
  assert.equal(service.serving.version, 2);
});

test('a version that was trained not to serve begins to serve only if it is named', async (t) => {
  const { app, service, loader } = await buildTestApp(t, []);
  const load = (payload: object) => app.inject({ method: 'POST', url: '/v2/repository/models/test/load', payload });
  assert.equal((await load({})).json().code, 'VERSION_NOT_FOUND');
  const trained = await app.inject({ method: 'POST', url: '/train?wait=true', payload: UNASKED });
  assert.equal(trained.json().state, 'succeeded', trained.body);
  const unnamed = await load({});
  assert.ok(unnamed.statusCode >= 400, unnamed.body);
  assert.match(unnamed.json().error, /activate/);
  await assert.rejects(loader.activateStored(), { code: 'INVALID_VERSION' });
  assert.equal(service.servingIfReady, undefined);
  assert.equal((await load({ parameters: { version: '1' } })).statusCode, 200);
  assert.equal(service.serving.version, 1);
});
