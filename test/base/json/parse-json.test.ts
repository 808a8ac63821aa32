import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkJson, readJson } from '../../../src/base/json/parse-json.js';

const refused = (text: string, message: RegExp, most?: number) =>
  assert.throws(() => checkJson(Buffer.from(text), most), { code: 'TOO_LARGE', message });

test('values are counted before any is made, whether the text is valid or not', () => {
  checkJson(Buffer.from('[[1,2],[3,4]]'), 6);
  refused('[[1,2],[3,4]]', /at most 5 values/, 5);
  refused(`[[${'1,'.repeat(8e6)}`, /at most \d+ values/);
  refused(`[${'"a",'.repeat(5e6)}`, /at most \d+ values/);
  refused('"'.repeat(2 ** 25), /at most \d+ values/);
});

test('what is in a text is not counted', () => {
  checkJson(Buffer.from(String.raw`["[,[,\",[{:", "é,,,日,,,"]`), 2);
  assert.deepEqual(readJson(Buffer.from(String.raw`{"é\"": ["\\", ","]}`)), { 'é"': ['\\', ','] });
});

test('an object has a bounded number of keys, and each of many objects its own', () => {
  const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":1`).join()}}`;
  checkJson(Buffer.from(`[${keys(16_384)},${keys(16_384)}]`));
  refused(keys(16_385), /at most 16384 keys in an object/);
});

test('brackets that do not match are left to the parser', () => {
  checkJson(Buffer.from(`${']'.repeat(1000)}{"a":1}`));
  assert.throws(() => readJson(Buffer.from(']{"a":1}')), { code: 'INVALID_JSON' });
});

test('levels are bounded, and arrays and objects that have ended are none', () => {
  const nested = (levels: number) => Buffer.from('['.repeat(levels) + ']'.repeat(levels));
  checkJson(nested(100));
  assert.throws(() => checkJson(nested(101)), {
    code: 'INVALID_REQUEST',
    message: 'JSON: expected at most 100 levels, got more at position 100',
  });
  checkJson(Buffer.from(`[${'[{"a":[1]}],'.repeat(1000)}1]`));
});

test('arrays and objects are bounded beside values, by more in a long text', () => {
  const empty = (count: number, after = '') => `[${`[]${after},`.repeat(count - 2)}{}]`;
  checkJson(Buffer.from(empty(2 ** 20)), Number.POSITIVE_INFINITY);
  refused(empty(2 ** 20 + 1), /at most 1048576 arrays and objects, got 1048577/, Number.POSITIVE_INFINITY);
  checkJson(Buffer.from(empty(2 ** 20 + 1, ' '.repeat(20))), Number.POSITIVE_INFINITY);
});
