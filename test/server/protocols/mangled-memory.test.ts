import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FileStore } from '../../../src/model/store/file-store.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { publishUntrained } from '../../support/test-app.js';

const MIB = 2 ** 20;
/** What all of it together may take beyond an ordinary start: some bodies of 16 MiB, and what they are read to. */
const MAX_MIB = 250;
/** Largest body that the service takes, in bytes: by default. */
const LIMIT = 16 * MIB;

const JSON_TYPE = { 'content-type': 'application/json' };
const infer = (more: object) =>
  JSON.stringify({ inputs: [{ name: 'inputs', shape: [2 ** 40, 3], datatype: 'FP32', ...more }] });
const HUGE = infer({ parameters: { binary_data_size: 12 * 2 ** 40 } });

/** The path of each protocol, the beginning of its body, and one row. */
const CONTRACTS: [name: string, path: string, headers: Record<string, string>, begin: string, row: string][] = [
  ['native', '/predict', JSON_TYPE, '{"instances": [', '[],'],
  ['TensorFlow Serving', '/v1/models/test:predict', {}, '{"instances": [', '[],'],
  ['Open Inference Protocol', '/v2/models/test/infer', JSON_TYPE, '{"inputs": [', '{},'],
  ['MLflow', '/invocations', JSON_TYPE, '{"dataframe_records": [', '{},'],
  ['SageMaker, JSON Lines', '/invocations', { 'content-type': 'application/jsonlines' }, '', '[]\n'],
  ['SageMaker, CSV', '/invocations', { 'content-type': 'text/csv' }, '', '1\n'],
  ['Vertex AI', '/vertex:predict', JSON_TYPE, '{"instances": [', '[],'],
];

const skip = existsSync('/proc/self/status')
  ? false
  : 'peak memory is read from /proc, which this system does not have';

test('bodies made to take memory are refused by every contract, and take little', { skip }, async (t) => {
  const store = temporaryDirectory(t);
  await publishUntrained(new FileStore(`${store}/test`), ['a', 'b', 'c'], ['y']);
  const server = await startServer(t, {
    MODEL_STORE: store,
    MODEL_NAME: 'test',
    LOG_LEVEL: 'info',
    AIP_PREDICT_ROUTE: '/vertex:predict',
    // What is beyond ends the process.
    NODE_OPTIONS: '--max-old-space-size=96',
  });
  await server.logged('model version serves');
  const peak = () =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))![1]) / 1024;
  const start = peak();
  const refused = async (path: string, headers: Record<string, string>, body: Buffer | string, most = 413) => {
    const reply = await fetch(`${server.url}${path}`, { method: 'POST', headers, body });
    const text = await reply.text();
    assert.ok([400, most].includes(reply.status), `${reply.status} ${text.slice(0, 300)}`);
    assert.match(text, /"error":"/);
  };
  const bomb = gzipSync(Buffer.alloc(256 * MIB, ' '));
  for (const [name, path, headers, begin, row] of CONTRACTS) {
    await refused(path, headers, begin + '['.repeat(LIMIT - begin.length));
    await refused(path, headers, begin + '['.repeat(10_000) + ']'.repeat(10_000));
    await refused(path, { ...headers, 'content-encoding': 'gzip' }, bomb);
    await refused(path, headers, begin + row.repeat(Math.floor((LIMIT - begin.length) / row.length)));
    const numbers = `${begin}[1${',1'.repeat((LIMIT - begin.length) / 2 - 2)}`;
    await refused(path, headers, numbers);
    await refused(path, { ...headers, 'content-encoding': 'gzip' }, gzipSync(numbers));
    t.diagnostic(`peak after ${name}: ${peak().toFixed(0)} MiB, at the start ${start.toFixed(0)}`);
  }
  for (const length of [0, 1, HUGE.length]) {
    await refused('/v2/models/test/infer', { 'inference-header-content-length': String(length) }, HUGE);
  }
  await refused('/v2/models/test/infer', JSON_TYPE, infer({ data: [1, 2, 3] }));
  assert.ok(peak() - start < MAX_MIB, `${peak() - start} MiB`);
  const good = await fetch(`${server.url}/predict`, { method: 'POST', headers: JSON_TYPE, body: '[[1, 2, 3]]' });
  assert.equal(good.status, 200, await good.text());
});
