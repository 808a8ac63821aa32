import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockOut } from '../../../src/server/access/lock-out.js';
import { makeKey, writeKeys } from '../../support/access-keys.js';
import { buildTestApp } from '../../support/test-app.js';

test('after ten failures an address is locked out, and forgiven one every six seconds', () => {
  const lockOut = new LockOut();
  for (let i = 0; i < 10; i++) assert.equal(lockOut.fail('a', 1000), 0);
  assert.equal(lockOut.fail('a', 1000), 6);
  assert.equal(lockOut.fail('b', 1000), 0);
  assert.equal(lockOut.fail('a', 3000), 4);
  assert.equal(lockOut.fail('a', 7000), 6);
  assert.equal(lockOut.fail('a', 19_000), 0);
  assert.equal(lockOut.fail('a', 1_000_000), 0);
});

test('the number of addresses that are remembered is bounded', () => {
  const lockOut = new LockOut();
  for (let i = 0; i < 30_000; i++) lockOut.fail(`10.${i}`, i);
  assert.equal(lockOut.size, 10_000);
});

test('wrong keys from one address become a 429, while a valid key and requests that need none are accepted', async (t) => {
  const key = makeKey(['read']);
  const { app } = await buildTestApp(t, ['a'], {}, { API_KEYS: writeKeys(t, [key]) });
  const get = (headers: Record<string, string>, remoteAddress = '192.0.2.1', url = '/models') =>
    app.inject({ url, headers, remoteAddress });
  const statuses: number[] = [];
  for (let i = 0; i < 15; i++) statuses.push((await get(makeKey(['read']).headers)).statusCode);
  assert.deepEqual(statuses, [...Array(10).fill(401), ...Array(5).fill(429)]);
  const locked = await get(makeKey(['read']).headers);
  assert.equal(locked.json().code, 'RATE_LIMITED');
  assert.match(String(locked.headers['retry-after']), /^[1-6]$/);
  assert.equal((await get({ ...key.headers })).statusCode, 200, 'nobody can lock others out');
  assert.equal((await get({})).statusCode, 401, 'no credential is no guess');
  assert.equal((await get(makeKey(['read']).headers, '192.0.2.2')).statusCode, 401, 'another address');
  assert.equal((await get(makeKey(['read']).headers, '192.0.2.1', '/livez')).statusCode, 200);
  const { body } = await app.inject({ url: '/metrics', headers: key.headers });
  assert.equal(JSON.parse(body).code, 'FORBIDDEN');
});
