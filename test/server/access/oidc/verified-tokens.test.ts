import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VerifiedTokens } from '../../../../src/server/access/oidc/verified-tokens.js';
import { ANYONE } from '../../../../src/server/access/principal.js';

const VERIFIED = { principal: ANYONE, generation: 1 };
const SIGNATURE = 'x'.repeat(342);

test('a token is found as a whole only, although it is looked for by its end', () => {
  const tokens = new VerifiedTokens();
  const header = `Bearer header.claims.${SIGNATURE}`;
  tokens.set(header, VERIFIED);
  assert.equal(tokens.get(header)?.principal, ANYONE);
  for (const other of [
    `Bearer header.Claims.${SIGNATURE}`,
    `Bearer header.claims.y${SIGNATURE}`,
    `bearer header.claims.${SIGNATURE}`,
    SIGNATURE.slice(-43),
    SIGNATURE,
    '',
  ]) {
    assert.equal(tokens.get(other), undefined, other);
  }
  tokens.delete(header);
  assert.equal(tokens.get(header), undefined);
});

test('few large tokens, and many small ones, take bounded memory: the oldest are forgotten', () => {
  const tokens = new VerifiedTokens();
  const large = (i: number) => `Bearer ${'a'.repeat(8000)}.${String(i).padStart(43, '0')}`;
  for (let i = 0; i < 3000; i++) tokens.set(large(i), VERIFIED);
  const known = Array.from({ length: 3000 }, (_, i) => i).filter((i) => tokens.get(large(i)));
  assert.equal(known.at(-1), 2999);
  assert.ok(known.length * 8000 < 2 ** 24 && known.length > 2000, `${known.length} are known`);
  assert.equal(known[0], 3000 - known.length);
  const small = (i: number) => `Bearer a.${String(i).padStart(43, '0')}`;
  for (let i = 0; i < 10_001; i++) tokens.set(small(i), VERIFIED);
  assert.deepEqual([tokens.get(large(2999)), tokens.get(small(0))], [undefined, undefined]);
  assert.ok(tokens.get(small(1)));
  // The same again is no further one.
  for (let i = 0; i < 100; i++) tokens.set(small(10_000), VERIFIED);
  assert.ok(tokens.get(small(1)));
});
