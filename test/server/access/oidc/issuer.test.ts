import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { Issuer, IssuerUnavailable } from '../../../../src/server/access/oidc/issuer.js';
import { AUDIENCE, OidcIssuer, signingKey } from '../../../support/oidc-issuer.js';
import { until } from '../../../support/until.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

function startIssuer(t: TestContext, url: string, isStarted = true) {
  const lines: { msg: string; reason?: string }[] = [];
  const issuer = new Issuer(url, pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }));
  t.after(() => issuer.close());
  if (isStarted) issuer.start();
  return { issuer, lines };
}

/** Moves the clock without its timers. */
function moveClock(t: TestContext): (milliseconds: number) => void {
  let offset = 0;
  const now = Date.now.bind(Date);
  t.mock.method(Date, 'now', () => now() + offset);
  return (milliseconds) => {
    offset += milliseconds;
  };
}

test('metadata and keys are read once for all tokens', async (t) => {
  const provider = await OidcIssuer.start(t);
  const { issuer } = startIssuer(t, provider.url);
  const token = await provider.sign();
  const [first] = await Promise.all(Array.from({ length: 20 }, () => issuer.verify(token, AUDIENCE)));
  assert.equal(first!.claims.sub, 'alice');
  assert.deepEqual(provider.requests, ['/.well-known/openid-configuration', '/jwks']);
  assert.ok(issuer.age! < 60);
});

test('an issuer that is away is tried again later and later, and then works without a restart', async (t) => {
  const provider = await OidcIssuer.start(t);
  const token = await provider.sign();
  provider.stop();
  const { issuer, lines } = startIssuer(t, provider.url);
  await assert.rejects(issuer.verify(token, AUDIENCE), IssuerUnavailable);
  // Requests do not try: otherwise whoever sends tokens decides how often.
  const { failures } = issuer;
  await Promise.allSettled(Array.from({ length: 50 }, () => issuer.verify(token, AUDIENCE)));
  assert.ok(issuer.failures <= failures + 1, `${issuer.failures} readings`);
  assert.equal(issuer.age, undefined);
  await provider.comeBack();
  await until(
    'the issuer is tried again',
    30,
    async () => (await issuer.verify(token, AUDIENCE)).claims.sub === 'alice',
  );
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['the keys of the OIDC issuer cannot be read', 'the OIDC issuer responds again'],
  );
});

test('known keys go on while the issuer is away, until they are a day old', async (t) => {
  const move = moveClock(t);
  const provider = await OidcIssuer.start(t);
  const { issuer } = startIssuer(t, provider.url);
  const exp = Math.floor(Date.now() / 1000) + 3 * 24 * 3600;
  const token = await provider.sign({ exp });
  await issuer.verify(token, AUDIENCE);
  provider.stop();
  move(23 * HOUR);
  assert.equal((await issuer.verify(token, AUDIENCE)).claims.sub, 'alice');
  assert.ok(issuer.age! > 22 * 3600);
  move(HOUR + SECOND);
  assert.equal(issuer.isKnown, false);
  await assert.rejects(issuer.verify(token, AUDIENCE), IssuerUnavailable);
});

test('a token with a new key is verified after the keys have been read once more, at most every 30 s', async (t) => {
  const move = moveClock(t);
  const provider = await OidcIssuer.start(t);
  const { issuer } = startIssuer(t, provider.url);
  await issuer.verify(await provider.sign(), AUDIENCE);
  const { generation } = issuer;
  const former = provider.key;
  await provider.useKeys(await signingKey('key-2', 'ES256'), former);
  const token = await provider.sign();
  const reads = provider.requests.length;
  await assert.rejects(issuer.verify(token, AUDIENCE), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.equal(provider.requests.length, reads, 'the keys were read less than 30 s ago');
  move(31 * SECOND);
  await Promise.all(Array.from({ length: 20 }, () => issuer.verify(token, AUDIENCE)));
  assert.equal(provider.requests.length, reads + 2, 'one reading for all');
  assert.notEqual(issuer.generation, generation);
  // The former key is still published.
  await issuer.verify(await provider.sign({}, {}, former), AUDIENCE);
  for (let i = 0; i < 20; i++) {
    const stranger = await provider.sign({}, { kid: `unknown-${i}` });
    await assert.rejects(issuer.verify(stranger, AUDIENCE), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  }
  assert.equal(provider.requests.length, reads + 2, 'unknown keys do not decide how often the keys are read');
});

test('a token that names no key is verified with those that fit', async (t) => {
  const provider = await OidcIssuer.start(t);
  const first = provider.key;
  await provider.useKeys(await signingKey('key-2', 'RS256'), first);
  const { issuer } = startIssuer(t, provider.url);
  const token = await provider.sign({}, { kid: undefined as unknown as string }, first);
  assert.equal((await issuer.verify(token, AUDIENCE)).claims.sub, 'alice');
  const stranger = await signingKey('key-1', 'RS256');
  await assert.rejects(
    issuer.verify(await provider.sign({}, { kid: undefined as unknown as string }, stranger), AUDIENCE),
    {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    },
  );
});

for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  test(`signatures of ${algorithm} are verified`, async (t) => {
    const provider = await OidcIssuer.start(t);
    await provider.useKeys(await signingKey('key', algorithm));
    const { issuer } = startIssuer(t, provider.url);
    assert.equal((await issuer.verify(await provider.sign(), AUDIENCE)).header.alg, algorithm);
  });
}

test('what an issuer must not answer is a failure that says what it is', async (t) => {
  const provider = await OidcIssuer.start(t);
  const token = await provider.sign();
  const metadata = { issuer: provider.url, jwks_uri: `${provider.url}/jwks` };
  const json = (value: unknown, path = '/.well-known/openid-configuration') =>
    provider.answer((request) => (request.url === path ? JSON.stringify(value) : undefined));
  const cases: [RegExp, () => void][] = [
    [/redirects, which is not followed/, () => provider.redirect('/.well-known/openid-configuration', '/elsewhere')],
    [/redirects, which is not followed/, () => provider.redirect('/jwks', '/elsewhere')],
    [/more than 262144 bytes/, () => json({ ...metadata, padding: 'x'.repeat(300_000) })],
    [
      /calls itself "https:\/\/other\.example": set OIDC_ISSUER/,
      () => json({ ...metadata, issuer: 'https://other.example' }),
    ],
    [/has no jwks_uri/, () => json({ issuer: provider.url })],
    [/expected https/, () => json({ ...metadata, jwks_uri: 'http://issuer.example/jwks' })],
    [/expected https/, () => json({ ...metadata, jwks_uri: 'file:///etc/passwd' })],
    [/expected a JSON object/, () => json([])],
    [/no keys/, () => json({ keys: [] }, '/jwks')],
    [/malformed/, () => json({ keys: 'none' }, '/jwks')],
    [/status 404/, () => json({ ...metadata, jwks_uri: `${provider.url}/nothing` })],
  ];
  for (const [expected, arrange] of cases) {
    arrange();
    const { issuer, lines } = startIssuer(t, provider.url);
    await assert.rejects(issuer.verify(token, AUDIENCE), IssuerUnavailable);
    assert.match(lines[0]!.reason!, expected);
    issuer.close();
  }
});

test('http to another machine is not requested at all', async (t) => {
  const { issuer, lines } = startIssuer(t, 'http://issuer.example');
  await assert.rejects(issuer.metadata(), IssuerUnavailable);
  assert.match(lines[0]!.reason!, /expected https, or http on this machine/);
});
