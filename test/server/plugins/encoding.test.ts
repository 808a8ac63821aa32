import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { buildTestApp } from '../../support/test-app.js';

const ROWS = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 40]);
const BODY = JSON.stringify({ instances: ROWS });

const CSV = ['a,b,c,y', ...ROWS.map((row) => [...row, row[0]].join(','))].join('\n');

const send = (app: FastifyInstance, payload: Buffer | string, encoding: string, url = '/predict', type = '') =>
  app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': type || 'application/json', 'content-encoding': encoding },
    payload,
  });

const ENCODED: [encoding: string, body: Buffer | string][] = [
  ['gzip', gzipSync(BODY)],
  ['X-GZIP', gzipSync(BODY)],
  ['deflate', deflateSync(BODY)],
  ['br', brotliCompressSync(BODY)],
  ['identity', BODY],
];
for (const [encoding, body] of ENCODED) {
  test(`a body of content-encoding ${encoding} has the answer of one without`, async (t) => {
    const { app } = await buildTestApp(t);
    const plain = await app.inject({ method: 'POST', url: '/predict', payload: JSON.parse(BODY) });
    const answer = await send(app, body, encoding);
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.body, plain.body);
  });
}

test('every route that takes a body takes it compressed', async (t) => {
  const { app } = await buildTestApp(t);
  const targets = ROWS.map(([a]) => a!);
  const archive = (await app.inject({ url: '/models/1/archive' })).rawPayload;
  const bodies: [url: string, status: number, type: string, body: Buffer | string][] = [
    ['/train?wait=true&epochs=1', 200, 'application/json', JSON.stringify({ instances: ROWS, targets })],
    ['/train?wait=true&epochs=1&target=y', 200, 'text/csv', CSV],
    ['/feedback', 200, 'application/json', JSON.stringify({ instances: ROWS, targets })],
    ['/models', 201, 'application/gzip', archive],
  ];
  for (const [url, status, type, body] of bodies) {
    const answer = await send(app, gzipSync(body), 'gzip', url, type);
    assert.equal(answer.statusCode, status, `${url}: ${answer.body}`);
  }
});

const cut = (packed: Buffer) => packed.subarray(0, -20);
const BAD: [
  what: string,
  encoding: string,
  spoil: (body: Buffer) => Buffer,
  status: number,
  code: string,
  error: RegExp,
][] = [
  [
    'an unknown encoding',
    'compress',
    (body) => body,
    415,
    'UNSUPPORTED_ENCODING',
    /gzip, deflate, br.* got "compress"$/,
  ],
  ['two encodings', 'gzip, gzip', gzipSync, 415, 'UNSUPPORTED_ENCODING', /got "gzip, gzip"$/],
  [
    'what is not compressed',
    'gzip',
    (body) => body,
    400,
    'INVALID_ENCODING',
    /^body: invalid gzip: incorrect header check$/,
  ],
  ['a body that breaks off', 'gzip', (body) => cut(gzipSync(body)), 400, 'INVALID_ENCODING', /unexpected end of file$/],
  [
    'a damaged body',
    'deflate',
    (body) => damaged(deflateSync(body)),
    400,
    'INVALID_ENCODING',
    /^body: invalid deflate: /,
  ],
  ['nothing', 'br', () => Buffer.alloc(0), 400, 'INVALID_ENCODING', /unexpected end of file$/],
];
for (const [what, encoding, spoil, status, code, error] of BAD) {
  test(`${what} as a compressed body is a ${status}, on every route`, async (t) => {
    const { app } = await buildTestApp(t);
    for (const [url, type, body] of [
      ['/predict', 'application/json', BODY],
      ['/train?target=y', 'text/csv', CSV],
      ['/feedback', 'application/json', BODY],
      ['/models', 'application/gzip', (await app.inject({ url: '/models/1/archive' })).rawPayload],
    ] as const) {
      const answer = await send(app, spoil(Buffer.from(body)), encoding, url, type);
      assert.equal(answer.statusCode, status, `${url}: ${answer.body}`);
      // The error of the truncated archive inside may come first.
      if (answer.json().code !== 'INVALID_ARCHIVE') {
        assert.equal(answer.json().code, code, `${url}: ${answer.body}`);
        assert.match(answer.json().error, error, url);
      }
      if (status === 415) assert.equal(answer.headers['accept-encoding'], 'gzip, deflate, br');
    }
    assert.equal((await send(app, gzipSync(BODY), 'gzip')).statusCode, 200);
  });
}

test('a zip bomb is a 413 as soon as it is larger than a body may be, and is not unpacked further', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { bodyLimit: 100_000 });
  // 200 MB of zeros in 200 kB.
  const bomb = gzipSync(Buffer.alloc(200_000_000, '0'));
  const before = process.memoryUsage().arrayBuffers;
  for (const [url, type] of [
    ['/predict', 'application/json'],
    ['/feedback', 'application/json'],
  ] as const) {
    const answer = await send(app, bomb.subarray(0, 90_000), 'gzip', url, type);
    assert.equal(answer.statusCode, 413, `${url}: ${answer.body}`);
    assert.deepEqual(
      [answer.json().code, answer.json().error],
      ['TOO_LARGE', 'body: expected at most 100000 bytes when unpacked'],
    );
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000);
});

test('a body that unpacks to a hundred times its size is a 413 once it is large', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { bodyLimit: 2 ** 24, maxRows: 2 ** 20 });
  const rows = (count: number) => `[${'[1,2,3],'.repeat(count)}[1,2,3]]`;
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const) {
    const small = await send(app, compress(rows(500_000)), encoding);
    assert.equal(small.statusCode, 200, small.body.slice(0, 300));
    const large = await send(app, compress(rows(1_000_000)), encoding);
    assert.equal(large.statusCode, 413);
    assert.equal(large.json().error, 'body: expected to unpack to at most 100 times its size; send it uncompressed');
    const table = compress(Buffer.concat([Buffer.from('a,b,c,y\n'), Buffer.alloc(2 ** 23, '1,2,3,4\n')]));
    assert.equal((await send(app, table, encoding, '/train?target=y', 'text/csv')).statusCode, 413);
  }
});

test('a large reply is compressed for clients that accept it, and says so', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { maxRows: 5000 });
  const instances = Array.from({ length: 3000 }, (_, i) => ROWS[i % ROWS.length]!);
  const ask = (accept?: string) =>
    app.inject({
      method: 'POST',
      url: '/predict',
      payload: { instances },
      headers: accept === undefined ? {} : { 'accept-encoding': accept },
    });
  const plain = await ask();
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.headers['vary'], 'accept-encoding');
  const answers: [accept: string, encoding: string | undefined, unpack: (body: Buffer) => Buffer][] = [
    ['gzip, deflate, br', 'gzip', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['gzip;q=0.2, deflate;q=0.8', 'deflate', inflateSync],
    ['gzip;q=0', undefined, (body) => body],
    ['br', undefined, (body) => body],
    ['identity', undefined, (body) => body],
  ];
  for (const [accept, encoding, unpack] of answers) {
    const answer = await ask(accept);
    assert.equal(answer.headers['content-encoding'], encoding, accept);
    assert.equal(Number(answer.headers['content-length']), answer.rawPayload.length);
    assert.equal(unpack(answer.rawPayload).toString(), plain.body, accept);
    if (encoding) assert.ok(answer.rawPayload.length < 0.6 * plain.body.length, accept);
  }
});

test('a small reply is not compressed, nor one that already is', async (t) => {
  const { app } = await buildTestApp(t);
  const headers = { 'accept-encoding': 'gzip' };
  const small = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [ROWS[0]] }, headers });
  assert.equal(small.headers['content-encoding'], undefined);
  assert.equal(small.json().predictions.length, 1);
  const archive = await app.inject({ url: '/models/1/archive', headers });
  assert.equal(archive.headers['content-encoding'], undefined);
  assert.doesNotThrow(() => gunzipSync(archive.rawPayload));
});

function damaged(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  copy.fill(0xff, 20, 60);
  return copy;
}
