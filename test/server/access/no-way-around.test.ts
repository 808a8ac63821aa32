import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Scope } from '../../../src/server/access/scopes.js';
import { makeKey, writeKeys } from '../../support/access-keys.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';

const ROWS = '{"instances": [[1, 2, 3]]}';
const SCOPES: readonly Scope[] = ['predict', 'metrics', 'read', 'activate'];

interface Closed extends TestApp {
  readonly port: number;
  readonly keys: Readonly<Record<string, string>>;
  /** Rows predicted so far. */
  readonly predicted: () => number;
}

/** A service that wants keys, at a port, with and without the fast path. */
async function closed(t: TestContext, fastPath = true): Promise<Closed> {
  const made = SCOPES.map((scope) => makeKey([scope]));
  const parts = await buildTestApp(t, ['a', 'b', 'c'], { fastPath }, { API_KEYS: writeKeys(t, made) });
  parts.log.level = 'info';
  let rows = 0;
  parts.service.observe(({ count }) => {
    rows += count;
  });
  const url = await parts.app.listen({ host: '127.0.0.1', port: 0 });
  const keys = Object.fromEntries(SCOPES.map((scope, i) => [scope, made[i]!.text]));
  return { ...parts, port: Number(new URL(url).port), keys, predicted: () => rows };
}

/** Sends bytes over one connection, and returns all that comes until it closes. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.setTimeout(20_000, () => socket.destroy());
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return received;
}

const statusesIn = (received: string) =>
  Array.from(received.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));

function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return `${[line, 'host: localhost', ...headers, ...length].join('\r\n')}\r\n\r\n${body}`;
}

const JSON_TYPE = 'content-type: application/json';
const CLOSE = 'connection: close';

test('no spelling of a path reaches its handler without its scope', async (t) => {
  const { port, keys, app } = await closed(t);
  const spellings = (path: string) => {
    const [first, ...rest] = path.slice(1);
    return [
      path,
      `${path}/`,
      `/${path}`,
      `//localhost${path}`,
      `/.${path}`,
      `/x/..${path}`,
      `/%2e${path}`,
      `/x/%2e%2e${path}`,
      `${path}%20`,
      `${path}%00`,
      `${path}/.`,
      `${path}//`,
      `${path};a=b`,
      `${path};/livez`,
      `${path}?/livez`,
      `${path}#/livez`,
      `${path}%3f/livez`,
      `${path}%2flivez`,
      `/livez/..${path}`,
      `/livez%2f..${path}`,
      `/livez;${path}`,
      path.toUpperCase(),
      `/%${first!.charCodeAt(0).toString(16)}${rest.join('')}`,
      `/%25${first!.charCodeAt(0).toString(16)}${rest.join('')}`,
      `\\${path.slice(1)}`,
      `http://localhost${path}`,
      `HTTP://localhost:80${path}`,
      `http://user:pass@localhost${path}`,
      `https://localhost/livez/..${path}`,
    ];
  };
  const calls = [
    ...spellings('/models').map((path) => ['GET', path]),
    ...spellings('/metrics').map((path) => ['GET', path]),
    ...spellings('/docs/').map((path) => ['GET', path]),
    ...spellings('/drift/reset').map((path) => ['POST', path]),
    ...spellings('/v2/repository/models/test/load').map((path) => ['POST', path]),
    ...spellings('/V1/Models/test:predict').map((path) => ['POST', path]),
    ...spellings('/predict').flatMap((path) => [
      ['POST', path],
      ['HEAD', path],
      ['OPTIONS', path],
      ['PUT', path],
      ['TRACE', path],
    ]),
  ] as [string, string][];
  for (const version of ['1.1', '1.0']) {
    for (const [method, path] of calls) {
      const received = await exchange(port, request(`${method} ${path} HTTP/${version}`, [JSON_TYPE, CLOSE], ROWS));
      const statuses = statusesIn(received);
      const name = `${method} ${path} HTTP/${version}: ${received.slice(0, 300)}`;
      assert.equal(statuses.length, 1, name);
      assert.ok([400, 401, 404, 405, 421].includes(statuses[0]!), name);
    }
  }
  assert.ok(calls.length > 250);
  // The same spellings with a key of another scope.
  for (const [method, path] of calls) {
    const key = /metrics|%6detrics/i.test(path) ? keys['read'] : keys['metrics'];
    const received = await exchange(
      port,
      request(`${method} ${path} HTTP/1.1`, [JSON_TYPE, CLOSE, `x-api-key: ${key}`], ROWS),
    );
    assert.ok(
      [400, 403, 404, 405, 421].includes(statusesIn(received)[0]!),
      `${method} ${path}: ${received.slice(0, 300)}`,
    );
  }
  assert.equal((await app.inject({ url: '/models', headers: { 'x-api-key': keys['read']! } })).json().models.length, 1);
});

test('headers that other servers understand as another method, path or client change nothing', async (t) => {
  const { port, predicted } = await closed(t);
  for (const header of [
    'x-http-method-override: GET',
    'x-method-override: GET',
    'x-original-url: /livez',
    'x-rewrite-url: /livez',
    'x-forwarded-for: 127.0.0.1',
    'x-real-ip: 127.0.0.1',
    'forwarded: for=127.0.0.1;proto=https',
    'x-forwarded-user: admin',
    'x-remote-user: admin',
    'remote-user: admin',
    'x-client-cert: CN=admin',
    'x-forwarded-prefix: /livez',
    'authorization: Bearer',
    'authorization: Bearer null',
    'authorization: Basic Og==',
    'authorization: Basic YWRtaW46YWRtaW4=',
    'x-api-key: ',
    'x-api-key: rr_',
    'x-api-key: __proto__',
    'authorization: Bearer rr_constructor_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'cookie: session=admin',
  ]) {
    const received = await exchange(port, request('POST /predict HTTP/1.1', [JSON_TYPE, CLOSE, header], ROWS));
    assert.ok([401, 429].includes(statusesIn(received)[0]!), `${header}: ${received.slice(0, 300)}`);
  }
  assert.equal(predicted(), 0);
});

for (const fastPath of [true, false]) {
  const where = fastPath ? 'on the fast path' : 'without the fast path';

  test(`a key counts in any spelling of its header, and two credentials are refused, ${where}`, async (t) => {
    const { port, keys, predicted } = await closed(t, fastPath);
    const { predict, metrics } = keys as { predict: string; metrics: string };
    const basic = (password: string) => `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
    const status = async (...headers: string[]) => {
      const statuses: number[] = [];
      // The second time the key is known.
      for (let i = 0; i < 2; i++) {
        const received = await exchange(port, request('POST /predict HTTP/1.1', [JSON_TYPE, ...headers], ROWS) + LAST);
        statuses.push(statusesIn(received)[0]!);
      }
      assert.equal(statuses[0], statuses[1], headers.join());
      return statuses[0];
    };
    const LAST = request('GET /livez HTTP/1.1', [CLOSE]);
    for (const header of [
      `authorization: Bearer ${predict}`,
      `AUTHORIZATION: bearer  ${predict}`,
      `Authorization:BEARER ${predict}`,
      `X-Api-Key: ${predict}`,
      `x-API-key:${predict}`,
      `authorization: ${basic(predict)}`,
    ]) {
      assert.equal(await status(header), 200, header);
    }
    const before = predicted();
    for (const [headers, expected] of [
      [[`authorization: Bearer ${predict}`, `authorization: Bearer ${metrics}`], 401],
      [[`authorization: Bearer ${metrics}`, `Authorization: Bearer ${predict}`], 401],
      [[`authorization: Bearer ${predict}`, `AUTHORIZATION: Bearer ${predict}`], 401],
      [[`authorization: Bearer ${predict}`, `x-api-key: ${predict}`], 401],
      [[`x-api-key: ${predict}`, `x-api-key: ${predict}`], 401],
      [[`authorization: ${predict}`], 401],
      [[`x-api-key: Bearer ${predict}`], 401],
      [[`authorization: Bearer ${predict}, Bearer ${metrics}`], 401],
    ] as const) {
      const got = await status(...headers);
      assert.ok(got === expected || got === 429, `${headers.join()}: ${got}`);
    }
    assert.equal(await status(`authorization: Bearer ${metrics}`), 403);
    assert.equal(predicted(), before);
  });

  test(`requests behind a refused one on the same connection are judged on their own, ${where}`, async (t) => {
    const { port, keys, predicted } = await closed(t, fastPath);
    const right = `authorization: Bearer ${keys['predict']}`;
    const post = (...headers: string[]) => request('POST /predict HTTP/1.1', [JSON_TYPE, ...headers], ROWS);
    const bytes = [post(right), post(), post(right), post(`x-api-key: ${keys['metrics']}`), post(right), post(CLOSE)];
    assert.deepEqual(statusesIn(await exchange(port, bytes.join(''))), [200, 401, 200, 403, 200, 401]);
    assert.equal(predicted(), 3);
  });

  test(`a request that names two hosts is refused, ${where}`, async (t) => {
    const { port, keys, predicted } = await closed(t, fastPath);
    const key = `authorization: Bearer ${keys['predict']}`;
    for (const second of ['host: localhost', 'Host: evil.example', 'HOST: ']) {
      const bytes = request('POST /predict HTTP/1.1', [JSON_TYPE, key, second], ROWS);
      const received = await exchange(port, bytes + bytes);
      assert.deepEqual(statusesIn(received), [400], second);
      assert.match(received, /host: expected once, got several/);
    }
    assert.equal(predicted(), 0);
  });

  test(`a request hidden in the body of a refused one is a body, ${where}`, async (t) => {
    const { port, keys, predicted, app } = await closed(t, fastPath);
    const hidden = request(
      'POST /predict HTTP/1.1',
      [JSON_TYPE, `authorization: Bearer ${keys['predict']}`, CLOSE],
      ROWS,
    );
    const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const head = ['POST /predict HTTP/1.1', 'host: localhost', JSON_TYPE];
    const last = request('GET /livez HTTP/1.1', [CLOSE]);
    for (const [what, bytes, statuses] of [
      ['a length', `${request(head[0]!, [JSON_TYPE], hidden)}${last}`, [401, 200]],
      ['chunks', `${head.join('\r\n')}\r\ntransfer-encoding: chunked\r\n\r\n${chunk(hidden)}${last}`, [401, 200]],
      [
        'both',
        `${head.join('\r\n')}\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n${chunk(hidden)}${last}`,
        [400],
      ],
      [
        'two lengths',
        `${head.join('\r\n')}\r\ncontent-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
        [400],
      ],
      ['an unknown coding', `${head.join('\r\n')}\r\ntransfer-encoding: xchunked\r\n\r\n${chunk(hidden)}`, undefined],
      [
        'a folded header',
        `${head.join('\r\n')}\r\ntransfer-encoding:\r\n chunked\r\n\r\n${chunk(hidden)}${last}`,
        undefined,
      ],
      ['a bare line feed', `${head.join('\n')}\ncontent-length: ${hidden.length}\n\n${hidden}`, [400]],
      ['a space before the colon', `${head.join('\r\n')}\r\ncontent-length : ${hidden.length}\r\n\r\n${hidden}`, [400]],
    ] as const) {
      const received = await exchange(port, bytes);
      if (statuses) assert.deepEqual(statusesIn(received), statuses, `${what}: ${received}`);
      assert.equal(predicted(), 0, what);
    }
    assert.ok(app.server.listening);
  });
}

test('a request to upgrade the connection, to open a tunnel, or that expects to be continued is refused like any other', async (t) => {
  const { port, predicted, keys } = await closed(t);
  const head = (...headers: string[]) => request('POST /predict HTTP/1.1', [JSON_TYPE, ...headers], ROWS);
  for (const [what, bytes, expected] of [
    [
      'websocket',
      request('GET /drift/events HTTP/1.1', ['connection: Upgrade', 'upgrade: websocket']) +
        request('GET /models HTTP/1.1', [CLOSE]),
      401,
    ],
    [
      'h2c',
      request('GET /models HTTP/1.1', [
        'connection: Upgrade, HTTP2-Settings',
        'upgrade: h2c',
        'http2-settings: AAMAAABkAAQCAAAAAAIAAAAA',
        CLOSE,
      ]),
      401,
    ],
    ['HTTP/2 at once', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a tunnel', 'CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n\r\n', undefined],
    ['100-continue', head('expect: 100-continue', CLOSE), 401],
    ['another expectation', head('expect: nothing', CLOSE), 417],
    ['the whole server', request('OPTIONS * HTTP/1.1', [CLOSE]), undefined],
  ] as const) {
    const received = await exchange(port, bytes);
    const statuses = statusesIn(received).filter((status) => status !== 100);
    if (expected)
      assert.ok(statuses.length > 0 && statuses.every((status) => status === expected), `${what}: ${received}`);
    else
      assert.ok(
        statuses.every((status) => status >= 400),
        `${what}: ${received}`,
      );
  }
  assert.equal(predicted(), 0);
  const right = await exchange(port, head('expect: 100-continue', CLOSE, `authorization: Bearer ${keys['predict']}`));
  assert.deepEqual(statusesIn(right), [100, 200]);
});

test('a refused upload is not invited to be sent, and its connection ends or stays in step', async (t) => {
  const { port } = await closed(t);
  const received = await exchange(
    port,
    'POST /train HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/csv\r\ncontent-length: 1000000000\r\nexpect: 100-continue\r\n\r\n',
  );
  assert.deepEqual(statusesIn(received), [401]);
  assert.match(received, /\r\nconnection: close\r\n/i);
});
