import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type CryptoKey, exportJWK, exportSPKI, importJWK } from 'jose';
import { pino } from 'pino';
import { type Identity, Rejection } from '../../../../src/server/access/authenticator.js';
import { Issuer } from '../../../../src/server/access/oidc/issuer.js';
import { TokenAuthenticator } from '../../../../src/server/access/oidc/token-authenticator.js';
import { AUDIENCE, OidcIssuer, signingKey } from '../../../support/oidc-issuer.js';

const NOW = Math.floor(Date.now() / 1000);

async function start(t: TestContext) {
  const provider = await OidcIssuer.start(t);
  const issuer = new Issuer(provider.url, pino({ level: 'silent' }));
  t.after(() => issuer.close());
  issuer.start();
  const authenticator = new TokenAuthenticator(issuer, AUDIENCE, { claim: '', prefix: '' });
  return { provider, issuer, authenticator };
}

function bearing(authorization: string, ...more: readonly string[]): IncomingMessage {
  const rawHeaders = [authorization, ...more].flatMap((value) => ['Authorization', value]);
  return { headers: { authorization }, rawHeaders } as unknown as IncomingMessage;
}

function reasonOf(identity: Identity): string {
  assert.ok(identity instanceof Rejection, JSON.stringify(identity));
  return `${identity.reason}: ${identity.message}`;
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

test('an access token of the issuer is accepted with its scopes, and then at once', async (t) => {
  const { provider, authenticator } = await start(t);
  const request = bearing(`Bearer ${await provider.token('predict read')}`);
  assert.equal(authenticator.now(request), undefined, 'unknown');
  const principal = await authenticator.identify(request);
  assert.ok(principal && !(principal instanceof Rejection));
  assert.equal(principal.id, 'oidc:program');
  assert.equal(principal.kind, 'token');
  assert.deepEqual([...principal.scopes], ['predict', 'read']);
  assert.equal(authenticator.now(request), principal);
  const other = bearing(request.headers.authorization!.replace('Bearer', 'bearer'));
  assert.deepEqual(await authenticator.identify(other), principal);
  // A proxy may have looked at the second one.
  const twice = bearing(request.headers.authorization!, 'Bearer other');
  assert.equal(authenticator.now(twice), undefined);
  assert.match(reasonOf(await authenticator.identify(twice)), /^malformed: .*got several/);
});

test('credentials of other kinds are left to others', async (t) => {
  const { authenticator } = await start(t);
  for (const text of [
    'Bearer rr_abcd_secret',
    'Basic YTpi',
    'Bearer',
    'Bearer ',
    'Bearer a.b',
    'Bearer a.b.c.d.e',
    'Bearer a.b.c d',
  ])
    assert.equal(await authenticator.identify(bearing(text)), undefined, text);
  assert.equal(await authenticator.identify({ headers: {} } as IncomingMessage), undefined);
});

test('claims that do not fit are refused, and the reason is given', async (t) => {
  const { provider, authenticator } = await start(t);
  const cases: [string, Record<string, unknown>][] = [
    ['wrong: token: it is for another audience than https://models.example', { aud: 'https://other.example' }],
    ['wrong: token: it is for another audience than https://models.example', { aud: [] }],
    ['wrong: token: the claim "aud" is missing', { aud: undefined }],
    ['wrong: token: it is of another issuer', { iss: 'https://other.example' }],
    ['wrong: token: it is of another issuer', { iss: `${provider.url}/` }],
    ['wrong: token: the claim "iss" is missing', { iss: undefined }],
    [`expired: token: it expired at ${new Date(1000 * (NOW - 31)).toISOString()}`, { exp: NOW - 31 }],
    ['wrong: token: the claim "exp" is missing', { exp: undefined }],
    ['malformed: token: the claim "exp" is invalid', { exp: '9999999999' }],
    ['wrong: token: it is not valid yet', { nbf: NOW + 3600 }],
    ['wrong: token: the claim "sub" is missing', { sub: undefined }],
    ['malformed: token: the claim "sub" is invalid', { sub: '' }],
    ['malformed: token: the claim "sub" is invalid', { sub: 'x'.repeat(256) }],
    ['malformed: token: the claim "sub" is invalid', { sub: 7 }],
    [
      'unsupported: token: it is bound to a key of its client (DPoP or mutual TLS), which is not supported',
      { cnf: { jkt: 'x' } },
    ],
  ];
  for (const [expected, claims] of cases) {
    const token = await provider.sign(claims);
    assert.equal(reasonOf(await authenticator.identify(bearing(`Bearer ${token}`))), expected);
    assert.equal(authenticator.now(bearing(`Bearer ${token}`)), undefined);
  }
});

test('clocks may differ by 30 s', async (t) => {
  const { provider, authenticator } = await start(t);
  const now = Math.floor(Date.now() / 1000);
  for (const claims of [{ exp: now - 20 }, { nbf: now + 20 }]) {
    const identity = await authenticator.identify(bearing(`Bearer ${await provider.sign(claims)}`));
    assert.ok(identity && !(identity instanceof Rejection), JSON.stringify(claims));
  }
});

test('a token that was tampered with, or that has the signature of another one, is refused', async (t) => {
  const { provider, authenticator } = await start(t);
  const token = await provider.sign();
  const [header, claims, signature] = token.split('.') as [string, string, string];
  const more = encode({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), scope: 'admin' });
  const [, , other] = (await provider.sign({ sub: 'bob' })).split('.');
  const stranger = await signingKey(provider.key.kid, 'RS256');
  for (const [what, text] of [
    ['claims', `${header}.${more}.${signature}`],
    ['signature', `${header}.${claims}.${signature.slice(0, -4)}AAAA`],
    ['cut signature', `${header}.${claims}.${signature.slice(0, -4)}`],
    ['other signature', `${header}.${claims}.${other}`],
    ['other key', await provider.sign({}, {}, stranger)],
  ]) {
    assert.equal(
      reasonOf(await authenticator.identify(bearing(`Bearer ${text}`))),
      'wrong: token: its signature is wrong',
      what,
    );
  }
});

test('only the four algorithms count, whatever the header says', async (t) => {
  const { provider, authenticator } = await start(t);
  const [, claims] = (await provider.sign()).split('.');
  const publicKey = await importJWK({ ...provider.key.jwk, d: undefined } as never, 'RS256');
  const pem = await exportSPKI(publicKey as CryptoKey);
  const jwk = JSON.stringify(await exportJWK(publicKey as CryptoKey));
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const tokens: [string, string][] = [];
  for (const alg of ['none', 'None', 'NONE', ''])
    tokens.push([`alg ${alg}`, `${encode({ alg, kid: provider.key.kid })}.${claims}.`]);
  // The public key as the shared secret of an HMAC (CVE-2016-5431, CVE-2022-23540).
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const secret of [pem, `${pem}\n`, jwk, der]) {
      const signed = `${encode({ alg, kid: provider.key.kid })}.${claims}`;
      const signature = createHmac(`sha${alg.slice(2)}`, secret)
        .update(signed)
        .digest('base64url');
      tokens.push([alg, `${signed}.${signature}`]);
    }
  }
  for (const alg of ['RS384', 'PS512', 'ES384', 'ES256K', 'RS256 ', 'rs256'])
    tokens.push([alg, `${encode({ alg, kid: provider.key.kid })}.${claims}.${encode(randomBytes(256).toString())}`]);
  tokens.push(['no alg', `${encode({ kid: provider.key.kid })}.${claims}.AAAA`]);
  tokens.push(['another key type', `${encode({ alg: 'ES256', kid: provider.key.kid })}.${claims}.${'A'.repeat(86)}`]);
  for (const [what, token] of tokens)
    assert.ok((await authenticator.identify(bearing(`Bearer ${token}`))) instanceof Rejection, what);
});

test('keys that the token brings or points to do not count, and are not fetched', async (t) => {
  const { provider, authenticator } = await start(t);
  await authenticator.identify(bearing(`Bearer ${await provider.sign()}`));
  const attacker = await OidcIssuer.start(t);
  const jwk = {
    ...attacker.key.jwk,
    d: undefined,
    p: undefined,
    q: undefined,
    dp: undefined,
    dq: undefined,
    qi: undefined,
  };
  const claims = { iss: provider.url };
  for (const header of [
    { jwk, kid: undefined },
    { jwk },
    { jku: `${attacker.url}/jwks` },
    { jku: `${attacker.url}/jwks`, kid: 'other' },
    { x5u: `${attacker.url}/certificate`, kid: provider.key.kid },
    { x5c: ['MIIB'], kid: provider.key.kid },
    { kid: '../../../../dev/null' },
    { kid: "' OR 1=1 --" },
    { kid: ['key-1'] },
    { crit: ['exp'], kid: provider.key.kid },
    { b64: false, crit: ['b64'], kid: provider.key.kid },
  ] as never[]) {
    const token = await attacker.sign(claims, header).catch(() => undefined);
    if (token === undefined) continue;
    assert.ok((await authenticator.identify(bearing(`Bearer ${token}`))) instanceof Rejection, JSON.stringify(header));
  }
  assert.deepEqual(attacker.requests, []);
});

test('critical extensions are refused even with the right signature', async (t) => {
  const { provider, authenticator } = await start(t);
  const [, claims] = (await provider.sign()).split('.');
  const signed = `${encode({ alg: 'RS256', kid: provider.key.kid, crit: ['x'], x: 1 })}.${claims}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', provider.key.privateKey, Buffer.from(signed));
  const token = `${signed}.${Buffer.from(signature).toString('base64url')}`;
  assert.match(reasonOf(await authenticator.identify(bearing(`Bearer ${token}`))), /no critical extensions/);
});

test('ID tokens and other tokens of the issuer are not access tokens', async (t) => {
  const { provider, authenticator } = await start(t);
  const cases: [boolean, Record<string, unknown>, Record<string, unknown>][] = [
    [false, { nonce: 'n' }, { typ: 'JWT' }],
    [false, { at_hash: 'h' }, { typ: undefined }],
    [false, { c_hash: 'h' }, {}],
    [false, { typ: 'ID' }, { typ: 'JWT' }],
    [false, { typ: 'Refresh' }, { typ: 'JWT' }],
    [false, {}, { typ: 'logout+jwt' }],
    [false, {}, { typ: 'secevent+jwt' }],
    [false, {}, { typ: 'dpop+jwt' }],
    [true, {}, { typ: 'JWT' }],
    [true, {}, { typ: 'at+jwt' }],
    [true, {}, { typ: 'application/at+jwt' }],
    [true, {}, { typ: undefined }],
    // Keycloak before version 24.
    [true, { typ: 'Bearer', nonce: 'n' }, { typ: 'JWT' }],
  ];
  for (const [isAccepted, claims, header] of cases) {
    const token = await provider.sign(claims, { typ: 'JWT', ...header });
    const identity = await authenticator.identify(bearing(`Bearer ${token}`));
    const text = JSON.stringify({ claims, header });
    if (isAccepted) assert.ok(identity && !(identity instanceof Rejection), text);
    else assert.equal(reasonOf(identity), 'wrong: token: it is not an access token', text);
  }
});

test('claims and headers that appear twice are refused', async (t) => {
  const { provider, authenticator } = await start(t);
  const { key, url } = provider;
  const rest = `"iss":"${url}","aud":"${AUDIENCE}","exp":${NOW + 600}`;
  const header = `"alg":"RS256","kid":"${key.kid}"`;
  for (const [head, claims] of [
    [`{${header}}`, `{${rest},"sub":"alice","scope":"read","scope":"admin"}`],
    [`{${header}}`, `{${rest},"sub":"alice","\\u0073ub":"bob"}`],
    [`{${header},"kid":"${key.kid}"}`, `{${rest},"sub":"alice"}`],
  ] as const) {
    const signed = `${encode(head)}.${encode(claims)}`;
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(signed));
    const token = `${signed}.${Buffer.from(signature).toString('base64url')}`;
    assert.match(reasonOf(await authenticator.identify(bearing(`Bearer ${token}`))), /appears twice/);
  }
});

test('a huge token and one that is none are refused without a look at the keys', async (t) => {
  const { provider, authenticator } = await start(t);
  const huge = await provider.sign({ padding: 'x'.repeat(7000) });
  assert.equal(
    reasonOf(await authenticator.identify(bearing(`Bearer ${huge}`))),
    'malformed: token: expected at most 8192 characters',
  );
  for (const token of ['a.b.c', '..', `${encode('[]')}.${encode('{}')}.AAAA`, `${encode('{')}.${encode('{}')}.AAAA`])
    assert.ok((await authenticator.identify(bearing(`Bearer ${token}`))) instanceof Rejection || token === '..', token);
});

test('a remembered token ends with its time, and with the keys that have verified it', async (t) => {
  const { provider, issuer, authenticator } = await start(t);
  const former = provider.key;
  const exp = Math.floor(Date.now() / 1000) + 60;
  const short = bearing(`Bearer ${await provider.sign({ exp })}`);
  const long = bearing(`Bearer ${await provider.sign()}`);
  for (const request of [short, long]) assert.ok(await authenticator.identify(request));
  assert.ok(authenticator.now(short));
  const now = Date.now.bind(Date);
  t.mock.method(Date, 'now', () => now() + 100_000);
  assert.equal(authenticator.now(short), undefined);
  assert.ok(authenticator.now(long));
  // The issuer withdraws a key, because it has leaked.
  await provider.useKeys(await signingKey('key-2', 'RS256'));
  await authenticator.identify(bearing(`Bearer ${await provider.sign()}`));
  assert.ok(issuer.generation > 1);
  assert.equal(authenticator.now(long), undefined);
  assert.match(reasonOf(await authenticator.identify(long)), /key that the issuer does not publish/);
  assert.notEqual(former, provider.key);
});

test('while the issuer is away, unknown keys are not the fault of the sender', async (t) => {
  const provider = await OidcIssuer.start(t);
  const token = await provider.sign();
  provider.stop();
  const issuer = new Issuer(provider.url, pino({ level: 'silent' }));
  t.after(() => issuer.close());
  issuer.start();
  const authenticator = new TokenAuthenticator(issuer, AUDIENCE, { claim: '', prefix: '' });
  assert.match(reasonOf(await authenticator.identify(bearing(`Bearer ${token}`))), /^unavailable: /);
});
