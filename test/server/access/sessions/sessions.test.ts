import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { Principal } from '../../../../src/server/access/principal.js';
import { Cookie } from '../../../../src/server/access/sessions/session-cookie.js';
import { Sessions } from '../../../../src/server/access/sessions/sessions.js';

const ALICE: Principal = { id: 'key:a', kind: 'key', name: 'alice', scopes: new Set(['read']) };
const HOUR = 3_600_000;

test('a session has the id and the scopes of its credential, and ends after eight hours, used or not', () => {
  const sessions = new Sessions((principal) => principal);
  const { id, principal } = sessions.begin(ALICE, 0);
  assert.match(id, /^[\w-]{43}$/);
  assert.deepEqual(principal, { ...ALICE, kind: 'session', expires: 8 * HOUR });
  assert.deepEqual(sessions.find(id, 8 * HOUR - 1), principal);
  assert.equal(sessions.find(id, 8 * HOUR), undefined);
  assert.equal(sessions.size, 0);
});

test('a session ends with its credential, at once', () => {
  let isValid = true;
  const sessions = new Sessions((principal) => (isValid ? principal : undefined));
  const { id } = sessions.begin(ALICE);
  assert.ok(sessions.find(id));
  isValid = false;
  assert.equal(sessions.find(id), undefined);
  isValid = true;
  assert.equal(sessions.find(id), undefined, 'it does not come back');
  const short = sessions.begin({ ...ALICE, expires: Date.now() + 1000 });
  assert.ok(short.principal.expires <= Date.now() + 1000);
});

test('a session that has been ended at the server is over, whoever still has its cookie', () => {
  const sessions = new Sessions((principal) => principal);
  const { id } = sessions.begin(ALICE);
  assert.equal(sessions.end(id), ALICE);
  assert.equal(sessions.find(id), undefined);
  assert.equal(sessions.end(id), undefined);
});

test('the scopes of a session are those that its credential has now', () => {
  let scopes = ALICE.scopes;
  const sessions = new Sessions((principal) => ({ ...principal, scopes }));
  const { id } = sessions.begin(ALICE);
  scopes = new Set();
  assert.deepEqual(sessions.find(id)!.scopes, new Set());
});

test('a principal has at most 20 sessions, and all together 10,000: the oldest end', () => {
  const sessions = new Sessions((principal) => principal);
  const ids = Array.from({ length: 21 }, () => sessions.begin(ALICE).id);
  assert.equal(sessions.find(ids[0]!), undefined);
  assert.ok(sessions.find(ids[1]!));
  assert.equal(sessions.size, 20);
  for (let i = 0; i < 10_000; i++) sessions.begin({ ...ALICE, id: `key:${i}` });
  assert.equal(sessions.size, 10_000);
});

test('over a secure connection only the cookie counts that another host cannot plant', () => {
  const cookie = new Cookie('a.model-session', 'strict');
  const read = (text: string, isSecure: boolean) =>
    cookie.read({ headers: { cookie: text } } as IncomingMessage, isSecure);
  assert.equal(cookie.name(true), '__Host-a.model-session');
  assert.equal(read('x=1; a.model-session=abc; y=2', false), 'abc');
  assert.equal(read('a.model-session=abc', true), undefined);
  assert.equal(read('__Host-a.model-session=abc', true), 'abc');
  assert.equal(read('__Host-a.model-session=abc', false), undefined);
  assert.equal(read('a.model-session=abc; a.model-session=def', false), undefined, 'which of them was planted?');
  for (const text of ['aXmodel-session=abc', 'xa.model-session=abc', 'b=a.model-session=abc', 'a.model-session', ''])
    assert.equal(read(text, false), undefined, text);
  assert.equal(read('a.model-session="abc"', false), undefined);
  const started = process.cpuUsage();
  for (let i = 0; i < 20; i++) for (const text of [' ', '; ', ';=']) read(text.repeat(8000), false);
  assert.ok(process.cpuUsage(started).user < 1e6, 'the time grows with the length only');
});
