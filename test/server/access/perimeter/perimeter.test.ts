import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

/** Headers that a browser sends for a page of another origin: to localhost or over TLS, elsewhere, and from a sandboxed frame. */
const FOREIGN: readonly Record<string, string>[] = [
  { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
  { origin: 'http://evil.example' },
  { origin: 'null' },
];

/** Requests that change something, or cost something, in every protocol. Most need no header that a form cannot send. */
const CHANGES: readonly [method: string, path: string, body?: string, type?: string][] = [
  ['POST', '/models/2/activate'],
  ['POST', '/models/rollback'],
  ['DELETE', '/models/2'],
  ['POST', '/drift/reset'],
  ['POST', '/drift/baseline'],
  ['POST', '/v2/repository/index'],
  ['POST', '/v2/repository/models/test/load'],
  ['POST', '/v2/repository/models/test/load', '{"parameters": {"version": "2"}}', 'text/plain'],
  ['POST', '/v2/repository/models/test/unload'],
  ['POST', '/predict', '{"instances": [[1, 2, 3]]}', 'application/json'],
  ['POST', '/predict', '{"instances": [[1, 2, 3]]}', 'text/plain'],
  ['POST', '/predict', 'a,b,c\n1,2,3\n', 'text/csv'],
  ['POST', '/v1/models/test:predict', '{"instances": [[1, 2, 3]]}', 'text/plain'],
  ['POST', '/v2/models/test/infer', '{"inputs": []}', 'text/plain'],
  ['POST', '/invocations', '1,2,3', 'text/csv'],
  ['POST', '/invocations', '{"inputs": [[1, 2, 3]]}', 'application/json'],
  ['POST', '/feedback', '{"instances": [[1, 2, 3]], "targets": [1]}', 'application/json'],
  ['POST', '/train?target=y', 'a,y\n1,2\n', 'text/csv'],
  ['POST', '/models', 'nothing', 'application/gzip'],
  ['PUT', '/models/2'],
  ['PATCH', '/nowhere'],
  ['PROPFIND', '/models'],
  ['TRACE', '/'],
  ['OPTIONS', '/models/rollback'],
];

/** What a page of another site would like to read, or let the service compute. */
const READS = [
  '/',
  '/model',
  '/models',
  '/models/1/archive',
  '/models/1/compare/2',
  '/drift/events',
  '/metrics',
  '/docs/',
];

const EXPECTED: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request with any method, path and `Host`. Of an event stream, only the head is read. */
async function send(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Reply> {
  // A connection that closes after the reply is not one of the fast path.
  const kept = { connection: 'keep-alive', ...headers };
  const sent = request({ port, host: '127.0.0.1', method, path, headers: kept, agent: false });
  sent.end(body);
  const [reply] = await once(sent, 'response');
  if (String(reply.headers['content-type']).startsWith('text/event-stream')) {
    reply.destroy();
    return { status: reply.statusCode, headers: reply.headers, text: '' };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk);
  sent.destroy();
  return { status: reply.statusCode, headers: reply.headers, text: Buffer.concat(chunks).toString() };
}

/** An application with the versions 1, which serves and monitors drift, and 2. */
async function listening(
  t: TestContext,
  fastPath = true,
  env: NodeJS.ProcessEnv = {},
): Promise<TestApp & { port: number }> {
  const parts = await buildTestApp(t, [], { fastPath }, env);
  // At `debug`, the fast path leaves everything to Fastify.
  parts.log.level = 'info';
  const instances = Array.from({ length: 100 }, (_, i) => ({ a: i % 7, b: i % 11, c: i % 13, y: i }));
  const payload = { instances, target: 'y' };
  const trained = await parts.app.inject({ method: 'POST', url: '/train?wait=true&epochs=1', payload });
  assert.equal(trained.statusCode, 200, trained.body);
  await parts.loader.activate(1);
  await publishUntrained(parts.store, ['a', 'b', 'c'], ['y']);
  await parts.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...parts, port: (parts.app.server.address() as { port: number }).port };
}

/** Everything that a request could have changed. */
async function stateOf({ app }: TestApp): Promise<unknown> {
  const metrics = (await app.inject('/metrics')).body.match(/^model_(?!age|prediction_duration).*$/gm) ?? [];
  assert.ok(metrics.length > 20);
  const { rows, since, filled_rows } = (await app.inject('/drift')).json();
  return [(await app.inject('/models')).json(), [rows, since, filled_rows], metrics];
}

for (const fastPath of [true, false]) {
  const which = `fast path ${fastPath ? 'on' : 'off'}`;

  test(`another site changes nothing by any method, path or protocol, ${which}`, async (t) => {
    const parts = await listening(t, fastPath);
    const before = await stateOf(parts);
    for (const [method, path, body, type] of CHANGES) {
      for (const headers of FOREIGN) {
        const all = { ...headers, ...(type ? { 'content-type': type } : {}) };
        const { status, text } = await send(parts.port, method, path, all, body);
        assert.equal(status, 403, `${method} ${path} ${JSON.stringify(all)}: ${text}`);
        assert.match(text, /not the site of this service/, `${method} ${path}`);
      }
    }
    assert.deepEqual(await stateOf(parts), before);
  });

  test(`a name that is not the service's changes and reads nothing, ${which}`, async (t) => {
    const parts = await listening(t, fastPath);
    const before = await stateOf(parts);
    // A rebound name is of the same origin as its page: no other header gives it away.
    const host = `rebound.example:${parts.port}`;
    const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    for (const [method, path, body, type] of CHANGES) {
      for (const sent of [{ host }, headers]) {
        const all = { ...sent, ...(type ? { 'content-type': type } : {}) };
        const { status, text } = await send(parts.port, method, path, all, body);
        assert.equal(status, 421, `${method} ${path}: ${text}`);
        assert.match(text, /"host: \\"rebound\.example:\d+\\" is not a name of this service.*ALLOWED_HOSTS/, path);
      }
    }
    for (const path of [...READS, '/livez', '/readyz', '/nowhere', '/openapi.json', '/page/icon.svg']) {
      const { status, text } = await send(parts.port, 'GET', path, { host });
      assert.equal(status, 421, `${path}: ${text}`);
    }
    // A target may name the host as well, and then counts.
    for (const target of [
      `http://${host}/model`,
      `HTTP://rebound.example/models`,
      `http://localhost@rebound.example/model`,
    ]) {
      const { status, text } = await send(parts.port, 'GET', target, { host: 'localhost' });
      assert.equal(status, 421, `${target}: ${text}`);
    }
    assert.deepEqual(await stateOf(parts), before);
  });

  test(`the page itself, other programs and links from other sites are answered as ever, ${which}`, async (t) => {
    const { port } = await listening(t, fastPath);
    const json = { 'content-type': 'application/json' };
    const body = '{"instances": [[1, 2, 3]]}';
    const own = { origin: `http://localhost:${port}`, host: `localhost:${port}`, 'sec-fetch-site': 'same-origin' };
    for (const headers of [{}, own, { host: `[::1]:${port}` }, { host: '10.0.0.1' }, { host: 'localhost' }]) {
      assert.equal((await send(port, 'POST', '/predict', { ...headers, ...json }, body)).status, 200);
    }
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const path of READS) assert.equal((await send(port, 'GET', path, link)).status, 200, path);
    assert.equal((await send(port, 'GET', 'http://localhost/model', { host: 'localhost' })).status, 200);
    assert.equal((await send(port, 'POST', '/models/2/activate', own)).status, 200);
  });
}

test('pages of other sites neither read nor cost anything by what they embed or fetch', async (t) => {
  const { port } = await listening(t);
  for (const path of READS) {
    for (const [mode, dest] of [
      ['no-cors', 'image'],
      ['no-cors', 'script'],
      ['cors', 'empty'],
      ['navigate', 'iframe'],
    ] as const) {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
      const reply = await send(port, 'GET', path, headers);
      assert.equal(reply.status, 403, `${path} as ${dest}`);
      assert.equal(reply.headers['access-control-allow-origin'], undefined);
    }
    // Where browsers do not send Sec-Fetch-Site, what they can read has an origin.
    assert.equal((await send(port, 'GET', path, { origin: 'http://evil.example' })).status, 403, path);
  }
});

test('a foreign upload is refused before it is read, and the errors of a protocol keep their form', async (t) => {
  const { port, app } = await listening(t);
  let read = 0;
  app.server.prependListener('request', (incoming) => {
    const { emit } = incoming;
    incoming.emit = function (this: typeof incoming, name: string, ...args: unknown[]) {
      if (name === 'data') read++;
      return emit.call(this, name, ...args);
    } as typeof emit;
  });
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  t.after(() => socket.destroy());
  const type = 'content-type: application/json';
  socket.write(`POST /predict HTTP/1.1\r\nhost: localhost\r\norigin: null\r\n${type}\r\ncontent-length: 1000\r\n\r\n`);
  const [head] = await once(socket, 'data');
  assert.match(String(head), /^HTTP\/1\.1 403 /);
  assert.equal(read, 0);

  const foreign = { origin: 'null', 'content-type': 'application/json' };
  for (const [path, key] of [
    ['/predict', 'code'],
    ['/v1/models/test:predict', 'error'],
    ['/v2/models/test/infer', 'error'],
    ['/invocations', 'error_code'],
  ] as const) {
    const body = JSON.parse((await send(port, 'POST', path, foreign, '{}')).text);
    assert.ok(key in body, `${path}: ${JSON.stringify(body)}`);
  }
});

test('ALLOWED_HOSTS adds names, also for pages behind a proxy that replaces the host', async (t) => {
  const { port } = await listening(t, true, { ALLOWED_HOSTS: 'model.example.com' });
  assert.equal((await send(port, 'GET', '/model', { host: 'model.example.com' })).status, 200);
  assert.equal((await send(port, 'GET', '/model', { host: 'other.example.com' })).status, 421);
  const origin = 'https://model.example.com';
  assert.equal((await send(port, 'POST', '/models/2/activate', { origin, host: 'model.example.com' })).status, 200);
  assert.equal((await send(port, 'POST', '/models/1/activate', { origin, host: `127.0.0.1:${port}` })).status, 200);
  assert.equal((await send(port, 'POST', '/models/2/activate', { origin: `${origin}:99` })).status, 403);
});

test('a check without Host, as HTTP/1.0 allows it, is answered', async (t) => {
  const { port } = await listening(t);
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  socket.write('GET /livez HTTP/1.0\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 200 /);
});

test('every reply has the security headers: fast path, Fastify, errors of both and of the connection', async (t) => {
  const { port } = await listening(t);
  const json = { 'content-type': 'application/json' };
  const body = '{"instances": [[1, 2, 3]]}';
  for (const [expected, method, path, headers, sent] of [
    [200, 'POST', '/predict', json, body],
    [
      200,
      'POST',
      '/v2/models/test/infer',
      json,
      '{"inputs":[{"name":"inputs","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}',
    ],
    [200, 'POST', '/predict?explain=true', json, body],
    [400, 'POST', '/predict', json, '{'],
    [200, 'GET', '/metrics', {}, undefined],
    [200, 'GET', '/models/1/archive', {}, undefined],
    [200, 'GET', '/drift/events', {}, undefined],
    [200, 'GET', '/', {}, undefined],
    [200, 'GET', '/openapi.json', {}, undefined],
    [200, 'HEAD', '/model', {}, undefined],
    [302, 'GET', '/docs', {}, undefined],
    [400, 'GET', '/%zz', {}, undefined],
    [403, 'POST', '/models/rollback', { origin: 'null' }, undefined],
    [404, 'GET', '/nowhere', {}, undefined],
    [405, 'DELETE', '/model', {}, undefined],
    [415, 'POST', '/feedback', { 'content-type': 'text/plain' }, 'x'],
    [417, 'POST', '/predict', { expect: 'nothing' }, ''],
    [421, 'GET', '/model', { host: 'evil.example' }, undefined],
  ] as const) {
    const reply = await send(port, method, path, headers, sent);
    assert.equal(reply.status, expected, `${method} ${path}: ${reply.text}`);
    assertSecure(reply.headers, `${expected} ${method} ${path}`);
  }
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
  ]) {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    socket.on('error', () => {});
    socket.write(bytes);
    const [text] = await once(socket, 'data');
    socket.destroy();
    const lines = String(text).split('\r\n\r\n')[0]!.split('\r\n').slice(1);
    const headers = Object.fromEntries(
      lines.map((line) => [line.replace(/:.*/, '').toLowerCase(), line.replace(/.*?: /, '')]),
    );
    assertSecure(headers, bytes.slice(0, 20));
  }
});

test('the page and the API reference load only what the service serves, and cannot be framed', async (t) => {
  const { port } = await listening(t);
  for (const path of ['/', '/docs/', '/docs/static/swagger-initializer.js']) {
    const { status, headers } = await send(port, 'GET', path, { accept: 'text/html' });
    assert.equal(status, 200, path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'[ ;].*frame-ancestors 'none'/, path);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/, path);
    assertSecure({ ...headers, 'content-security-policy': EXPECTED['content-security-policy'] }, path);
  }
});

function assertSecure(headers: IncomingHttpHeaders, what: string): void {
  const found = Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, headers[name]]));
  assert.deepEqual(found, EXPECTED, what);
  assert.equal(headers['strict-transport-security'], undefined, `${what}: there is no TLS`);
}
