import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { Rejection } from '../../../../src/server/access/authenticator.js';
import { KeyAuthenticator } from '../../../../src/server/access/keys/key-authenticator.js';
import { KeyRing } from '../../../../src/server/access/keys/key-ring.js';
import { type MadeKey, makeKey } from '../../../support/access-keys.js';

/** Requests with a key, in each way to send one. */
function requestsOf({ text }: MadeKey): Record<string, IncomingMessage> {
  const of = (name: string, value: string) =>
    ({ headers: { [name.toLowerCase()]: value }, rawHeaders: [name, value] }) as unknown as IncomingMessage;
  return {
    bearer: of('Authorization', `Bearer ${text}`),
    basic: of('Authorization', `Basic ${Buffer.from(`user:${text}`).toString('base64')}`),
    'x-api-key': of('X-Api-Key', text),
  };
}

function start(...keys: MadeKey[]) {
  const ring = new KeyRing();
  ring.set(keys.map(({ record }) => record));
  return { ring, authenticator: new KeyAuthenticator(ring) };
}

test('a key that is known by its header is not accepted any more once it is revoked, changed or removed', () => {
  const other = makeKey(['predict']);
  for (const way of ['bearer', 'basic', 'x-api-key']) {
    const key = makeKey(['admin']);
    const request = requestsOf(key)[way]!;
    for (const [what, records, expected] of [
      ['revoked', [{ ...key.record, revoked: '2026-01-02T00:00:00.000Z' }], 'revoked'],
      ['removed', [other.record], 'wrong'],
      ['with another secret', [{ ...key.record, sha256: other.record.sha256! }], 'wrong'],
    ] as const) {
      const { ring, authenticator } = start(key);
      assert.equal(authenticator.now(request), undefined, 'not known yet');
      assert.ok(!(authenticator.identify(request) instanceof Rejection));
      assert.ok(authenticator.now(request), `${way}: known`);
      ring.set(records);
      assert.equal(authenticator.now(request), undefined, `${way}, ${what}`);
      const identity = authenticator.identify(request);
      assert.ok(identity instanceof Rejection, `${way}, ${what}`);
      assert.equal(identity.reason, expected, `${way}, ${what}`);
    }
    const { ring, authenticator } = start(key);
    authenticator.identify(request);
    ring.set([{ ...key.record, scopes: ['read'] }]);
    authenticator.identify(request);
    assert.deepEqual([...authenticator.now(request)!.scopes], ['read'], way);
  }
});

test('a key that is known by its header is not accepted any more from the instant at which it expires', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-06-01T00:00:00.000Z') });
  const key = makeKey(['predict'], { expires: '2026-06-01T00:01:00.000Z' });
  const { authenticator } = start(key);
  const requests = Object.entries(requestsOf(key));
  for (const [, request] of requests) authenticator.identify(request);
  t.mock.timers.setTime(Date.parse('2026-06-01T00:00:59.999Z'));
  for (const [way, request] of requests) assert.ok(authenticator.now(request), way);
  t.mock.timers.setTime(Date.parse('2026-06-01T00:01:00.000Z'));
  for (const [way, request] of requests) {
    assert.equal(authenticator.now(request), undefined, way);
    const identity = authenticator.identify(request);
    assert.ok(identity instanceof Rejection, way);
    assert.equal(identity.reason, 'expired', way);
  }
});

test('a known key does not count beside another credential', () => {
  const key = makeKey(['predict']);
  const { authenticator } = start(key);
  const { bearer, 'x-api-key': plain } = requestsOf(key);
  authenticator.identify(bearer!);
  authenticator.identify(plain!);
  const both = {
    headers: { ...bearer!.headers, ...plain!.headers },
    rawHeaders: [...bearer!.rawHeaders, ...plain!.rawHeaders],
  } as IncomingMessage;
  const twice = {
    headers: bearer!.headers,
    rawHeaders: [...bearer!.rawHeaders, 'authorization', 'Bearer x'],
  } as IncomingMessage;
  for (const request of [both, twice]) {
    assert.equal(authenticator.now(request), undefined);
    assert.ok(authenticator.identify(request) instanceof Rejection);
  }
});
