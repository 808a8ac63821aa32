import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LightMyRequestResponse } from 'fastify';
import { matrix, type Row, rowsOf, withMatrix } from '../../../scripts/permissions/permissions.js';
import { SCOPES } from '../../../src/server/access/scopes.js';
import { type MadeKey, makeKey, writeKeys } from '../../support/access-keys.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';

const ROOT = join(import.meta.dirname, '../../../..');
const PAST = '2020-01-01T00:00:00.000Z';
const VERTEX = { predict: '/AIP_PREDICT_ROUTE', health: '/AIP_HEALTH_ROUTE' };

/** For each scope: a valid key, and keys of the same scope that are not. */
const KEYS = SCOPES.map((scope) => ({
  scope,
  right: makeKey([scope]),
  wrong: makeKey([scope]),
  expired: makeKey([scope], { expires: PAST }),
  revoked: makeKey([scope], { revoked: PAST }),
}));
const STORED = KEYS.flatMap(({ right, expired, revoked }) => [right, expired, revoked]);

let addresses = 0;

/** Sends a request from an address of its own, so that none is locked out. */
async function send({ app }: TestApp, { method, url }: Row, key?: MadeKey): Promise<LightMyRequestResponse> {
  const path = url
    .replaceAll('<name>', 'test')
    .replaceAll('<label>', 'production')
    .replaceAll('<id>', 'none')
    .replaceAll(/<\w+>/g, '1')
    .replace('*', 'index.css');
  return app.inject({
    method: method as 'GET',
    url: path,
    headers: key?.headers ?? {},
    remoteAddress: `10.0.${++addresses >> 8}.${addresses & 255}`,
  });
}

async function closed(t: TestContext): Promise<TestApp> {
  return buildTestApp(t, ['a', 'b', 'c'], { vertex: VERTEX }, { API_KEYS: writeKeys(t, STORED) });
}

/** The statuses with which a request is refused for its credential. */
const refused = (status: number) => status === 401 || status === 403;

test('each route is open to the scopes of the matrix in docs/security.md, and to no others', async (t) => {
  const parts = await closed(t);
  const rows = rowsOf(parts.app.permissions);
  assert.ok(rows.length > 50, `${rows.length} routes`);
  const measured: Row[] = [];
  for (const row of rows) {
    const scopes: string[] = [];
    for (const { scope, right } of KEYS) {
      const reply = await send(parts, row, right);
      assert.notEqual(reply.statusCode, 401, `${row.method} ${row.url} with ${scope}: ${reply.body}`);
      if (reply.statusCode !== 403) scopes.push(scope);
    }
    const without = await send(parts, row);
    assert.notEqual(without.statusCode, 403, `${row.method} ${row.url} without`);
    measured.push({ ...row, scopes, isOpen: without.statusCode !== 401 });
  }
  const table = matrix(measured);
  t.diagnostic(`\n${table}`);
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
  assert.equal(withMatrix(page, table), page, 'npm run permissions');
});

test('no route accepts a wrong, an expired or a revoked key, whatever its scope', async (t) => {
  const parts = await closed(t);
  for (const row of rowsOf(parts.app.permissions)) {
    for (const { scope, wrong, expired, revoked } of KEYS) {
      for (const [what, key] of Object.entries({ wrong, expired, revoked })) {
        const reply = await send(parts, row, key);
        const name = `${row.method} ${row.url} with a key for ${scope} that is ${what}: ${reply.statusCode} ${reply.body}`;
        assert.equal(refused(reply.statusCode), !row.isOpen, name);
        if (row.isOpen) continue;
        assert.equal(reply.statusCode, 401, name);
        assert.match(String(reply.headers['www-authenticate']), /^Bearer realm="[\w-]+", error="invalid_token"$/, name);
        assert.equal(reply.json().code, 'UNAUTHENTICATED', name);
        assert.ok(!reply.body.includes(key.text.slice(-43)), 'the secret is not repeated');
      }
    }
  }
});

test('a route without a scope is refused at the start', async (t) => {
  const { app } = await buildTestApp(t, []);
  assert.throws(() => app.get('/forgotten', async () => 'secret'), /GET \/forgotten declares no scope/);
  assert.throws(
    () => app.route({ method: ['PUT', 'PATCH'], url: '/forgotten', config: {}, handler: async () => 'secret' }),
    /declares no scope/,
  );
});

test('health checks say no more than their status to those who may not read', async (t) => {
  const parts = await closed(t);
  const read = KEYS.find(({ scope }) => scope === 'read')!.right;
  const { app, service } = parts;
  const get = async (url: string, key?: MadeKey) => app.inject({ url, headers: key?.headers ?? {} });
  assert.deepEqual((await get('/readyz')).json(), { status: 'ready' });
  assert.deepEqual((await get('/readyz', read)).json(), { status: 'ready', model_version: '1' });
  assert.equal((await get('/readyz?verbose')).statusCode, 401);
  assert.equal((await get('/readyz?verbose', KEYS.find(({ scope }) => scope === 'metrics')!.right)).statusCode, 403);
  assert.equal((await get('/readyz?verbose', read)).json().engine, 'kernel');
  service.drain('a reason that only some may know');
  for (const url of ['/readyz', '/v2/health/ready', '/v2/models/test/ready', '/ping', '/health', VERTEX.health]) {
    const hidden = await get(url);
    assert.ok(hidden.statusCode >= 400, url);
    assert.equal(hidden.json().error, 'not ready', url);
    assert.match((await get(url, read)).json().error, /a reason/, url);
  }
});

test('who may train may not decide against the gate what serves', async (t) => {
  const { app } = await closed(t);
  const headers = KEYS.find(({ scope }) => scope === 'train')!.right.headers;
  const instances = Array.from({ length: 60 }, (_, i) => [i, i % 7, i % 5]);
  const payload = { instances, targets: instances.map(([a]) => a) };
  for (const option of ['promote=always', 'replace=true']) {
    const reply = await app.inject({ method: 'POST', url: `/train?${option}`, headers, payload });
    assert.equal(reply.statusCode, 403, reply.body);
    assert.match(reply.json().error, /^(promote=always|replace=true) requires the scope activate; key:\w+ has train$/);
    const csv = await app.inject({
      method: 'POST',
      url: `/train?target=y&${option}`,
      headers: { ...headers, 'content-type': 'text/csv' },
      payload: 'a,b,c,y\n1,2,3,4\n',
    });
    assert.equal(csv.statusCode, 403, csv.body);
  }
  assert.equal(
    (await app.inject({ method: 'POST', url: '/train?dry_run=true&replace=true', headers, payload })).statusCode,
    200,
  );
});

test('each protocol refuses in its own form', async (t) => {
  const { app } = await closed(t);
  const { right: metrics } = KEYS.find(({ scope }) => scope === 'metrics')!;
  const post = async (url: string, key?: MadeKey) =>
    app.inject({ method: 'POST', url, headers: key?.headers ?? {}, payload: {} });
  for (const [url, status, key] of [
    ['/predict', 401],
    ['/v1/models/test:predict', 401],
    ['/v2/models/test/infer', 401],
    ['/invocations', 401],
    ['/predict', 403, metrics],
    ['/invocations', 403, metrics],
  ] as const) {
    const reply = await post(url, key);
    assert.equal(reply.statusCode, status, url);
    const { error, code, request_id, ...rest } = reply.json();
    assert.equal(code, status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN');
    assert.equal(request_id, reply.headers['x-request-id']);
    assert.match(error, status === 401 ? /scope predict is required: send an API key/ : /requires the scope predict/);
    const mlflow = { error_code: status === 401 ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED', message: error };
    assert.deepEqual(rest, url === '/invocations' ? mlflow : {}, url);
    const type = url.startsWith('/v1') ? 'application/json' : 'application/json; charset=utf-8';
    assert.equal(reply.headers['content-type'], type, url);
    assert.match(
      String(reply.headers['www-authenticate']),
      status === 401 ? /^Bearer realm="[\w-]+"$/ : /insufficient_scope/,
    );
  }
});

test('OpenAPI says what each operation requires, if credentials are required', async (t) => {
  const { app } = await closed(t);
  const { right: read } = KEYS.find(({ scope }) => scope === 'read')!;
  const document = (await app.inject({ url: '/openapi.json', headers: read.headers })).json();
  assert.deepEqual(Object.keys(document.components.securitySchemes), ['bearer', 'apiKey', 'basic', 'session']);
  assert.deepEqual(document.paths['/train'].post.security, [
    { bearer: ['train'] },
    { apiKey: ['train'] },
    { basic: ['train'] },
    { session: ['train'] },
  ]);
  assert.deepEqual(document.paths['/livez'].get.security, []);
  const open = await buildTestApp(t, []);
  const other = (await open.app.inject('/openapi.json')).json();
  assert.equal(other.components.securitySchemes, undefined);
  assert.equal(other.paths['/train'].post.security, undefined);
});
