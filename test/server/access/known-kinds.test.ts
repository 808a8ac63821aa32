import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../support/test-app.js';

// Attacks that worked on other model servers, of the kinds that docs/security.md lists.

const SECRET = 'the secret of a file outside of the store';
/** Types of bodies that some route reads. */
const TYPES = [
  'application/json',
  'text/csv',
  'application/octet-stream',
  'application/gzip',
  'application/vnd.apache.arrow.stream',
  'application/vnd.apache.parquet',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/vnd.bentoml+pickle',
];

/** The routes that take a body, as the interface describes them, with the names that exist. */
async function postPaths({ app }: TestApp): Promise<string[]> {
  const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, object> };
  return Object.entries(paths)
    .filter(([, methods]) => 'post' in methods)
    .map(([path]) => path.replace('{name}', 'test').replace(/\{\w*version\}/, '1'));
}

async function twoVersions(t: TestContext): Promise<TestApp> {
  const parts = await buildTestApp(t);
  await publishUntrained(parts.store, ['a', 'b', 'c'], ['y']);
  return parts;
}

test('no path, name or parameter of a request leads out of the store', async (t) => {
  const parts = await twoVersions(t);
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'secret'), SECRET);
  const outside = [
    `${directory}/secret`,
    `../../../../../../../..${directory}/secret`,
    `..\\..\\..\\..${directory}\\secret`,
    `file://${directory}/secret`,
    `/proc/self/root${directory}/secret`,
    '..',
    '.',
    '/etc/passwd',
    '1/../../../secret',
    '.aliases',
    '1\u0000',
  ];
  const encodings = [
    encodeURIComponent,
    (text: string) => encodeURIComponent(encodeURIComponent(text)),
    (text: string) => text,
  ];
  const patterns = [
    '/models/*',
    '/models/*/archive',
    '/models/*/onnx',
    '/models/1/compare/*',
    '/train/*',
    '/page/*',
    '/docs/static/*',
    '/v1/models/*',
    '/v1/models/test/versions/*',
    '/v2/models/*',
    '/v2/models/test/versions/*',
    '/*',
  ];
  for (const name of outside) {
    for (const encode of encodings) {
      for (const pattern of patterns) {
        const url = pattern.replace('*', encode(name).replaceAll('\u0000', '%00'));
        const { statusCode, body } = await parts.app.inject({ url });
        assert.ok(!body.includes(SECRET) && !body.includes('root:x:0'), url);
        // A path may be another way to write that of a route.
        if (statusCode < 300)
          assert.ok(!url.includes('secret') && !url.includes('passwd'), `${url}: ${body.slice(0, 200)}`);
      }
    }
    for (const [url, payload] of [
      ['/v2/repository/models/test/load', { parameters: { version: name } }],
      ['/v2/repository/models/test/load', { parameters: { 'file:1/model.json': name, config: name } }],
      [`/v2/repository/models/${encodeURIComponent(name)}/load`, {}],
      [`/models/${encodeURIComponent(name)}/activate`, {}],
      ['/train', { source: name }],
      ['/train', { instances: [[1]], targets: [1], source: name }],
      ['/invocations', { dataframe_split: name }],
      ['/models', { source: name, run_id: '', name: 'test' }],
    ] as const) {
      const { statusCode, body } = await parts.app.inject({ method: 'POST', url, payload });
      assert.ok(!body.includes(SECRET), `${url} ${name}`);
      const isIgnored = 'parameters' in payload && 'config' in payload.parameters && statusCode === 200;
      assert.ok(statusCode >= 400 || isIgnored, `${url} ${JSON.stringify(payload)}: ${statusCode}`);
    }
    const removed = await parts.app.inject({ method: 'DELETE', url: `/models/${encodeURIComponent(name)}` });
    assert.ok(removed.statusCode >= 400, name);
  }
  assert.equal(readFileSync(join(directory, 'secret'), 'utf8'), SECRET);
  assert.deepEqual(await parts.store.list(), [1, 2]);
});

test('no request makes the service send one, whatever address it names', async (t) => {
  const parts = await twoVersions(t);
  let received = 0;
  const victim = createServer((_request, reply) => {
    received++;
    reply.end('a,y\n1,2\n');
  }).listen(0, '127.0.0.1');
  victim.on('connection', () => received++);
  t.after(() => victim.close());
  await once(victim, 'listening');
  const address = `http://127.0.0.1:${(victim.address() as AddressInfo).port}/model.mar`;
  const bodies = [
    address,
    JSON.stringify({
      url: address,
      uri: address,
      source: address,
      model_uri: address,
      instances: [[address, address, address]],
    }),
    JSON.stringify({
      inputs: [{ name: 'inputs', shape: [1, 3], datatype: 'BYTES', data: [address, address, address] }],
    }),
    JSON.stringify({ parameters: { config: address, 'file:1/model.json': address, url: address } }),
    `--x\r\ncontent-disposition: form-data; name="file"\r\n\r\n${address}\r\n--x--\r\n`,
    `url=${encodeURIComponent(address)}`,
    `a,b,c\n${address},${address},${address}\n`,
  ];
  for (const path of await postPaths(parts)) {
    for (const body of bodies) {
      for (const type of TYPES) {
        const url = `${path}?url=${encodeURIComponent(address)}&model_uri=${encodeURIComponent(address)}&wait=true`;
        const headers = { 'content-type': type, referer: address, 'x-forwarded-host': new URL(address).host };
        await parts.app.inject({ method: 'POST', url, headers, payload: body });
        await parts.app.inject({ method: 'POST', url: path, headers, payload: body });
      }
    }
  }
  assert.equal(received, 0);
});

test('a body that would be code elsewhere is refused, and runs nowhere', async (t) => {
  const parts = await twoVersions(t);
  const trace = join(temporaryDirectory(t), 'trace');
  const command = `touch ${trace}`;
  const payloads = [
    // A pickle, protocol 0: os.system(command).
    `cposix\nsystem\n(S'${command}'\ntR.`,
    Buffer.concat([
      Buffer.from('\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c', 'latin1'),
      Buffer.from([command.length]),
      Buffer.from(`${command}\x85R.`),
    ]),
    JSON.stringify({ rce: `_$$ND_FUNC$$_function(){require('child_process').execSync('${command}')}()` }),
    `!!js/function "function(){ require('child_process').execSync('${command}') }"`,
    JSON.stringify({ instances: [[{ __class__: 'os.system', args: [command] }, 2, 3]] }),
    `{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "instances": [[{"__proto__": {"polluted": 1}}, 2, 3]]}`,
    `__proto__,constructor,y\n=cmd|' /C ${command}'!A0,$(${command}),1\n`,
  ];
  for (const path of await postPaths(parts)) {
    for (const payload of payloads) {
      for (const type of TYPES) {
        const { statusCode } = await parts.app.inject({
          method: 'POST',
          url: path.startsWith('/train') ? `${path}?target=y&wait=true` : path,
          headers: {
            'content-type': type,
            'payload-container': 'NdarrayContainer',
            'payload-meta': '{"format": "default"}',
          },
          payload,
        });
        assert.notEqual(statusCode, 500, `${path} ${type} ${payload}`);
      }
    }
  }
  assert.equal(existsSync(trace), false);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('a body of very many chunks, in any protocol, takes no more than its bytes', async (t) => {
  const parts = await twoVersions(t);
  const url = new URL(await parts.app.listen({ host: '127.0.0.1', port: 0 }));
  const chunk = Buffer.from('1\r\n \r\n');
  const chunks = 500_000;
  const before = process.memoryUsage().rss;
  for (const path of ['/predict', '/v2/models/test/infer', '/v2/repository/index', '/models/rollback']) {
    const socket = connect(Number(url.port), url.hostname).setEncoding('latin1');
    t.after(() => socket.destroy());
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    socket.write(Buffer.alloc(chunk.length * chunks, chunk));
    socket.write('0\r\n\r\n');
    const [reply] = await once(socket, 'data');
    assert.match(String(reply), /^HTTP\/1\.1 (200|400|409|413) /, path);
  }
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  t.diagnostic(`${grown.toFixed(0)} MiB more`);
  assert.ok(grown < 200, `${grown} MiB`);
  assert.equal((await fetch(`${url.origin}/livez`)).status, 200);
});

test('outputs and shapes that a request multiplies are refused by their number', async (t) => {
  const parts = await twoVersions(t);
  const inputs = [{ name: 'inputs', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }];
  const many = (count: number) => Array.from({ length: count }, () => ({ name: 'predictions' }));
  for (const [what, payload] of [
    ['20,000 outputs', { inputs, outputs: many(20_000) }],
    ['the same output twice', { inputs, outputs: many(2) }],
    ['10,000 inputs', { inputs: Array.from({ length: 10_000 }, () => inputs[0]) }],
    ['a shape of 2^62 rows', { inputs: [{ ...inputs[0], shape: [2 ** 62, 3] }] }],
    ['a shape whose product is 0 modulo 2^64', { inputs: [{ ...inputs[0], shape: [2 ** 32, 2 ** 32] }] }],
    ['a negative shape', { inputs: [{ ...inputs[0], shape: [-1, -3] }] }],
    ['a shape of a thousand dimensions', { inputs: [{ ...inputs[0], shape: Array(1000).fill(1) }] }],
  ] as const) {
    const started = performance.now();
    const { statusCode, body } = await parts.app.inject({ method: 'POST', url: '/v2/models/test/infer', payload });
    assert.equal(statusCode, 400, `${what}: ${body}`);
    assert.ok(body.length < 1000, what);
    assert.ok(performance.now() - started < 5000, what);
  }
});
