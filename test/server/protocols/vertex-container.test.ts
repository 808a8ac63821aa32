import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test("a container of Vertex AI serves the version at AIP_STORAGE_URI at the platform's routes, and changes nothing", async (t) => {
  const trainedStore = temporaryDirectory(t);
  const trained = await startServer(t, { MODEL_STORE: trainedStore });
  await trained.logged('model version serves');
  const card = (await (await fetch(`${trained.url}/model`)).json()) as { checksum: string };

  const server = await startServer(t, {
    AIP_MODE: 'PREDICTION',
    RETRAIN: 'on_drift',
    AIP_HTTP_PORT: '0',
    AIP_PREDICT_ROUTE: '/predict',
    AIP_HEALTH_ROUTE: '/healthz',
    AIP_STORAGE_URI: `${trainedStore}/reconstruction_regressor/1`,
    MODEL_STORE: temporaryDirectory(t),
  });
  await server.logged('model version serves');
  assert.equal((await server.logged('RETRAIN=on_drift is ignored')).level, 40);
  assert.equal(((await (await fetch(`${server.url}/model`)).json()) as { checksum: string }).checksum, card.checksum);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  const post = (path: string, body: unknown) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const reply = await post('/predict', { instances: [[8, 307, 130, 3504, 12, 70, 1]], parameters: {} });
  assert.equal(reply.status, 200);
  assert.deepEqual(Object.keys((await reply.json()) as object), ['predictions']);
  assert.equal((await post('/train', {})).status, 404);
});
