import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorsOrigins } from '../../../../src/server/access/perimeter/cors.js';
import { buildTestApp } from '../../../support/test-app.js';

const APP = 'https://app.example.com';
const CORS = { CORS_ORIGINS: `${APP}, http://localhost:3000` };
const BODY = JSON.stringify({ instances: [[1, 2, 3]] });
const JSON_TYPE = { 'content-type': 'application/json' };

for (const fastPath of [true, false]) {
  test(`a page of an allowed origin gets predictions, fast path ${fastPath ? 'on' : 'off'}`, async (t) => {
    const { app } = await buildTestApp(t, undefined, { fastPath }, CORS);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    for (const path of ['/predict', '/v1/models/test:predict', '/v2/models/test/infer', '/invocations']) {
      const asked = await fetch(url + path, {
        method: 'OPTIONS',
        headers: {
          origin: APP,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'cors',
        },
      });
      assert.equal(asked.status, 204, path);
      assert.equal(asked.headers.get('access-control-allow-origin'), APP, path);
      assert.equal(asked.headers.get('access-control-allow-methods'), 'POST', path);
      assert.equal(asked.headers.get('access-control-allow-headers'), 'authorization,content-type', path);
      assert.equal(asked.headers.get('access-control-allow-credentials'), null, path);
    }
    const headers = { origin: APP, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', ...JSON_TYPE };
    const reply = await fetch(`${url}/predict`, { method: 'POST', headers, body: BODY });
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('access-control-allow-origin'), APP);
    assert.match(reply.headers.get('access-control-expose-headers') ?? '', /x-request-id/);
    assert.equal(reply.headers.get('vary'), 'origin');
    // An error can be read as well.
    const error = await fetch(`${url}/predict`, { method: 'POST', headers, body: '{' });
    assert.deepEqual([error.status, error.headers.get('access-control-allow-origin')], [400, APP]);
    // A cache must not keep for others what it got without an origin.
    const without = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { ...JSON_TYPE, accept: 'text/csv' },
      body: BODY,
    });
    assert.match(without.headers.get('vary') ?? '', /origin/);
    assert.equal(without.headers.get('access-control-allow-origin'), null);
  });
}

test('a page of an allowed origin gets nothing else, and one of another origin nothing', async (t) => {
  const { app } = await buildTestApp(t, undefined, {}, CORS);
  const refused = async (method: 'GET' | 'POST' | 'DELETE' | 'OPTIONS', url: string, origin: string) => {
    const headers = { origin, 'access-control-request-method': 'POST', 'sec-fetch-site': 'cross-site' };
    const reply = await app.inject({ method, url, headers });
    assert.ok([403, 404, 405].includes(reply.statusCode), `${method} ${url} ${origin}: ${reply.statusCode}`);
    assert.equal(reply.headers['access-control-allow-methods'], undefined, `${method} ${url} ${origin}`);
    // Not even the error can be read, unless it only says that there is nothing to ask.
    if (method !== 'OPTIONS' || origin !== APP)
      assert.equal(reply.headers['access-control-allow-origin'], undefined, `${method} ${url} ${origin}`);
  };
  for (const url of ['/models/rollback', '/models/1/activate', '/train', '/feedback', '/drift/reset', '/models']) {
    await refused('POST', url, APP);
    await refused('OPTIONS', url, APP);
  }
  await refused('DELETE', '/models/1', APP);
  await refused('OPTIONS', '/models/1', APP);
  for (const url of ['/models', '/model', '/drift', '/metrics', '/drift/events']) await refused('GET', url, APP);
  for (const origin of ['https://evil.example', 'null', `${APP}.evil.example`, 'http://app.example.com']) {
    await refused('POST', '/predict', origin);
    await refused('OPTIONS', '/predict', origin);
  }
});

test('without CORS_ORIGINS no route answers OPTIONS, and no reply lets another origin read it', async (t) => {
  const { app } = await buildTestApp(t);
  const asked = await app.inject({ method: 'OPTIONS', url: '/predict' });
  assert.equal(asked.statusCode, 405);
  const reply = await app.inject({ method: 'POST', url: '/predict', headers: JSON_TYPE, payload: BODY });
  assert.equal(reply.statusCode, 200);
  for (const { headers } of [asked, reply]) {
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    );
  }
});

test('an entry that is not an origin is refused', () => {
  for (const entry of [
    '*',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com:443',
    'null',
    'HTTPS://A.b',
  ]) {
    assert.throws(() => new CorsOrigins(`${APP},${entry}`), { message: /^CORS_ORIGINS: .*got "/ }, entry);
  }
});
