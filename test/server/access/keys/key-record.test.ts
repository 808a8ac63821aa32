import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKeyRecords, stateOf } from '../../../../src/server/access/keys/key-record.js';
import { keyLines, makeKey } from '../../../support/access-keys.js';

test('a later line revokes a record', () => {
  const [one, other] = [makeKey(['predict']), makeKey(['read'])];
  const revoked = '2026-02-01T00:00:00.000Z';
  const records = readKeyRecords(`${keyLines([one, other])}\n${JSON.stringify({ id: one.record.id, revoked })}\n`);
  assert.deepEqual(
    records.map((record) => stateOf(record)),
    ['revoked', 'valid'],
  );
});

test('a line that is wrong is refused with its number, and never quoted', () => {
  const { record, text } = makeKey(['predict']);
  const line = (changes: object) => JSON.stringify({ ...record, ...changes });
  const { sha256, ...without } = record;
  for (const [bad, expected] of [
    [text, /^DomainError: line 2: not a JSON object$/],
    ['{"id": 1}', /^DomainError: line 2: /],
    [line({ scopes: ['all'] }), /line 2: scopes\/0 must be/],
    [line({ scopes: [] }), /line 2: scopes/],
    [line({ sha256: 'x' }), /line 2: sha256/],
    [line({ name: 'a\nb' }), /line 2: name/],
    [line({ expires: 'soon' }), /line 2: expires: expected an ISO 8601 time/],
    [line({ extra: 1 }), /line 2: /],
    [line({ certificate: 'CN=a' }), /line 2: expected either sha256 or certificate/],
    [JSON.stringify(without), /line 2: expected either sha256 or certificate/],
    [line({}), new RegExp(`line 2: the id ${record.id} is used twice`)],
    ['{"id":"0000000000ab","revoked":"2026-02-01"}', /line 2: there is no earlier line with the id 0000000000ab/],
  ] as const) {
    assert.throws(() => readKeyRecords(`${JSON.stringify(record)}\n${bad}\n`), expected);
    try {
      readKeyRecords(`${JSON.stringify(record)}\n${bad}\n`);
    } catch (error) {
      assert.ok(!String(error).includes(text) && !String(error).includes(sha256!), String(error));
    }
  }
});
