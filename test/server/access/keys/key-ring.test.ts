import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock, test } from 'node:test';
import { Rejection } from '../../../../src/server/access/authenticator.js';
import { KeyRing } from '../../../../src/server/access/keys/key-ring.js';
import { makeKey } from '../../../support/access-keys.js';

const reasonOf = (found: unknown) => (found instanceof Rejection ? found.reason : found);

test('a key is found by its whole text', () => {
  const ring = new KeyRing();
  const key = makeKey(['predict']);
  ring.set([key.record]);
  assert.deepEqual(ring.find(key.text), {
    id: `key:${key.record.id}`,
    kind: 'key',
    name: 'predict',
    scopes: new Set(['predict']),
    expires: undefined,
  });
  const last = key.text.at(-1) === 'A' ? 'B' : 'A';
  for (const other of [`${key.text.slice(0, -1)}${last}`, makeKey(['predict']).text]) {
    assert.equal(reasonOf(ring.find(other)), 'wrong');
  }
  for (const other of [key.text.slice(0, -1), `${key.text} `, key.text.toUpperCase(), 'rr_', '']) {
    assert.equal(reasonOf(ring.find(other)), 'malformed', other);
  }
});

test('whatever its id, a key is compared in constant time, by its hash', (t) => {
  const compare = mock.method(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  t.after(() => {
    compare.mock.restore();
    syncBuiltinESMExports();
  });
  const ring = new KeyRing();
  const key = makeKey(['predict']);
  ring.set([key.record]);
  for (const text of [key.text, `${key.text.slice(0, -2)}xx`, makeKey(['predict']).text]) {
    const before = compare.mock.callCount();
    ring.find(text);
    assert.equal(compare.mock.callCount(), before + 1);
    const [a, b] = compare.mock.calls.at(-1)!.arguments as [Buffer, Buffer];
    assert.deepEqual([a.length, b.length], [32, 32]);
  }
});

test('a key that has expired or was revoked says so to who has it, and to nobody else', () => {
  const ring = new KeyRing();
  const time = '2020-01-01T00:00:00.000Z';
  const expired = makeKey(['predict'], { expires: time });
  const revoked = makeKey(['predict'], { revoked: time });
  ring.set([expired.record, revoked.record]);
  const messageOf = (text: string) => (ring.find(text) as Rejection).message;
  assert.equal(messageOf(expired.text), `the API key ${expired.record.id} has expired: ${time}`);
  assert.equal(messageOf(revoked.text), `the API key ${revoked.record.id} was revoked: ${time}`);
  const guessed = `${revoked.text.slice(0, -3)}abc`;
  assert.equal(messageOf(guessed), 'the API key is unknown');
});
