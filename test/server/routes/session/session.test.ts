import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import type { SessionReply } from '../../../../src/server/routes/session/session-schema.js';
import { Plant, TARGET } from '../../../e2e/prometheus/synthetic-plant.js';
import { type MadeKey, makeKey, writeKeys } from '../../../support/access-keys.js';
import { makeCertificate } from '../../../support/certificates.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { buildTestApp } from '../../../support/test-app.js';
import { until } from '../../../support/until.js';

async function buildWithKeys(t: TestContext, keys: readonly MadeKey[]) {
  const path = writeKeys(t, keys);
  const { app, logged } = await buildTestApp(t, ['a', 'b'], {}, { API_KEYS: path });
  const send = async (method: InjectOptions['method'], url: string, headers: Record<string, string> = {}) => {
    const reply = await app.inject({ method: method!, url, headers: { host: 'localhost', ...headers } });
    return {
      ...reply,
      status: reply.statusCode,
      text: reply.body,
      json: () => reply.json(),
      set: reply.headers['set-cookie'],
    };
  };
  return { app, path, logged, send };
}

/** The cookie that a reply sets, as a browser sends it back. */
function cookieOf(set: string | string[] | undefined): string {
  const [line] = [set ?? []].flat();
  return line!.split(';')[0]!;
}

test('behind a trusted proxy that terminates TLS, the cookie is for secure connections only, and no other client can claim to be such a proxy', async (t) => {
  const key = makeKey(['read']);
  const plain = 'test-session=';
  const secure = '__Host-test-session=';
  const cases: [trusted: string, from: string, claim: Record<string, string>, cookie: string][] = [
    ['10.0.0.0/8', '10.0.0.1', { 'x-forwarded-proto': 'https' }, secure],
    ['10.0.0.0/8', '10.0.0.1', { 'x-forwarded-proto': 'http' }, plain],
    ['10.0.0.0/8', '10.0.0.1', {}, plain],
    ['10.0.0.0/8', '192.0.2.1', { 'x-forwarded-proto': 'https' }, plain],
    ['', '10.0.0.1', { 'x-forwarded-proto': 'https' }, plain],
    ['', '127.0.0.1', { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.0.0.1' }, plain],
    // Only X-Forwarded-Proto counts, of one proxy.
    ['10.0.0.0/8', '10.0.0.1', { forwarded: 'proto=https', 'x-forwarded-ssl': 'on' }, plain],
    ['10.0.0.0/8', '10.0.0.1', { 'x-forwarded-proto': 'https, http' }, plain],
  ];
  const apps = new Map<string, Awaited<ReturnType<typeof buildTestApp>>['app']>();
  for (const TRUST_PROXY of new Set(cases.map(([trusted]) => trusted))) {
    const { app } = await buildTestApp(t, ['a', 'b'], {}, { API_KEYS: writeKeys(t, [key]), TRUST_PROXY });
    apps.set(TRUST_PROXY, app);
  }
  for (const [trusted, remoteAddress, claim, expected] of cases) {
    const send = (method: 'POST' | 'GET' | 'DELETE', url: string, headers: Record<string, string>) =>
      apps.get(trusted)!.inject({ method, url, remoteAddress, headers: { host: 'localhost', ...claim, ...headers } });
    const what = JSON.stringify([trusted, remoteAddress, claim]);
    const signedIn = await send('POST', '/session', key.headers);
    const set = String(signedIn.headers['set-cookie']);
    assert.ok(set.startsWith(expected), `${what}: ${set}`);
    assert.equal(/; Secure(;|$)/.test(set), expected === secure, `${what}: ${set}`);
    assert.match(set, /; HttpOnly;.*SameSite=Strict/, what);
    const cookie = cookieOf(set);
    assert.equal((await send('GET', '/model', { cookie })).statusCode, 200, what);
    const ended = String((await send('DELETE', '/session', { cookie })).headers['set-cookie']);
    assert.equal(
      /; Secure(;|$)/.test(ended),
      expected === secure,
      'a browser only removes it with the same attributes',
    );
  }
});

test('behind a trusted proxy that terminates TLS, a page that came without TLS is foreign', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b'], {}, { TRUST_PROXY: '10.0.0.1', ALLOWED_HOSTS: 'models.example' });
  const statusOf = async (origin: string, proto: string, remoteAddress = '10.0.0.1') => {
    const headers = { host: 'models.example', origin, 'x-forwarded-proto': proto };
    return (await app.inject({ method: 'POST', url: '/models/rollback', remoteAddress, headers })).statusCode;
  };
  assert.equal(await statusOf('https://models.example', 'https'), 409, 'nothing to go back to');
  assert.equal(await statusOf('http://models.example', 'https'), 403);
  assert.equal(await statusOf('http://models.example', 'http'), 409);
  assert.equal(await statusOf('http://models.example', 'https', '192.0.2.1'), 409, 'not its proxy');
});

test('a key becomes a session, whose cookie does what the key may do, until sign-out', async (t) => {
  const key = makeKey(['read', 'predict'], { name: 'alice' });
  const { send } = await buildWithKeys(t, [key]);
  const before = (await send('GET', '/session')).json() as SessionReply;
  assert.deepEqual(before, { closed: true, open_to: null, sign_in: { key: true, oidc: null }, principal: null });

  const signedIn = await send('POST', '/session', key.headers);
  assert.equal(signedIn.status, 200, signedIn.text);
  const { principal } = signedIn.json() as SessionReply;
  assert.deepEqual(
    { ...principal, expires: null },
    { id: `key:${key.record.id}`, kind: 'session', name: 'alice', scopes: ['read', 'predict'], expires: null },
  );
  assert.match(
    String(signedIn.set),
    /^test-session=[\w-]{43}; Max-Age=(28800|28799); Path=\/; HttpOnly; SameSite=Strict$/,
  );
  assert.equal(signedIn.headers['cache-control'], 'no-store');

  const cookie = cookieOf(signedIn.set);
  assert.deepEqual((await send('GET', '/session', { cookie })).json(), signedIn.json());
  assert.equal((await send('GET', '/model', { cookie })).status, 200);
  const forbidden = await send('POST', '/models/1/activate', { cookie });
  assert.equal(forbidden.status, 403);
  assert.match(forbidden.text, /requires the scope activate/);

  const signedOut = await send('DELETE', '/session', { cookie });
  assert.equal(signedOut.status, 204);
  assert.match(String(signedOut.set), /^test-session=; Max-Age=0; Path=\//);
  assert.equal((await send('GET', '/model', { cookie })).status, 401, 'also for whoever has kept the cookie');
  assert.equal((await send('DELETE', '/session', { cookie })).status, 204);
  assert.equal((await send('DELETE', '/session')).status, 204);
});

test('only a credential in a header becomes a session, and only one that may read', async (t) => {
  const key = makeKey(['read']);
  const other = makeKey(['predict']);
  const { send } = await buildWithKeys(t, [key, other]);
  for (const headers of [
    {},
    { authorization: 'Bearer rr_abcdef_wrong' },
    { authorization: `Bearer ${key.text}x` },
  ] as const) {
    const reply = await send('POST', '/session', headers);
    assert.equal(reply.status, 401);
    assert.equal(reply.set, undefined);
  }
  assert.equal((await send('POST', '/session', other.headers)).status, 403);
  const cookie = cookieOf((await send('POST', '/session', key.headers)).set);
  const extended = await send('POST', '/session', { cookie });
  assert.equal(extended.status, 400, 'a session does not prolong itself');
  assert.equal(extended.set, undefined);
});

test('a credential in a header decides, and not the cookie, on the fast path and by Fastify', async (t) => {
  const [key, reader] = [makeKey(['read', 'predict']), makeKey(['read'])];
  for (const FAST_PATH of ['on', 'off']) {
    const { app, log } = await buildTestApp(t, ['a', 'b'], {}, { API_KEYS: writeKeys(t, [key, reader]), FAST_PATH });
    // At `debug` the fast path leaves all requests to Fastify.
    log.level = 'info';
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const signedIn = await fetch(`${url}/session`, { method: 'POST', headers: key.headers });
    const cookie = cookieOf(signedIn.headers.getSetCookie());
    const predict = async (headers: Record<string, string>) => {
      const init = { method: 'POST', body: '{"instances":[[1,2]]}' };
      return (await fetch(`${url}/predict`, { ...init, headers: { 'content-type': 'application/json', ...headers } }))
        .status;
    };
    assert.equal(await predict({ cookie }), 200);
    assert.equal(await predict({ cookie, authorization: 'Bearer rr_abcdef_wrong' }), 401);
    assert.equal(await predict({ cookie, authorization: 'Bearer a.b.c' }), 401);
    assert.equal(await predict({ cookie, 'x-api-key': 'rr_abcdef_wrong' }), 401);
    assert.equal(await predict({ cookie, ...reader.headers }), 403);
    assert.equal(await predict({ cookie: `${cookie}; ${cookie}` }), 401);
  }
});

test('signing in changes the id of the session and ends the one before', async (t) => {
  const [key, other] = [makeKey(['read']), makeKey(['read', 'train'])];
  const { send } = await buildWithKeys(t, [key, other]);
  const first = cookieOf((await send('POST', '/session', key.headers)).set);
  const second = cookieOf((await send('POST', '/session', { ...other.headers, cookie: first })).set);
  assert.notEqual(first, second);
  assert.equal((await send('GET', '/model', { cookie: first })).status, 401);
  assert.equal((await send('GET', '/model', { cookie: second })).status, 200);
  // An id that somebody else has chosen does not become a session.
  const planted = 'test-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  assert.notEqual(cookieOf((await send('POST', '/session', { ...key.headers, cookie: planted })).set), planted);
});

test('a session ends when its key is revoked, and when it expires', async (t) => {
  const revoked = makeKey(['read']);
  const short = makeKey(['read'], { expires: new Date(Date.now() + 3000).toISOString() });
  const { send, path } = await buildWithKeys(t, [revoked, short]);
  const cookies = [revoked, short].map(async ({ headers }) => cookieOf((await send('POST', '/session', headers)).set));
  const [first, second] = await Promise.all(cookies);
  assert.equal((await send('GET', '/model', { cookie: first! })).status, 200);
  appendFileSync(path, `${JSON.stringify({ id: revoked.record.id, revoked: new Date().toISOString() })}\n`);
  const isOver = (cookie: string) => async () => (await send('GET', '/model', { cookie })).status === 401;
  await until('the session of the revoked key is over', 20, isOver(first!));
  await until('the session of the expired key is over', 20, isOver(second!));
});

test('over TLS the cookie is Secure and has the prefix that other hosts cannot plant', async (t) => {
  const key = makeKey(['read']);
  const server = makeCertificate('server', { names: ['DNS:localhost'] });
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'cert'), server.certificate);
  writeFileSync(join(directory, 'key'), server.key);
  const { app } = await buildTestApp(
    t,
    ['a', 'b'],
    {},
    {
      API_KEYS: writeKeys(t, [key]),
      TLS_CERT: join(directory, 'cert'),
      TLS_KEY: join(directory, 'key'),
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const send = (method: string, path: string, headers: Record<string, string>) =>
    new Promise<{ status: number; set: string }>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers,
        ca: server.certificate,
        servername: 'localhost',
      };
      request(options, (reply) => {
        reply.resume();
        resolve({ status: reply.statusCode!, set: String(reply.headers['set-cookie']) });
      })
        .on('error', reject)
        .end();
    });
  const { set } = await send('POST', '/session', key.headers);
  assert.match(set, /^__Host-test-session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  const cookie = cookieOf(set);
  assert.equal((await send('GET', '/model', { cookie })).status, 200);
  assert.equal((await send('GET', '/model', { cookie: cookie.replace('__Host-', '') })).status, 401);
});

test('without credentials there is nobody to sign in', async (t) => {
  const { app } = await buildTestApp(t);
  const { principal, closed } = (
    await app.inject({ url: '/session', headers: { host: 'localhost' } })
  ).json() as SessionReply;
  assert.equal(closed, false);
  assert.equal(principal!.kind, 'anyone');
  assert.equal((await app.inject({ method: 'POST', url: '/session', headers: { host: 'localhost' } })).statusCode, 400);
  assert.equal((await app.inject({ url: '/session/oidc', headers: { host: 'localhost' } })).statusCode, 404);
});

test('nothing of a key or a session is logged', async (t) => {
  const key = makeKey(['read']);
  const { send, logged } = await buildWithKeys(t, [key]);
  const cookie = cookieOf((await send('POST', '/session', key.headers)).set);
  await send('GET', '/model', { cookie });
  await send('GET', '/nothing', { cookie, ...key.headers });
  await send('DELETE', '/session', { cookie });
  const text = JSON.stringify(logged);
  assert.ok(logged.length > 3);
  for (const secret of [key.text, key.text.slice(-43), cookie.split('=')[1]!]) assert.ok(!text.includes(secret));
});

test('an event stream ends with the session or the key that has opened it', async (t) => {
  const key = makeKey(['read', 'train']);
  const other = makeKey(['read']);
  const { app, drift } = await buildTestApp(t, [], { maxRows: 2000 }, { API_KEYS: writeKeys(t, [key, other]) });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const trained = await fetch(`${url}/train?target=${TARGET}&wait=true&epochs=1`, {
    method: 'POST',
    headers: { ...key.headers, 'content-type': 'text/csv' },
    body: new Plant(1).csv(1500),
  });
  assert.equal(trained.status, 200, await trained.text());
  const signedIn = await fetch(`${url}/session`, { method: 'POST', headers: key.headers });
  const cookie = cookieOf(signedIn.headers.getSetCookie());
  const streams = await Promise.all([{ cookie }, other.headers].map((headers) => openEvents(url, headers)));
  for (const { next } of streams) assert.match(await next(), /^event: progress/);
  await fetch(`${url}/session`, { method: 'DELETE', headers: { cookie } });
  drift.emit('update');
  const [ended, goesOn] = streams;
  assert.equal(await ended!.next(), '');
  assert.match(await goesOn!.next(), /^event: /);
});

async function openEvents(url: string, headers: Record<string, string>) {
  const response = await fetch(`${url}/drift/events`, { headers });
  const reader = response.body!.getReader();
  return { next: async () => Buffer.from((await reader.read()).value ?? []).toString() };
}
