import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SessionReply } from '../../../../src/server/routes/session/session-schema.js';
import { makeKey, writeKeys } from '../../../support/access-keys.js';
import { freePort } from '../../../support/free-port.js';
import { OidcBrowser } from '../../../support/oidc-browser.js';
import { AUDIENCE, OidcIssuer, PAGE_CLIENT, signingKey } from '../../../support/oidc-issuer.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { buildTestApp } from '../../../support/test-app.js';
import { until } from '../../../support/until.js';

type User = Readonly<Record<string, unknown>>;

/** Starts an issuer and the application, at a port of its own. */
async function start(
  t: TestContext,
  user: User = { roles: ['read', 'predict'] },
  settings: Record<string, string> = {},
) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const provider = await OidcIssuer.start(t, { callbacks: [`${url}/session/callback`], user });
  const secret = join(temporaryDirectory(t), 'secret');
  writeFileSync(secret, `${PAGE_CLIENT.secret}\n`);
  const { app, log, logged } = await buildTestApp(
    t,
    ['a', 'b'],
    {},
    {
      AUTH: 'oidc',
      OIDC_ISSUER: provider.url,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_CLIENT_ID: PAGE_CLIENT.id,
      OIDC_CLIENT_SECRET: secret,
      OIDC_SCOPE_CLAIM: 'roles',
      ...settings,
    },
  );
  // At `debug` the fast path leaves all requests to Fastify.
  log.level = 'info';
  await app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const browser = new OidcBrowser();
  const session = async () => (await (await browser.fetch(`${url}/session`)).json()) as SessionReply;
  return { url, provider, app, logged, browser, session };
}

test('a user signs in at the issuer and may do what the ID token names', async (t) => {
  const { url, provider, browser, session, logged } = await start(t);
  assert.deepEqual((await session()).sign_in, { key: false, oidc: new URL(provider.url).host });
  const callback = await browser.signIn(`${url}/session/oidc`, 'alice', url);
  assert.match(callback, /\/session\/callback\?code=/);
  const reply = await browser.fetch(callback);
  assert.equal(reply.status, 303);
  assert.equal(reply.headers.get('location'), '../');
  assert.equal(reply.headers.get('cache-control'), 'no-store');
  const [, set] = reply.headers.getSetCookie();
  assert.match(set!, /^test-session=[\w-]{43}; Max-Age=(28800|28799); Path=\/; HttpOnly; SameSite=Strict$/);
  assert.deepEqual(browser.cookies(url), ['test-session'], 'that of the flow is gone');
  const { principal } = await session();
  assert.equal(principal!.id, 'oidc:alice');
  assert.equal(principal!.name, 'alice');
  assert.deepEqual(principal!.scopes, ['read', 'predict']);
  assert.equal((await browser.fetch(`${url}/model`)).status, 200);
  assert.equal((await browser.fetch(`${url}/drift/reset`, { method: 'POST' })).status, 403);
  await browser.fetch(`${url}/session`, { method: 'DELETE' });
  assert.equal((await browser.fetch(`${url}/model`)).status, 401);

  const query = new URL(callback).searchParams;
  const text = JSON.stringify(logged);
  for (const secret of [query.get('code')!, query.get('state')!, PAGE_CLIENT.secret]) assert.ok(!text.includes(secret));
});

test('the browser leaves with PKCE, state and nonce, and what it must bring back is in a cookie that scripts cannot read', async (t) => {
  const { url, provider, browser } = await start(t);
  const reply = await browser.fetch(`${url}/session/oidc`);
  const location = new URL(reply.headers.get('location')!);
  assert.equal(location.origin, provider.url);
  const query = Object.fromEntries(location.searchParams);
  assert.equal(query['response_type'], 'code');
  assert.equal(query['code_challenge_method'], 'S256');
  assert.equal(query['redirect_uri'], `${url}/session/callback`);
  assert.match(query['code_challenge']!, /^[\w-]{43}$/);
  assert.ok(query['state']!.length >= 32 && query['nonce']!.length >= 32);
  assert.match(reply.headers.getSetCookie()[0]!, /^test-sign-in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
});

test('a reply of the issuer that this browser has not asked for signs nobody in', async (t) => {
  const { url, browser, session, logged } = await start(t);
  const stranger = new OidcBrowser();
  const callback = await stranger.signIn(`${url}/session/oidc`, 'mallory', url);
  const locationOf = async (address: string, by = browser) => (await by.fetch(address)).headers.get('location');
  // Login CSRF: the attacker's code in the victim's browser, without a flow and with one of its own.
  assert.equal(await locationOf(callback), '../#sign-in-expired');
  await browser.fetch(`${url}/session/oidc`);
  assert.equal(await locationOf(callback), '../#sign-in-failed');
  for (const query of ['', '?code=x', '?code=x&state=y', '?error=access_denied', '?code=a&code=b&state=c']) {
    await browser.fetch(`${url}/session/oidc`);
    assert.equal(await locationOf(`${url}/session/callback${query}`), '../#sign-in-failed', query);
  }
  // A flow cookie that is not one.
  const odd = await fetch(callback, { headers: { cookie: 'test-sign-in=e30' }, redirect: 'manual' });
  assert.equal(odd.headers.get('location'), '../#sign-in-expired');
  assert.equal((await session()).principal, null);
  // The right browser, but the second time.
  assert.equal(await locationOf(callback, stranger), '../');
  assert.equal(await locationOf(callback, stranger), '../#sign-in-expired');
  assert.ok(logged.some(({ msg }) => msg === 'signing in to the page failed'));
});

test('a user who cancels or is refused at the issuer is led back', async (t) => {
  const { url, browser } = await start(t);
  const begun = await browser.fetch(`${url}/session/oidc`);
  const { searchParams } = new URL(begun.headers.get('location')!);
  const query = new URLSearchParams({
    error: 'access_denied',
    state: searchParams.get('state')!,
    iss: searchParams.get('iss') ?? '',
  });
  query.delete('iss');
  const issuer = new URL(begun.headers.get('location')!).origin;
  query.set('iss', issuer);
  const reply = await browser.fetch(`${url}/session/callback?${query}`);
  assert.equal(reply.headers.get('location'), '../#sign-in-denied');
});

test('nothing in a request decides where the browser is led', async (t) => {
  const { url, provider, browser } = await start(t);
  for (const query of ['?redirect=https://evil.example', '?next=//evil.example', '?tab=https://evil.example']) {
    const reply = await browser.fetch(`${url}/session/oidc${query}`);
    const location = reply.headers.get('location');
    if (reply.status === 303) assert.equal(new URL(location!).origin, provider.url);
    else assert.equal(reply.status, 400);
  }
  const newTab = await browser.signIn(`${url}/session/oidc?tab=new`, 'alice', url);
  assert.equal((await browser.fetch(newTab)).headers.get('location'), '../#signed-in');
});

test('behind a prefix, and with an address that is set, the issuer gets that address', async (t) => {
  const prefixed = await start(t);
  const redirectUri = async (url: string, headers: Record<string, string> = {}) => {
    const { headers: reply } = await fetch(`${url}/session/oidc`, { redirect: 'manual', headers });
    return new URL(reply.get('location')!).searchParams.get('redirect_uri');
  };
  assert.equal(
    await redirectUri(prefixed.url, { 'x-forwarded-prefix': '/model' }),
    `${prefixed.url}/model/session/callback`,
  );
  const fixed = await start(t, {}, { OIDC_REDIRECT_URI: 'https://models.example/m/session/callback' });
  assert.equal(await redirectUri(fixed.url), 'https://models.example/m/session/callback');
});

test('a user whose token names no scope may do what the setting allows, or nothing', async (t) => {
  const none = await start(t, { roles: ['accounting'] });
  await none.browser.fetch(await none.browser.signIn(`${none.url}/session/oidc`, 'bob', none.url));
  assert.deepEqual((await none.session()).principal!.scopes, []);
  assert.equal((await none.browser.fetch(`${none.url}/model`)).status, 403);

  const some = await start(t, {}, { OIDC_SIGN_IN_SCOPES: 'read' });
  await some.browser.fetch(await some.browser.signIn(`${some.url}/session/oidc`, 'bob', some.url));
  assert.deepEqual((await some.session()).principal!.scopes, ['read']);
});

test('while the issuer is away the page says so, and sessions go on', async (t) => {
  const { url, provider, browser, session } = await start(t);
  await browser.fetch(await browser.signIn(`${url}/session/oidc`, 'alice', url));
  provider.stop();
  assert.equal((await session()).principal!.id, 'oidc:alice');
  assert.equal((await browser.fetch(`${url}/model`)).status, 200);
  const other = new OidcBrowser();
  // Metadata are known, so the browser is led to the issuer, and the browser reports that it does not answer.
  assert.equal((await other.fetch(`${url}/session/oidc`)).status, 303);

  const late = await OidcIssuer.start(t);
  late.stop();
  const { app } = await buildTestApp(
    t,
    [],
    {},
    { OIDC_ISSUER: late.url, OIDC_AUDIENCE: AUDIENCE, OIDC_CLIENT_ID: 'page' },
  );
  const reply = await app.inject({ url: '/session/oidc', headers: { host: 'localhost' } });
  assert.equal(reply.headers.location, '../#sign-in-unavailable');
});

test('tokens are accepted on every path, with and without the fast path, and a missing scope is named', async (t) => {
  const { url, provider } = await start(
    t,
    {},
    { OIDC_SCOPE_CLAIM: '', AUTH: 'keys,oidc', API_KEYS: writeKeys(t, [makeKey(['read'])]) },
  );
  const predict = async (token: string | undefined, rows = '{"instances":[[1,2]]}') => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    return fetch(`${url}/predict`, { method: 'POST', headers, body: rows });
  };
  const token = await provider.token('predict');
  for (let i = 0; i < 3; i++) assert.equal((await predict(token)).status, 200);
  assert.equal((await predict(token, '{"instances":[[1,"x"]]}')).status, 400);
  assert.equal((await predict(undefined)).status, 401);
  const expired = await predict(await provider.sign({ exp: 1 }));
  assert.equal(expired.status, 401);
  assert.match(expired.headers.get('www-authenticate')!, /^Bearer realm="[^"]+", error="invalid_token"$/);
  assert.match(await expired.text(), /it expired at 1970-01-01T00:00:01/);
  const forbidden = await predict(await provider.token('read'));
  assert.equal(forbidden.status, 403);
  assert.match(forbidden.headers.get('www-authenticate')!, /error="insufficient_scope", scope="predict"/);
  assert.match(await forbidden.text(), /predict/);
  const two = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-api-key': 'rr_abcdef_wrong' },
    body: '{"instances":[[1,2]]}',
  });
  assert.equal(two.status, 401, 'one of two credentials');
  const opaque = await predict('ya29.a0AfH6SMBx');
  assert.equal(opaque.status, 401);
  assert.match(await opaque.text(), /expected .*access token/);
});

test('the issuer away: known keys go on, unknown ones are a 503, and the metrics say so', async (t) => {
  const { url, provider, app } = await start(t, {}, { OIDC_SCOPE_CLAIM: '' });
  const get = async (token: string) => fetch(`${url}/model`, { headers: { authorization: `Bearer ${token}` } });
  const metrics = async () => (await get2('/metrics')).text();
  const all = await provider.sign({ scope: 'metrics read' });
  const get2 = async (path: string) => fetch(url + path, { headers: { authorization: `Bearer ${all}` } });
  assert.equal((await get(all)).status, 200);
  assert.match(await metrics(), /^oidc_jwks_age_seconds\{issuer="http:[^"]+"\} \d+(\.\d+)?$/m);
  provider.stop();
  assert.equal((await get(await provider.sign())).status, 200, 'another token with the known key');
  assert.equal((await get(all)).status, 200);

  const late = await OidcIssuer.start(t);
  const token = await late.sign();
  late.stop();
  const other = await buildTestApp(t, ['a'], {}, { OIDC_ISSUER: late.url, OIDC_AUDIENCE: AUDIENCE });
  const inject = () =>
    other.app.inject({ url: '/model', headers: { host: 'localhost', authorization: `Bearer ${token}` } });
  const away = await inject();
  assert.equal(away.statusCode, 503, away.body);
  assert.ok(Number(away.headers['retry-after']) > 0);
  assert.match(away.body, /the issuer of tokens does not respond/);
  await late.comeBack();
  await until('the service reads the keys by itself', 30, async () => (await inject()).statusCode === 200);
  assert.ok(app.server.listening);
});

test('a token becomes a session that lasts no longer than it', async (t) => {
  const { url, provider } = await start(t, {}, { OIDC_SCOPE_CLAIM: '' });
  const exp = Math.floor(Date.now() / 1000) + 60;
  const headers = { authorization: `Bearer ${await provider.sign({ exp })}` };
  const reply = await fetch(`${url}/session`, { method: 'POST', headers });
  assert.equal(reply.status, 200);
  const [, maxAge] = /Max-Age=(\d+)/.exec(reply.headers.getSetCookie()[0]!)!;
  assert.ok(Number(maxAge) <= 90 && Number(maxAge) > 60, `${maxAge} s, with 30 s for clocks`);
});

test('keys of the issuer are rotated without a refused token', async (t) => {
  const { url, provider } = await start(t, {}, { OIDC_SCOPE_CLAIM: '' });
  const get = async (token: string) =>
    (await fetch(`${url}/model`, { headers: { authorization: `Bearer ${token}` } })).status;
  const former = provider.key;
  assert.equal(await get(await provider.sign()), 200);
  const now = Date.now.bind(Date);
  t.mock.method(Date, 'now', () => now() + 60_000);
  // As issuers do: the new key is published beside the former one, which then goes.
  await provider.useKeys(await signingKey('key-2', 'ES256'), former);
  const tokens = await Promise.all([provider.sign(), provider.sign({}, {}, former), provider.token('read')]);
  assert.deepEqual(await Promise.all(tokens.map(get)), [200, 200, 200]);
});

test('settings that do not fit together stop the start', async (t) => {
  for (const [expected, settings] of [
    [/AUTH=oidc needs OIDC_ISSUER/, { AUTH: 'oidc' }],
    [/OIDC_ISSUER needs OIDC_AUDIENCE.*OIDC_CLIENT_ID/, { OIDC_ISSUER: 'https://issuer.example' }],
    [/OIDC_ISSUER.*expected https/, { OIDC_ISSUER: 'http://issuer.example', OIDC_AUDIENCE: 'a' }],
    [
      /OIDC_CLIENT_SECRET.*no such file/,
      { OIDC_ISSUER: 'https://i.example', OIDC_CLIENT_ID: 'a', OIDC_CLIENT_SECRET: '/nowhere' },
    ],
    [
      /OIDC_SIGN_IN_SCOPES.*expected/,
      { OIDC_ISSUER: 'https://i.example', OIDC_CLIENT_ID: 'a', OIDC_SIGN_IN_SCOPES: 'red' },
    ],
    [
      /OIDC_REDIRECT_URI/,
      { OIDC_ISSUER: 'https://i.example', OIDC_CLIENT_ID: 'a', OIDC_REDIRECT_URI: 'http://x.example/' },
    ],
  ] as const) {
    await assert.rejects(buildTestApp(t, [], {}, settings), expected);
  }
});
