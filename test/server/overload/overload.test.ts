import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { buildTestApp, type TestApp, type TestOptions } from '../../support/test-app.js';

/** Requests that are sent at once: more than are answered as they are read. */
const REQUESTS = 400;
const ROWS = '{"instances": [[1, 2, 3]]}';

interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

async function listen(t: TestContext, options: TestOptions = {}): Promise<TestApp & { port: number }> {
  const parts = await buildTestApp(t, ['a', 'b', 'c'], options);
  parts.log.level = 'info';
  return { ...parts, port: Number(new URL(await parts.app.listen({ host: '127.0.0.1', port: 0 })).port) };
}

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true }).setEncoding('latin1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Opens as many connections as the tests need, and waits until the server has accepted them. */
async function openAll(t: TestContext, { app, port }: { app: TestApp['app']; port: number }): Promise<Socket[]> {
  let accepted = 0;
  const all = new Promise<void>((resolve) => {
    app.server.on('connection', () => {
      if (++accepted === REQUESTS) resolve();
    });
  });
  const sockets = await Promise.all(Array.from({ length: REQUESTS }, () => open(t, port)));
  await all;
  return sockets;
}

/** Returns the next reply over a connection. Its body has a declared length. */
async function receive(socket: Socket): Promise<Reply> {
  const [reply] = await receiveAll(socket, 1);
  return reply!;
}

/** Sends a request and returns its reply. */
async function ask(socket: Socket, request: string): Promise<Reply> {
  const reply = receive(socket);
  socket.write(request);
  return reply;
}

/** Returns replies over a connection, to requests that were sent without waiting for them. */
async function receiveAll(socket: Socket, count: number): Promise<Reply[]> {
  const replies: Reply[] = [];
  let text = '';
  while (replies.length < count) {
    text += (await once(socket, 'data')) as unknown as string;
    for (;;) {
      const headEnd = text.indexOf('\r\n\r\n') + 4;
      const headers = headersOf(text.slice(0, headEnd - 4));
      const end = headEnd + Number(headers.get('content-length'));
      if (headEnd < 4 || !(text.length >= end)) break;
      replies.push({ status: Number(text.slice(9, 12)), headers, body: text.slice(headEnd, end) });
      text = text.slice(end);
    }
  }
  return replies;
}

function headersOf(head: string): Map<string, string> {
  const [, ...lines] = head.split('\r\n');
  return new Map(lines.map((line) => line.toLowerCase().split(': ', 2) as [string, string]));
}

/** Sends a request over each connection, then keeps this thread, which the server shares, busy for so long. */
async function sendAndBlock(sockets: readonly Socket[], request: string, milliseconds: number): Promise<Reply[]> {
  const replies = Promise.all(sockets.map(receive));
  for (const socket of sockets) socket.write(request);
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return replies;
}

const post = (path: string, body = ROWS) =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

for (const fastPath of [true, false]) {
  test(`requests whose turn comes a second late are refused, and their connections stay open (fast path: ${fastPath})`, async (t) => {
    const { app, port, logged } = await listen(t, { fastPath });
    const sockets = await openAll(t, { app, port });
    const replies = await sendAndBlock(sockets, post('/predict'), 1500);
    const refused = replies.filter(({ status }) => status === 503);
    assert.equal(replies.filter(({ status }) => status === 200).length + refused.length, REQUESTS);
    assert.ok(refused.length > REQUESTS / 4, `${refused.length} of ${REQUESTS} are refused`);
    assert.ok(refused.length < REQUESTS, 'what can be answered at once is answered');
    const { headers, body } = refused[0]!;
    const { error, code, request_id, ...rest } = JSON.parse(body);
    assert.match(error, /more requests than it can answer in time/);
    assert.deepEqual([code, rest], ['OVERLOADED', {}]);
    assert.equal(headers.get('x-request-id'), request_id);
    assert.equal(headers.get('retry-after'), '5');
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(headers.get('connection'), 'keep-alive');

    const again = receive(sockets[replies.indexOf(refused[0]!)]!);
    sockets[replies.indexOf(refused[0]!)]!.write(post('/predict'));
    assert.equal((await again).status, 200);
    const { body: metrics } = await app.inject('/metrics');
    const shed = new RegExp(`^http_requests_shed_total\\{reason="late"\\} ${refused.length}$`, 'm');
    assert.match(metrics, shed);
    const counted = `http_request_duration_seconds_count{method="POST",route="/predict",status="503"} ${refused.length}\n`;
    assert.ok(metrics.includes(counted), 'counted like other requests');
    assert.ok(metrics.includes(`model_prediction_duration_seconds_count ${REQUESTS + 1}\n`));
    assert.ok(logged.some(({ msg }) => msg === 'overloaded: requests were refused'));
  });
}

test('every protocol refuses in its own form, ahead of Fastify as behind it', async (t) => {
  const forms = [];
  for (const fastPath of [true, false]) {
    const sockets = await openAll(t, await listen(t, { fastPath }));
    const form = new Map<string, object>();
    for (const [path, body] of [
      ['/v1/models/test:predict', ROWS],
      [
        '/v2/models/test/infer',
        '{"inputs": [{"name": "inputs", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}',
      ],
      ['/invocations', ROWS],
    ] as const) {
      const replies = await sendAndBlock(sockets, post(path, body), 1200);
      const { headers, body: text } = replies.find(({ status }) => status === 503)!;
      const names = Array.from(headers.keys());
      const { request_id: _, ...fields } = JSON.parse(text);
      form.set(path, { names, type: headers.get('content-type'), fields });
    }
    forms.push(form);
  }
  assert.deepEqual(forms[0], forms[1]);
  const { fields } = forms[0]!.get('/invocations') as { fields: Record<string, string> };
  assert.equal(fields['error_code'], 'TEMPORARILY_UNAVAILABLE');
  assert.equal(fields['message'], fields['error']);
});

test('requests that are sent without waiting for replies are refused by their age too, and replies keep their order', async (t) => {
  const { port } = await listen(t);
  const sockets = await Promise.all(Array.from({ length: 4 }, () => open(t, port)));
  for (const socket of sockets) await ask(socket, post('/predict'));
  const rowsOf = (n: number) => 1 + (n % 5);
  const requests = Array.from({ length: REQUESTS }, (_, n) =>
    post('/predict', JSON.stringify({ instances: new Array(rowsOf(n)).fill([1, 2, 3]) })),
  );
  const replies = sockets.map((socket) => receiveAll(socket, REQUESTS));
  for (const socket of sockets) socket.write(requests.join(''));
  const end = performance.now() + 1500;
  while (performance.now() < end);
  const all = await Promise.all(replies);
  for (const one of all) {
    for (const [n, { status, body }] of one.entries()) {
      if (status === 200) assert.equal(JSON.parse(body).predictions.length, rowsOf(n));
      else assert.equal(status, 503);
    }
  }
  const refused = all.flat().filter(({ status }) => status === 503);
  assert.ok(refused.length > REQUESTS, `${refused.length} of ${4 * REQUESTS} are refused`);
  assert.equal(refused[0]!.headers.get('retry-after'), '5');
  assert.equal((await ask(sockets[0]!, post('/predict'))).status, 200, 'the connection stays open');
});

for (const fastPath of [true, false]) {
  test(`the statistics of the Open Inference Protocol count what is refused as failed (fast path: ${fastPath})`, async (t) => {
    const parts = await listen(t, { fastPath });
    const sockets = await openAll(t, parts);
    const body = '{"inputs": [{"name": "inputs", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}';
    const replies = await sendAndBlock(sockets, post('/v2/models/test/infer', body), 1200);
    const refused = replies.filter(({ status }) => status === 503).length;
    assert.ok(refused > 0);
    const { model_stats } = (await parts.app.inject('/v2/models/test/stats')).json();
    const { success, fail } = model_stats[0].inference_stats;
    assert.deepEqual([success.count, fail.count], [REQUESTS - refused, refused]);
    assert.ok(fail.ns > 1e9 * refused && fail.ns < 1e10 * refused, `${fail.ns} ns, with the time that they waited`);
  });
}

test('health checks and scrapes are not refused', async (t) => {
  const parts = await listen(t);
  const { port } = parts;
  const sockets = await openAll(t, parts);
  const paths = ['/livez', '/readyz?verbose=false', '/v2/health/ready'];
  const checks = await Promise.all(paths.map(() => open(t, port)));
  const answers = Promise.all(checks.map(receive));
  const replies = sendAndBlock(sockets, post('/predict'), 0);
  for (const [i, path] of paths.entries()) {
    checks[i]!.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  }
  const end = performance.now() + 1200;
  while (performance.now() < end);
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.ok((await replies).some(({ status }) => status === 503));
});

test('connections above the limit are closed at once, and counted', async (t) => {
  const { app, port } = await listen(t);
  assert.ok(app.server.maxConnections > 1024);
  app.server.maxConnections = 2;
  const sockets = [await open(t, port), await open(t, port)];
  const third = connect({ host: '127.0.0.1', port });
  third.on('error', () => {});
  await once(third, 'close');
  const answer = receive(sockets[1]!);
  sockets[1]!.write(post('/predict'));
  assert.equal((await answer).status, 200);
  const { body } = await app.inject('/metrics');
  assert.match(body, /^http_connections_refused_total 1$/m);
  assert.match(body, /^http_connections 2$/m);
});

test('large predictions that cannot begin within a second are refused', async (t) => {
  const { app } = await listen(t, { maxRows: 100_000, bodyLimit: 2 ** 24 });
  // Named rows are read by the thread, which takes one body after another.
  const payload = { instances: Array.from({ length: 60_000 }, (_, i) => ({ a: i, b: 2, c: 3 })) };
  const text = JSON.stringify(payload);
  const headers = { 'content-type': 'application/json' };
  const replies = await Promise.all(
    Array.from({ length: 60 }, () => app.inject({ method: 'POST', url: '/predict', headers, payload: text })),
  );
  const refused = replies.filter(({ statusCode }) => statusCode === 503);
  assert.ok(refused.length > 0 && refused.length < replies.length, `${refused.length} are refused`);
  assert.ok(replies.every(({ statusCode }) => statusCode === 200 || statusCode === 503));
  assert.equal(refused[0]!.headers['retry-after'], '5');
  const { body } = await app.inject('/metrics');
  assert.match(body, new RegExp(`^http_requests_shed_total\\{reason="late"\\} ${refused.length}$`, 'm'));
});
