import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../../support/free-port.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp } from '../../support/test-app.js';

test('with a port for administration, the other answers predictions, feedback and health checks only', async (t) => {
  const port = await freePort();
  const origin = 'https://app.example.com';
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    ADMIN_PORT: String(port),
    HOST: '',
    CORS_ORIGINS: origin,
  });
  await server.logged('model version serves');
  const admin = `http://127.0.0.1:${port}`;
  const row = { instances: [[8, 307, 130, 3504, 12, 70, 1]] };
  const post = (url: string, body: object = row) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  for (const url of [server.url, admin]) {
    assert.equal((await post(`${url}/predict`)).status, 200);
    assert.equal((await post(`${url}/v1/models/reconstruction_regressor:predict`)).status, 200);
    assert.equal((await post(`${url}/feedback`, { ...row, targets: [18] })).status, 200);
    // Browsers ask beforehand.
    const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };
    const asked = await fetch(`${url}/predict`, preflight);
    assert.deepEqual([asked.status, asked.headers.get('access-control-allow-methods')], [204, 'POST']);
    const rollback = await fetch(`${url}/models/rollback`, preflight);
    assert.deepEqual([rollback.status, rollback.headers.get('access-control-allow-methods')], [405, null]);
    for (const path of ['/livez', '/readyz', '/ping', '/v2/health/ready']) {
      assert.equal((await fetch(url + path)).status, 200, path);
    }
  }
  for (const path of ['/', '/models', '/metrics', '/drift', '/docs/', '/openapi.json', '/session', '/v2', '/version']) {
    const refused = await fetch(server.url + path);
    assert.equal(refused.status, 421, path);
    assert.equal(((await refused.json()) as { code: string }).code, 'MISDIRECTED');
    assert.equal((await fetch(admin + path)).status, 200, path);
  }
  assert.equal((await post(`${server.url}/train`)).status, 421);
  assert.equal((await post(`${server.url}/v2/repository/index`, {})).status, 421);
  assert.equal((await post(`${admin}/v2/repository/index`, {})).status, 200);

  // It closes with the service.
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
  await assert.rejects(fetch(`${admin}/livez`));
  socket.destroy();
});

test('a port that is in use stops the start', async (t) => {
  const { app } = await buildTestApp(t, []);
  const port = new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port;
  const env = { MODEL_STORE: temporaryDirectory(t), ADMIN_PORT: port, HOST: '127.0.0.1' };
  await assert.rejects(
    startServer(t, env).then((server) => server.logged('model version serves')),
    /before the server ended/,
  );
});
