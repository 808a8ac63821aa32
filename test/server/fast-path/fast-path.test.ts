import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { buildTestApp, publishUntrained, type TestApp, type TestOptions } from '../../support/test-app.js';

const DATA = '[[1, 2, 3], [4.5, -5e-1, 6]]';
const ROWS = `{"instances": ${DATA}}`;
const TENSOR = '"inputs": [{"name": "inputs", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4.5, -5e-1, 6]}]';
const TENSORFLOW = '/v1/models/test:predict';
const OPEN_INFERENCE = '/v2/models/test/infer';
const MLFLOW = '/invocations';
const VERTEX = { predict: '/vertex/m:predict', health: '/vertex' };
const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';

/** Two rows in the words of each contract. */
const FORMS: [what: string, path: string, body: string, headers?: Record<string, string>][] = [
  ['the native form', '/predict', ROWS],
  ['the native form, named rows', '/predict', '[{"c": 3, "a": 1, "b": 2}, {"b": 5, "a": 4, "c": 6}]'],
  ['TensorFlow Serving, rows', TENSORFLOW, ROWS],
  ['TensorFlow Serving, columnar', TENSORFLOW, `{"inputs": ${DATA}}`],
  ['TensorFlow Serving, named values', TENSORFLOW, '{"inputs": {"c": [3, 6], "a": [1, 4.5], "b": [2, -0.5]}}'],
  [
    'TensorFlow Serving, regress',
    '/v1/models/test:regress',
    '{"examples": [{"a": 1, "b": 2, "c": 3}, {"a": 4, "c": 6, "b": 5}]}',
  ],
  ['Vertex AI', VERTEX.predict, ROWS],
  ['Open Inference Protocol V2', OPEN_INFERENCE, `{${TENSOR}}`],
  ['Open Inference Protocol V2 with an id', OPEN_INFERENCE, `{"id": "order-7", ${TENSOR}}`],
  ['Open Inference Protocol V2 with an id beyond ASCII', OPEN_INFERENCE, `{"id": "\\u00fc\\u20ac", ${TENSOR}}`],
  [
    'Open Inference Protocol V2, all outputs',
    OPEN_INFERENCE,
    `{${TENSOR}, "outputs": [{"name": "reconstruction"}, {"name": "predictions"}, {"name": "reconstruction_error"}]}`,
  ],
  [
    'Open Inference Protocol V2, bytes requested',
    OPEN_INFERENCE,
    `{${TENSOR}, "parameters": {"binary_data_output": true}}`,
  ],
  ['MLflow, instances', MLFLOW, ROWS],
  ['MLflow, inputs', MLFLOW, `{"inputs": ${DATA}}`],
  ['MLflow, dataframe_split', MLFLOW, `{"dataframe_split": {"columns": ["a", "b", "c"], "data": ${DATA}}}`],
  ['MLflow, dataframe_records', MLFLOW, '{"dataframe_records": [{"a": 1, "b": 2, "c": 3}, {"a": 4, "c": 6, "b": 5}]}'],
  [
    'SageMaker, JSON Lines',
    MLFLOW,
    '[1, 2, 3]\n{"c": 6, "a": 4.5, "b": -5e-1}\n',
    { 'content-type': 'application/jsonlines' },
  ],
  ['SageMaker, TensorFlow Serving', MLFLOW, `{"inputs": ${DATA}}`, { [ATTRIBUTES]: 'tfs-model-name=test' }],
  [
    'SageMaker, regress of TensorFlow Serving',
    MLFLOW,
    '{"examples": [{"a": 1, "b": 2, "c": 3}, {"a": 4, "c": 6, "b": 5}]}',
    { [ATTRIBUTES]: 'tfs-method=regress' },
  ],
];

/**
 * Starts an application with the fast path and the default log level. `handled` returns the number of requests that reached
 * Fastify's handlers.
 */
async function listening(
  t: TestContext,
  features: readonly string[] = ['a', 'b', 'c'],
  options: TestOptions = {},
): Promise<TestApp & { url: string; port: number; handled: () => number }> {
  const parts = await buildTestApp(t, features, { fastPath: true, ...options });
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

function post(url: string, body: string, headers: Record<string, string> = {}, path = '/predict'): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

/** Sends `pieces` one after another, each when the former has left, and returns all that comes until the server closes. */
async function exchange(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
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

function message(body: string, headers = '', path = '/predict'): string {
  const type = headers.startsWith('content-type') ? '' : 'content-type: application/json\r\n';
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${type}${headers}content-length: ${body.length}\r\n\r\n${body}`;
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

test('with the fast path off, Fastify answers every request', async (t) => {
  const { url, handled } = await listening(t, ['a', 'b', 'c'], { fastPath: false });
  for (let i = 0; i < 2; i++) assert.equal((await post(url, ROWS)).status, 200);
  assert.equal(handled(), 2);
});

const LAST = 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';

for (const [what, path, body, headers = {}] of FORMS) {
  test(`${what}: sent, observed and counted ahead of Fastify as by the route`, async (t) => {
    const { app, port, handled, service } = await listening(t, ['a', 'b', 'c'], { vertex: VERTEX });
    const seen: number[] = [];
    service.observe(({ count }) => seen.push(count));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const sent = message(body, lines.join(''), path);
    const replies = async (text: string) => (await exchange(port, [text, LAST])).split(/(?=HTTP\/1\.1 )/);
    const [ahead] = await replies(sent);
    assert.equal(handled(), 1, 'the last request alone');
    // Another way to write the same type.
    const [routed] = await replies(sent.replace(/content-type: \S+/, '$&;charset=utf-8'));
    assert.equal(handled(), 3);
    const plain = (reply = '') => reply.replace(/^(x-request-id|Date): .*$/gm, '$1');
    assert.match(plain(ahead), /^HTTP\/1\.1 200 OK\r\ncontent-security-policy: .*\r\n(.*\r\n){4}x-request-id\r?\n/);
    assert.equal(plain(ahead), plain(routed));
    assert.deepEqual(seen, [2, 2]);
    const { body: metrics } = await app.inject('/metrics');
    assert.deepEqual(metrics.match(/(?<=^http_request_duration_seconds_count\{method="POST".*\} ).*$/gm), ['2']);
  });
}

test("a version's path is answered ahead of Fastify from the second request on, while that version serves", async (t) => {
  const { url, handled, loader, store } = await listening(t);
  const path = '/v1/models/test/versions/1:predict';
  const answers: string[] = [];
  for (let i = 0; i < 3; i++) answers.push(await (await post(url, ROWS, {}, path)).text());
  assert.equal(handled(), 1);
  assert.deepEqual(new Set(answers).size, 1);
  await loader.activate(await publishUntrained(store, ['a', 'b', 'c'], ['y']));
  assert.equal((await post(url, ROWS, {}, path)).status, 404);
  assert.equal((await post(url, ROWS, {}, path.replace('1:', '2:'))).status, 200);
  assert.equal((await post(url, ROWS, {}, path.replace('1:', '999:'))).status, 404);
  assert.equal(handled(), 4);
});

test('statistics count what is answered ahead of Fastify', async (t) => {
  const { app, url, port, handled } = await listening(t);
  for (let i = 0; i < 3; i++) await (await post(url, `{${TENSOR}}`, {}, OPEN_INFERENCE)).text();
  assert.equal(handled(), 0);
  // Counted before the next request of its connection is answered.
  await exchange(port, [message(`{${TENSOR.replace('[2, 3]', '[3, 3]')}}`, '', OPEN_INFERENCE), LAST]);
  assert.equal(handled(), 2);
  const [stats] = (await app.inject('/v2/models/test/stats')).json().model_stats;
  assert.equal(stats.inference_count, 6);
  assert.equal(stats.execution_count, 3);
  assert.equal(stats.inference_stats.success.count, 3);
  assert.equal(stats.inference_stats.fail.count, 1);
  assert.ok(stats.inference_stats.compute_infer.ns > 0);
  assert.deepEqual(
    stats.batch_stats.map(({ batch_size, compute_infer }: { batch_size: number; compute_infer: { count: number } }) => [
      batch_size,
      compute_infer.count,
    ]),
    [[2, 3]],
  );
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

const MANY = JSON.stringify({ instances: Array.from({ length: 101 }, () => [1, 2, 3]) });
const LEFT: [what: string, path: string, body: string, headers: Record<string, string>, status: number][] = [
  ['broken JSON for TensorFlow Serving', TENSORFLOW, '{"instances": [[1, 2', {}, 400],
  ['too many rows for TensorFlow Serving', TENSORFLOW, MANY, {}, 413],
  ['a row too far off for TensorFlow Serving', TENSORFLOW, '{"instances": [[3e38, 3e38, 3e38]]}', {}, 400],
  ['a form for TensorFlow Serving', TENSORFLOW, ROWS, { 'content-type': 'application/x-www-form-urlencoded' }, 200],
  ['a query for TensorFlow Serving', `${TENSORFLOW}?a=1`, ROWS, {}, 200],
  ['a version of TensorFlow Serving', '/v1/models/test/versions/1:predict', ROWS, {}, 200],
  ['a label of TensorFlow Serving', '/v1/models/test/labels/production:predict', ROWS, {}, 200],
  ['another model of TensorFlow Serving', '/v1/models/other:predict', ROWS, {}, 404],
  ['another method of TensorFlow Serving', '/v1/models/test:classify', ROWS, {}, 501],
  ['a version of V2', '/v2/models/test/versions/1/infer', `{${TENSOR}}`, {}, 200],
  ['another model of V2', '/v2/models/other/infer', `{${TENSOR}}`, {}, 404],
  ['a wrong shape for V2', OPEN_INFERENCE, `{${TENSOR.replace('[2, 3]', '[2, 4]')}}`, {}, 400],
  [
    'a wrong length of the header of V2',
    OPEN_INFERENCE,
    `{${TENSOR}}`,
    { 'inference-header-content-length': 'x' },
    400,
  ],
  ['classify of SageMaker', MLFLOW, ROWS, { [ATTRIBUTES]: 'tfs-method=classify' }, 501],
  ['another version of SageMaker', MLFLOW, ROWS, { [ATTRIBUTES]: 'tfs-model-version=9' }, 404],
  ['two keys for MLflow', MLFLOW, `{"instances": ${DATA}, "inputs": ${DATA}}`, {}, 400],
  ['CSV requested from MLflow', MLFLOW, ROWS, { accept: 'text/csv' }, 200],
  ['a CSV for MLflow', MLFLOW, '1,2,3\n', { 'content-type': 'text/csv' }, 200],
];

for (const [what, path, body, headers, status] of LEFT) {
  test(`${what} goes on to the route, and no observer sees it twice`, async (t) => {
    const { app, url, handled, service } = await listening(t);
    let observed = 0;
    service.observe(() => observed++);
    const response = await post(url, body, headers, path);
    const text = await response.text();
    assert.equal(handled(), 1);
    assert.equal(response.status, status);
    assert.equal(observed, status === 200 ? 1 : 0);
    const given = { 'content-type': 'application/json', ...headers };
    const injected = await app.inject({ method: 'POST', url: path, headers: given, payload: body });
    const plain = (answer: string) => answer.replace(/"request_id":"[^"]*"/, '');
    assert.equal(plain(text), plain(injected.body));
  });
}

test('a reply of a contract that may be large enough to be compressed is left to the route', async (t) => {
  const { url, handled } = await listening(t, ['a', 'b', 'c'], { maxRows: 2000 });
  const few = JSON.stringify({ instances: Array.from({ length: 50 }, (_, i) => [i / 7, 2, 3]) });
  const many = JSON.stringify({ instances: Array.from({ length: 1500 }, (_, i) => [i / 7, 2, 3]) });
  assert.equal((await post(url, few, {}, TENSORFLOW)).status, 200);
  assert.equal(handled(), 0);
  assert.equal((await post(url, many, {}, TENSORFLOW)).headers.get('content-encoding'), 'gzip');
  assert.equal(handled(), 1);
  const id = await post(url, `{"id": "${'x'.repeat(20_000)}", ${TENSOR}}`, {}, OPEN_INFERENCE);
  assert.equal(id.headers.get('content-encoding'), 'gzip');
  assert.equal(handled(), 2);
  // Of a small body too.
  const data = Array.from({ length: 1800 }, (_, i) => i % 10);
  const tensor = { name: 'inputs', shape: [600, 3], datatype: 'FP32', data };
  const outputs = ['predictions', 'reconstruction', 'reconstruction_error'].map((name) => ({ name }));
  const all = await post(url, JSON.stringify({ inputs: [tensor], outputs }), {}, OPEN_INFERENCE);
  assert.equal(all.headers.get('content-encoding'), 'gzip');
  assert.equal(handled(), 3);
});

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
  assert.equal(handled(), 0);
});

test('where Vertex AI has the path of another contract, that one is answered ahead of Fastify', async (t) => {
  const vertex = { predict: TENSORFLOW, health: '/health' };
  const { url, handled } = await listening(t, ['a', 'b', 'c'], { vertex });
  const response = await post(url, ROWS, {}, TENSORFLOW);
  assert.deepEqual(Object.keys((await response.json()) as object), ['predictions']);
  assert.equal(response.headers.get('x-model-version'), '1');
  assert.equal(handled(), 0);
});

for (const [what, path, body, headers = {}] of FORMS) {
  test(`without a model the reply gives the reason: ${what}`, async (t) => {
    const { url, handled } = await listening(t, [], { vertex: VERTEX });
    const response = await post(url, body, headers, path);
    assert.equal(handled(), 1);
    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as { code: string }).code, 'NOT_READY');
  });
}

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
  const { url } = await listening(t, ['a', 'b', 'c'], { bodyLimit: 1024 });
  assert.equal((await post(url, ROWS.padEnd(1024))).status, 200);
  assert.equal((await post(url, ROWS.padEnd(1025))).status, 413);
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
  const behind = await exchange(port, [`GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n${message(rows(1))}${LAST}`]);
  assert.deepEqual(bodies(behind).slice(1), [apart[0], '{"status":"live"}']);
});

test('a client that leaves in the middle of a body disturbs no other client', async (t) => {
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

test('many clients at once get each its own answers', async (t) => {
  const { url, service } = await listening(t);
  const expected = (row: number[]) => service.predict(Float32Array.from(row), 1).prediction.outputs[0]!;
  await Promise.all(
    Array.from({ length: 20 }, async (_, client) => {
      for (let i = 0; i < 20; i++) {
        const row = [client, i, client * i];
        const { predictions } = (await (await post(url, JSON.stringify([row]))).json()) as { predictions: number[][] };
        assert.equal(Math.fround(predictions[0]![0]!), expected(row));
      }
    }),
  );
});

test('an answer that still waits to be written when the application begins to close comes, and its connection ends', async (t) => {
  const { app, port, service } = await listening(t);
  let closed: Promise<void> | undefined;
  service.observe(() => {
    closed ??= app.close();
  });
  assert.match(await exchange(port, [message(ROWS)]), /^HTTP\/1\.1 200 OK\r\n/);
  await closed;
});

test('a client that leaves before its reply is written disturbs no other client', async (t) => {
  const { app, port, url, service } = await listening(t);
  const gone = once(app.server, 'connection').then(([server]) => {
    const end = service.observe(() => {
      end();
      server.resetAndDestroy();
    });
  });
  const socket = connect({ host: '127.0.0.1', port });
  await gone;
  socket.write(message(ROWS));
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ECONNRESET');
  assert.equal((await post(url, ROWS)).status, 200);
});
