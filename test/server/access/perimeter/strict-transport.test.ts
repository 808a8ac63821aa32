import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../../../support/certificates.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { buildTestApp } from '../../../support/test-app.js';

test('over TLS, browsers learn to use nothing else, except for localhost; and a page without TLS is foreign', async (t) => {
  const directory = temporaryDirectory(t);
  const { certificate, key } = makeCertificate('server', { names: ['DNS:localhost', 'DNS:model.example'] });
  const [TLS_CERT, TLS_KEY] = [join(directory, 'cert'), join(directory, 'key')];
  writeFileSync(TLS_CERT, certificate);
  writeFileSync(TLS_KEY, key);
  const environment = { TLS_CERT, TLS_KEY, ALLOWED_HOSTS: 'model.example' };
  const { app, log } = await buildTestApp(t, undefined, { fastPath: true }, environment);
  log.level = 'info';
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const post = async (path: string, host: string, more: Record<string, string> = {}) => {
    const headers = { host, 'content-type': 'application/json', ...more };
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: certificate, method: 'POST', agent: false };
    const sent = request({ ...options, path, headers }).end('{"instances": [[1, 2, 3]]}');
    const [reply] = await once(sent, 'response');
    reply.resume();
    return reply;
  };
  // By the fast path, by Fastify, and as an error.
  for (const [path, status] of [
    ['/predict', 200],
    ['/predict?explain=true', 200],
    ['/nowhere', 404],
  ] as const) {
    const named = await post(path, `model.example:${port}`);
    assert.equal(named.statusCode, status);
    assert.equal(named.headers['strict-transport-security'], 'max-age=31536000', path);
    assert.equal(named.headers['x-content-type-options'], 'nosniff', path);
    // For localhost it would also apply to all other services of the machine.
    for (const host of ['localhost', `localhost:${port}`, `app.localhost:${port}`]) {
      assert.equal((await post(path, host)).headers['strict-transport-security'], undefined, `${host} ${path}`);
    }
  }
  const status = async (origin: string) => (await post('/predict', 'model.example', { origin })).statusCode;
  assert.equal(await status('https://model.example'), 200);
  assert.equal(await status('http://model.example'), 403);
});
