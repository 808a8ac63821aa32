import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitError, limitHeaders } from '../../../src/server/limits/limit-error.js';
import { type LimitSettings, Limits } from '../../../src/server/limits/limits.js';
import { RecentMap } from '../../../src/server/limits/recent-map.js';

const NONE: LimitSettings = { requests: 0, rows: 0, trainings: 0, uploads: 0, scratch: 0, eventStreams: 0 };
const A = { id: 'key:a', label: 'a' };
const B = { id: 'key:b', label: 'b' };

test('each client has its own allowance of requests', () => {
  const limits = new Limits({ ...NONE, requests: 2 });
  for (let i = 0; i < 20; i++) assert.equal(limits.takeRequest(A, 0), undefined);
  const error = limits.takeRequest(A, 0);
  assert.ok(error instanceof LimitError);
  assert.equal(error.code, 'RATE_LIMITED');
  assert.match(error.message, /LIMIT_REQUESTS=2.*try again in 1 s/);
  assert.deepEqual(error.headers, {
    'retry-after': '1',
    'ratelimit-policy': '"requests";q=20;w=10',
    ratelimit: '"requests";r=0;t=1',
  });
  assert.equal(limits.takeRequest(B, 0), undefined);
  assert.equal(limits.takeRequest(A, 500), undefined);
});

test('rows are charged when they are known, and a debt refuses what follows for as long as it lasts', () => {
  const limits = new Limits({ ...NONE, rows: 100 });
  assert.equal(limits.takeRequest(A, 0), undefined);
  limits.chargeRows(A, 5000, 0);
  const error = limits.takeRequest(A, 0);
  assert.equal(error?.limit, 'rows');
  assert.equal(error?.headers['retry-after'], '40');
  assert.equal(error?.headers['ratelimit-policy'], '"rows";q=1000;qu="rows";w=10');
  assert.equal(limits.takeRequest(A, 39_999)?.headers['retry-after'], '1');
  assert.equal(limits.takeRequest(A, 40_000), undefined);
  assert.equal(limits.takeRequest(B, 0), undefined);
});

test('a refused request takes nothing, so a client that goes on is not kept out for longer', () => {
  const limits = new Limits({ ...NONE, requests: 1 });
  for (let i = 0; i < 1000; i++) limits.takeRequest(A, 0);
  assert.equal(limits.takeRequest(A, 1000), undefined);
});

test('what is left is in the headers of replies', () => {
  const limits = new Limits({ ...NONE, requests: 10, rows: 100 });
  limits.takeRequest(A, 0);
  limits.chargeRows(A, 250, 0);
  assert.deepEqual(limits.headers(A, 0), {
    'ratelimit-policy': '"requests";q=100;w=10, "rows";q=1000;qu="rows";w=10',
    ratelimit: '"requests";r=99;t=1, "rows";r=750;t=3',
  });
  assert.equal(new Limits(NONE).headers(A, 0), undefined);
});

test('what a client holds at once is bounded until it gives something back', () => {
  const limits = new Limits({ ...NONE, uploads: 2 });
  const release = limits.hold('uploads', A);
  limits.hold('uploads', A);
  assert.throws(
    () => limits.hold('uploads', A),
    (error) => error instanceof LimitError && error.limit === 'uploads' && error.headers['retry-after'] === '5',
  );
  limits.hold('uploads', B);
  limits.hold('trainings', A);
  release();
  release();
  limits.hold('uploads', A);
  assert.throws(() => limits.hold('uploads', A), LimitError);
});

test('the tables of a client share its bytes on the disk, and one that can never fit is too large', () => {
  const limits = new Limits({ ...NONE, scratch: 1000 });
  const first = limits.holdBytes(A);
  const second = limits.holdBytes(A);
  first.add(600);
  second.add(300);
  assert.throws(
    () => second.add(200),
    (error) =>
      error instanceof LimitError && error.headers['ratelimit-policy'] === '"scratch";q=1000;qu="content-bytes"',
  );
  assert.throws(() => second.add(800), { code: 'TOO_LARGE' });
  limits.holdBytes(B).add(900);
  first.release();
  first.release();
  second.add(200);
});

test('the metric has names of keys and kinds of clients, and a bounded number of them', () => {
  const limits = new Limits(NONE);
  for (let i = 0; i < 1000; i++) limits.count({ label: `key ${i}`, limit: 'rows' });
  const counts = Array.from(limits.refused());
  assert.equal(counts.length, 201);
  assert.deepEqual(
    counts.find(({ client }) => client === 'other'),
    { client: 'other', limit: 'rows', count: 800 },
  );
});

test('the clients that are remembered are bounded, and those in use stay', () => {
  const map = new RecentMap<string, object>(1000);
  const mine = {};
  for (let i = 0; i < 100_000; i++) {
    map.get(`${i}`, () => ({}));
    if (i % 100 === 0)
      assert.equal(
        map.get('mine', () => mine),
        mine,
      );
    assert.ok(map.size <= 1001);
  }
});

test('headers name each limit', () => {
  const state = { limit: 'connections', quota: 5, unit: 'concurrent-requests', remaining: 0, seconds: 5 } as const;
  assert.deepEqual(limitHeaders([state]), {
    'ratelimit-policy': '"connections";q=5;qu="concurrent-requests"',
    ratelimit: '"connections";r=0;t=5',
  });
});
