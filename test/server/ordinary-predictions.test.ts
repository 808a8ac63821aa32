import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { buildTestApp, type TestApp } from './test-app.js';

const ROWS = '{"instances": [[1, 2, 3], [4.5, -5e-1, 6]]}';

/** An application that listens and logs as it does by default; `handled` counts the requests that Fastify's handlers get. */
async function listening(
  t: TestContext,
  ...options: Parameters<typeof buildTestApp> extends [unknown, ...infer R] ? R : never
): Promise<TestApp & { url: string; port: number; handled: () => number }> {
  const parts = await buildTestApp(t, ...options);
  const { app, log } = parts;
  log.level = 'info';
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  let handled = 0;
  const count = (message: unknown) => {
    if ((message as { request: { server: FastifyInstance } }).request.server.server === app.server) handled++;
  };
  diagnostics.subscribe('tracing:fastify.request.handler:start', count);
  t.after(() => diagnostics.unsubscribe('tracing:fastify.request.handler:start', count));
  return { ...parts, url, port: Number(new URL(url).port), handled: () => handled };
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

/** Sends `pieces` one after another, each when the former has left, and returns all that comes until the server closes. */
async function exchange(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
    // The server, in this same event loop, reads the piece in its turn.
    await setImmediate();
    await setImmediate();
  }
  await once(socket, 'close');
  return received;
}

function message(body: string, headers = ''): string {
  return `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

test('an ordinary prediction is answered ahead of Fastify, to the last header as by the route', async (t) => {
  const { log, url, handled } = await listening(t);
  const ahead = await post(url, ROWS);
  assert.equal(handled(), 0);
  log.level = 'debug';
  const routed = await post(url, ROWS);
  assert.equal(handled(), 1);
  assert.equal(ahead.status, 200);
  assert.equal(await ahead.text(), await routed.text());
  const rest = ({ headers }: Response) =>
    Array.from(headers).filter(([name]) => name !== 'x-request-id' && name !== 'date');
  assert.deepEqual(rest(ahead), rest(routed));
  assert.match(ahead.headers.get('x-request-id')!, /^[0-9a-f]{16}-0{11}1$/);
  assert.match(routed.headers.get('x-request-id')!, /^[0-9a-f]{16}-0{11}2$/);
  assert.ok(Math.abs(Date.parse(ahead.headers.get('date')!) - Date.now()) < 60_000);
});

test('what is answered ahead of Fastify is timed, counted and watched like the rest', async (t) => {
  const { app, url, handled, service } = await listening(t);
  const seen: number[] = [];
  service.observe(({ count }) => seen.push(count));
  for (let i = 0; i < 3; i++) await (await post(url, ROWS)).text();
  assert.equal(handled(), 0);
  assert.deepEqual(seen, [2, 2, 2]);
  const { body } = await app.inject('/metrics');
  assert.match(body, /^http_request_duration_seconds_count\{method="POST",route="\/predict",status="200"\} 3$/m);
  assert.match(body, /^model_predictions_total 3$/m);
});

test('a request id that a client gives comes back, and a bad one is replaced', async (t) => {
  const { url, handled } = await listening(t);
  assert.equal((await post(url, ROWS, { 'x-request-id': 'order-7' })).headers.get('x-request-id'), 'order-7');
  assert.match((await post(url, ROWS, { 'x-request-id': 'a b' })).headers.get('x-request-id')!, /^[0-9a-f]{16}-/);
  assert.equal(handled(), 0);
});

const UNUSUAL: [what: string, body: string, status: number, code: string | undefined][] = [
  ['named rows', '{"instances": [{"a": 1, "b": 2, "c": 3}]}', 200, undefined],
  ['a null', '{"instances": [[1, null, 3]]}', 400, 'INVALID_ROWS'],
  ['broken JSON', '{"instances": [[1, 2', 400, 'INVALID_JSON'],
  ['no rows', '{"instances": []}', 400, 'INVALID_ROWS'],
  ['too many rows', `[${Array.from({ length: 101 }, () => '[1,2,3]')}]`, 413, 'TOO_LARGE'],
  ['a row too far off', '[[3e38, 3e38, 3e38]]', 400, 'NON_FINITE_OUTPUT'],
];

for (const [what, body, status, code] of UNUSUAL) {
  test(`${what} goes on to the route, body and all`, async (t) => {
    const { app, url, handled } = await listening(t);
    const response = await post(url, body);
    assert.equal(handled(), 1);
    assert.equal(response.status, status);
    const answer = (await response.json()) as Record<string, unknown>;
    assert.equal(answer['code'], code);
    const request = {
      method: 'POST',
      url: '/predict',
      headers: { 'content-type': 'application/json' },
      payload: body,
    } as const;
    const injected = (await app.inject(request)).json();
    assert.deepEqual({ ...answer, request_id: '' }, { ...injected, request_id: '' });
  });
}

test('a reply that is to be of another type, or large enough to be compressed, is left to the route', async (t) => {
  const { url, handled } = await listening(t, ['a', 'b', 'c'], { maxRows: 1000 });
  const csv = await post(url, ROWS, { accept: 'text/csv' });
  assert.match(csv.headers.get('content-type')!, /^text\/csv/);
  assert.equal(handled(), 1);
  const large = await post(url, `[${Array.from({ length: 900 }, (_, i) => `[${i / 7},2,3]`)}]`);
  assert.equal(large.headers.get('content-encoding'), 'gzip');
  assert.equal(handled(), 2);
});

test('a compressed body is left to the route', async (t) => {
  const { url, handled } = await listening(t);
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const response = await fetch(`${url}/predict`, { method: 'POST', headers, body: gzipSync(ROWS) });
  assert.equal(response.status, 200);
  assert.equal(handled(), 1);
});

test('where Vertex AI has the path, it is answered in its words', async (t) => {
  const { url, handled } = await listening(t, ['a', 'b', 'c'], { vertex: { predict: '/predict', health: '/health' } });
  const answer = (await (await post(url, ROWS)).json()) as Record<string, unknown>;
  assert.equal(answer['reconstruction_error'], undefined);
  assert.equal(handled(), 1);
});

test('without a model the reason is told', async (t) => {
  const { url } = await listening(t, []);
  const response = await post(url, ROWS);
  assert.equal(response.status, 503);
  assert.equal(((await response.json()) as { code: string }).code, 'NOT_READY');
});

const LAST = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

test('a body that comes in pieces is read whole, even if the first would do', async (t) => {
  const { port } = await listening(t);
  const inPieces = (...pieces: string[]) => {
    const text = message(pieces.join(''));
    const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
    return exchange(port, [head, ...pieces, LAST]);
  };
  assert.match(await inPieces(ROWS.slice(0, 20), ROWS.slice(20)), /^HTTP\/1\.1 200 OK\r\n.*"model_version":"1"\}/s);
  assert.match(await inPieces('[[1, 2, 3]]', ' and more'), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test('a body beyond the limit is refused', async (t) => {
  const { url } = await listening(t, ['a', 'b', 'c'], { bodyLimit: ROWS.length });
  assert.equal((await post(url, ROWS)).status, 200);
  assert.equal((await post(url, `${ROWS} `)).status, 413);
});

test('a connection that the client wants closed is closed, by HTTP/1.0 too', async (t) => {
  const { port } = await listening(t);
  const closed = await exchange(port, [message(ROWS, 'connection: close\r\n')]);
  assert.match(closed, /^HTTP\/1\.1 200 OK\r\n.*\r\nconnection: close\r\n/is);
  const old = await exchange(port, [message(ROWS).replace('HTTP/1.1', 'HTTP/1.0')]);
  assert.match(old, /^HTTP\/1\.1 200 OK\r\n/);
});

test('requests sent at once over one connection are answered in their order', async (t) => {
  const { port } = await listening(t);
  const rows = (i: number) => `[[${i}, 2, 3]]`;
  const one = async (i: number) =>
    (await exchange(port, [message(rows(i), 'connection: close\r\n')])).split('\r\n\r\n')[1]!;
  const apart = [await one(1), await one(2), await one(3), await one(4)];
  const sent = [1, 2, 3, 4].map((i) => message(rows(i), i === 4 ? 'connection: close\r\n' : `x-request-id: ${i}\r\n`));
  const together = await exchange(port, [sent.join('')]);
  const bodies = (text: string) => text.split(/(?=HTTP\/1\.1 )/).map((answer) => answer.split('\r\n\r\n')[1]);
  assert.deepEqual(bodies(together), apart);
  // Here the prediction is there before the answer that must go first.
  const behind = await exchange(port, [`GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n${message(rows(1))}${LAST}`]);
  assert.deepEqual(bodies(behind).slice(1), [apart[0], '{"status":"live"}']);
});

test('a client that leaves in the middle of a body disturbs nobody', async (t) => {
  const { port, url, app } = await listening(t);
  for (const cut of [-1, 20]) {
    const text = message(ROWS);
    const at = cut < 0 ? text.indexOf('\r\n\r\n') + 4 : text.length - cut;
    const socket = connect({ host: '127.0.0.1', port });
    const gone = once(app.server, 'connection').then(([server]) => once(server, 'close'));
    await new Promise((resolve) => socket.write(text.slice(0, at), resolve));
    socket.destroy();
    await gone;
  }
  assert.equal((await post(url, ROWS)).status, 200);
});

test('a request that ends while the application closes is answered, and its connection closed', async (t) => {
  const { app, port } = await listening(t);
  const [head, body] = message(ROWS).split('\r\n\r\n') as [string, string];
  const socket = connect({ host: '127.0.0.1', port });
  const begun = once(app.server, 'request');
  socket.write(`${head}\r\n\r\n`);
  await begun;
  const closed = app.close();
  while (app.server.listening) await setImmediate();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write(body);
  await once(socket, 'close');
  await closed;
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n.*connection: close/is);
});
