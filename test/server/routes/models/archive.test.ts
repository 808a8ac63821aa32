import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { archiveOf, tarGz } from '../../../support/archives.js';
import { openOnnx } from '../../../support/onnx-session.js';
import { buildTestApp, contentsOf, publishUntrained } from '../../../support/test-app.js';

const GZIP = { 'content-type': 'application/gzip' };

test('an archive that one service hands out is taken by another as its next version, and is not served', async (t) => {
  const from = await buildTestApp(t, ['p', 'q']);
  const to = await buildTestApp(t, ['a', 'b', 'c']);
  const download = await from.app.inject({ url: '/models/1/archive' });
  assert.equal(download.statusCode, 200);
  assert.equal(download.headers['content-type'], 'application/gzip');
  assert.equal(download.headers['content-disposition'], 'attachment; filename="test-1.tar.gz"');
  for (const [i, type] of ['application/gzip', 'application/x-gzip', 'application/octet-stream'].entries()) {
    const upload = await to.app.inject({
      method: 'POST',
      url: '/models',
      headers: { 'content-type': type },
      payload: download.rawPayload,
    });
    const version = String(i + 2);
    assert.equal(upload.statusCode, 201, upload.body);
    assert.equal(upload.headers['location'], `/models/${version}`);
    const { model_version, name, description, tags, notes, ...card } = upload.json();
    assert.deepEqual([model_version, name], [version, 'test']);
    assert.deepEqual({ description, tags, notes }, { description: null, tags: [], notes: {} });
    assert.deepEqual(card, from.service.serving.card);
  }
  assert.equal(to.service.serving.version, 1);
  const taken = new Map(await to.store.read(2));
  assert.ok(taken.delete('upload.json'), 'what the store says of its origin');
  assert.deepEqual(sorted(taken), sorted(await from.store.read(1)));
  assert.deepEqual(contentsOf(to.store.location), ['1', '2', '3', '4']);

  await to.loader.activate(2);
  const payload = { instances: [[1, 2]] };
  const [a, b] = await Promise.all(
    [from, to].map(async ({ app }) => (await app.inject({ method: 'POST', url: '/predict', payload })).json()),
  );
  assert.deepEqual(a.predictions, b.predictions);
  assert.equal(b.model_version, '2');
});

test('a bad upload is refused in words, and leaves nothing behind', async (t) => {
  const { app, store, service } = await buildTestApp(t, ['a'], { bodyLimit: 2 ** 16 });
  const files = new Map(await store.read(1));
  const link = { header: { name: 'weights.bin', type: 'symlink', linkname: '/etc/passwd' } } as const;
  const random = createRandom(1);
  const noise = Buffer.from(Array.from({ length: 2 ** 17 }, () => random.below(256)));
  const cases: [number, string, RegExp, Buffer][] = [
    [400, 'INVALID_ARCHIVE', /weights\.bin.*symlink/, await tarGz([link])],
    [400, 'INVALID_ARCHIVE', /\.\.\/x/, await tarGz([{ header: { name: '../x' } }])],
    [400, 'INVALID_ARCHIVE', /its checksum/, await archiveOf(new Map(files).set('weights.bin', Buffer.alloc(4)))],
    [400, 'INVALID_ARCHIVE', /tar\.gz/, Buffer.from('hello')],
    [400, 'INVALID_ARCHIVE', /tar\.gz|missing/, Buffer.alloc(0)],
    [413, 'TOO_LARGE', /when unpacked/, gzipSync(Buffer.alloc(2 ** 22))],
    [413, 'TOO_LARGE', /body: expected at most 65536 bytes/, await archiveOf(new Map([['weights.bin', noise]]))],
  ];
  for (const [status, code, message, payload] of cases) {
    const response = await app.inject({ method: 'POST', url: '/models', headers: GZIP, payload });
    const { error, ...rest } = response.json();
    assert.deepEqual([response.statusCode, rest.code], [status, code], error);
    assert.match(error, message);
  }
  assert.deepEqual([await store.list(), contentsOf(store.location), service.serving.version], [[1], ['1'], 1]);
});

test('a body of another type, or none, is refused', async (t) => {
  const { app } = await buildTestApp(t);
  const json = await app.inject({ method: 'POST', url: '/models', payload: { a: 1 } });
  assert.deepEqual([json.statusCode, json.json().code], [415, 'UNSUPPORTED_MEDIA_TYPE']);
  const none = await app.inject({ method: 'POST', url: '/models' });
  assert.deepEqual([none.statusCode, none.json().code], [400, 'INVALID_ARCHIVE']);
});

test('a client that goes in the middle of an upload leaves nothing behind', async (t) => {
  const { app, store, logged } = await buildTestApp(t);
  const archive = (await app.inject({ url: '/models/1/archive' })).rawPayload;
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const ended = new Promise<void>((resolve) => {
    app.server.once('connection', (socket) => socket.once('close', () => setImmediate(resolve)));
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST /models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/gzip\r\ncontent-length: ${archive.length}\r\n\r\n`,
  );
  socket.write(archive.subarray(0, 500), () => setImmediate(() => socket.destroy()));
  await ended;
  assert.deepEqual([await store.list(), contentsOf(store.location)], [[1], ['1']]);
  assert.ok(!logged.some(({ level }) => level === 50), JSON.stringify(logged));
});

test('uploads at the same time get numbers of their own', async (t) => {
  const { app, store } = await buildTestApp(t, ['a', 'b', 'c'], {}, { LIMIT_UPLOADS: '0' });
  const payload = (await app.inject({ url: '/models/1/archive' })).rawPayload;
  const replies = await Promise.all(
    Array.from({ length: 8 }, () => app.inject({ method: 'POST', url: '/models', headers: GZIP, payload })),
  );
  const numbers = replies.map((reply) => Number(reply.json().model_version)).sort((a, b) => a - b);
  assert.deepEqual(numbers, [2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(await store.list(), [1, ...numbers]);
});

test('an ONNX model of a version predicts what the service predicts', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c']);
  const rows = [
    [1, 2, 3],
    [-4, 0.5, 6],
  ];
  const download = await app.inject({ url: '/models/1/onnx' });
  assert.deepEqual(
    [download.statusCode, download.headers['content-type'], download.headers['content-disposition']],
    [200, 'application/octet-stream', 'attachment; filename="test-1.onnx"'],
  );
  const { session, run } = await openOnnx(download.rawPayload);
  t.after(() => session.release());
  const { prediction, reconstruction_error } = await run(Float32Array.from(rows.flat()), 2, 3);
  const served = (await app.inject({ method: 'POST', url: '/predict', payload: { instances: rows } })).json();
  for (const [i, value] of [...served.predictions.flat(), ...served.reconstruction_error].entries()) {
    const found = [...prediction!.data, ...reconstruction_error!.data][i]!;
    assert.ok(Math.abs(found - value) <= 1e-5 * (Math.abs(value) + 2), `${i}: ${found} and ${value}`);
  }
});

test('a version that is not there, is no number, or is broken, has no archive and no ONNX model', async (t) => {
  const { app, store } = await buildTestApp(t);
  const broken = await publishUntrained(store, ['a'], ['y']);
  writeFileSync(join(store.location, String(broken), 'weights.bin'), 'x');
  for (const kind of ['archive', 'onnx']) {
    const ask = async (version: string) => {
      const { statusCode, body } = await app.inject({ url: `/models/${version}/${kind}` });
      return [statusCode, JSON.parse(body).code];
    };
    assert.deepEqual(await ask('9'), [404, 'VERSION_NOT_FOUND']);
    for (const no of ['0', '01', '-1', 'x', '..%2f1', '1e3'])
      assert.deepEqual(await ask(no), [400, 'INVALID_REQUEST'], no);
    assert.deepEqual(await ask(String(broken)), [409, 'INVALID_VERSION']);
  }
});

function sorted(files: ReadonlyMap<string, Uint8Array>): [string, Buffer][] {
  return Array.from(files, ([name, content]): [string, Buffer] => [name, Buffer.from(content)]).sort();
}
