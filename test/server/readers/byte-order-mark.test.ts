import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const ROWS = [
  [1, 2],
  [3, 4],
];
const TENSOR = { name: 'inputs', shape: [2, 2], datatype: 'FP32', data: ROWS.flat() };
const NAMED = ROWS.map(([a, b]) => ({ a, b }));
/** Bodies of JSON for every reader: path, value, type. */
const BODIES: readonly (readonly [path: string, value: unknown, type?: string])[] = [
  ['/predict', { instances: ROWS }],
  ['/predict', { instances: NAMED }],
  ['/predict', { instances: Array.from({ length: 20_000 }, () => NAMED[0]) }],
  ['/predict', { instances: Array.from({ length: 40_000 }, () => ROWS[0]) }],
  ['/feedback', { instances: ROWS, targets: [1, 2] }],
  ['/v1/models/test:predict', { instances: ROWS }],
  ['/v2/models/test/infer', { inputs: [TENSOR] }],
  ['/invocations', { dataframe_split: { columns: ['a', 'b'], data: ROWS } }],
  ['/invocations', ROWS[0], 'application/jsonlines'],
];

test('JSON may begin with a byte order mark, whatever reads it', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b'], { maxRows: 100_000 });
  for (const [url, value, type = 'application/json'] of BODIES) {
    const text = Buffer.from(JSON.stringify(value));
    const send = (payload: Buffer) => app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });
    const plain = await send(text);
    assert.equal(plain.statusCode, 200, `${url} ${plain.body}`);
    const marked = await send(Buffer.concat([MARK, text]));
    assert.equal(marked.statusCode, 200, `${url} ${marked.body.slice(0, 300)}`);
    if (url !== '/feedback') assert.equal(marked.body, plain.body);
    // Of JSON Lines, each line is a text of its own.
    if (type !== 'application/json') continue;
    const twice = await send(Buffer.concat([MARK, MARK, text]));
    assert.equal(twice.statusCode, 400, url);
  }
});
