import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { NO_PROC } from '../../support/child-processes.js';
import { constantParquet } from '../../support/parquet.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';
import { pyarrowFixture } from '../../support/typed-values.js';

const STREAM = 'application/vnd.apache.arrow.stream';
const FILE = 'application/vnd.apache.arrow.file';
const PARQUET = 'application/vnd.apache.parquet';

const post = ({ app }: TestApp, type: string, payload: Buffer, headers = {}) =>
  app.inject({ method: 'POST', url: '/predict', headers: { 'content-type': type, ...headers }, payload });

test('the same rows as an Arrow stream, an Arrow file and Parquet, compressed or not, have the same predictions', async (t) => {
  const server = await buildTestApp(t, ['k', 'n', 'x'], { bodyLimit: 2 ** 22 });
  const json = { accept: 'application/json' };
  const expected = await post(server, STREAM, pyarrowFixture('table.arrow'), json);
  assert.equal(expected.statusCode, 200, expected.body);
  assert.equal(expected.json().predictions.length, 60);
  for (const [type, name] of [
    [STREAM, 'lz4.arrow'],
    [STREAM, 'zstd.arrow'],
    [STREAM, 'file.arrow'],
    [FILE, 'file.arrow'],
    [PARQUET, 'none.parquet'],
    [PARQUET, 'groups.parquet'],
    [PARQUET, 'zstd.parquet'],
  ] as const) {
    for (const packed of [false, true]) {
      const body = pyarrowFixture(name);
      const headers = { ...json, ...(packed && { 'content-encoding': 'gzip' }) };
      const answer = await post(server, type, packed ? gzipSync(body) : body, headers);
      assert.equal(answer.body, expected.body, name);
      // The target of the training is there too.
      assert.equal(answer.headers['x-ignored-columns'], '1', name);
    }
  }
});

test('Parquet is answered as JSON unless the client prefers another type, and an Arrow file as a stream', async (t) => {
  const server = await buildTestApp(t, ['k', 'n', 'x']);
  const answer = await post(server, PARQUET, pyarrowFixture('none.parquet'));
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  const arrow = await post(server, PARQUET, pyarrowFixture('none.parquet'), { accept: STREAM });
  assert.equal(tableFromIPC(arrow.rawPayload).numRows, 60);
  const file = await post(server, FILE, pyarrowFixture('file.arrow'));
  assert.equal(file.headers['content-type'], STREAM);
  assert.equal(tableFromIPC(file.rawPayload).numRows, 60);
});

test('Parquet that cannot be read, or lacks a feature, is refused with its place, and the next is answered', {
  skip: NO_PROC,
}, async (t) => {
  const server = await buildTestApp(t, ['k', 'n', 'x'], { maxRows: 100 });
  const columns = ['k', 'n', 'x'];
  const refused: [body: Buffer, status: number, error: RegExp][] = [
    [Buffer.from('PAR2'), 400, /^Parquet file: 4 bytes are too few$/],
    [pyarrowFixture('nulls.parquet'), 400, /^instances\[\d+\]\["\w"\]: expected a finite number, got null$/],
    [pyarrowFixture('types.parquet'), 400, /^columns: features "k", "n", "x" are missing/],
    [constantParquet({ columns, rows: 101 }), 413, /^instances: expected at most 100 rows, got 101$/],
    [constantParquet({ columns, rows: 10, pageValues: 2 ** 29 }), 400, /it takes more memory than a valid file does$/],
  ];
  for (const [body, status, error] of refused) {
    const answer = await post(server, PARQUET, body);
    assert.equal(answer.statusCode, status, answer.body);
    assert.match(answer.json().error, error);
  }
  const list = constantParquet({ columns, rows: 100 });
  assert.equal((await post(server, PARQUET, list)).json().predictions.length, 100);
});
