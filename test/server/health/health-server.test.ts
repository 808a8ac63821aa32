import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

const CARS = fileURLToPath(new URL('../../../../data/auto-mpg.csv', import.meta.url));
const BLOCKED_LOOP = new URL('../../support/blocked-loop.js', import.meta.url).href;

test('the health port answers at once while the event loop is blocked, until that counts as hung', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(
    t,
    { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: CARS, HEALTH_PORT: String(port) },
    { nodeArgs: ['--import', BLOCKED_LOOP] },
  );
  await server.logged('model version serves');
  await until('the health port knows that the service is ready', 5, async () => (await fetch(`${url}/readyz`)).ok);
  assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: 'ready', model_version: '1' });

  server.child.send(18_000);
  const latencies: number[] = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    const response = await fetch(`${url}/livez`, { headers: { connection: 'close' } });
    assert.deepEqual([response.status, await response.json()], [200, { status: 'live' }]);
    latencies.push(performance.now() - start);
    await sleep(100);
  }
  const median = latencies.toSorted((a, b) => a - b)[10]!;
  assert.ok(median < 100, `${median} ms`);

  await until('the service counts as hung', 14, async () => (await fetch(`${url}/livez`)).status === 503);
  for (const path of ['/livez', '/readyz']) {
    const response = await fetch(url + path);
    const { error, code, request_id } = (await response.json()) as Record<string, string>;
    assert.equal(response.status, 503);
    assert.match(error!, /the event loop has not turned for 1\d seconds/);
    assert.deepEqual([code, request_id], ['NOT_READY', response.headers.get('x-request-id')]);
  }
  await until('the event loop turns again', 20, async () => (await fetch(`${url}/livez`)).ok);
});

test('the health port reports why the service is not ready, and knows no other paths', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const directory = temporaryDirectory(t);
  const server = await startServer(t, {
    MODEL_STORE: directory,
    TRAIN_DATA: 'no-such-file.csv',
    HEALTH_PORT: String(port),
  });
  await server.logged('there is no model to serve');
  await until('the reason is known', 5, async () => /no model/.test(await (await fetch(`${url}/readyz`)).text()));
  const [own, main] = await Promise.all([fetch(`${url}/readyz`), fetch(`${server.url}/readyz`)]);
  assert.deepEqual([own.status, main.status], [503, 503]);
  const withoutId = async (response: Response) => ({ ...((await response.json()) as object), request_id: '' });
  assert.deepEqual(await withoutId(own), await withoutId(main));
  const live = await fetch(`${url}/livez?from=balancer`);
  assert.deepEqual([live.status, await live.json()], [200, { status: 'live' }]);
  for (const response of [live, own]) {
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.match(response.headers.get('x-request-id')!, /^[\da-f-]{36}$/);
  }
  assert.equal((await fetch(`${url}/livez`, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(`${url}/livez`, { method: 'POST' })).status, 405);
  const missing = await fetch(`${url}/metrics`);
  const { code } = (await missing.json()) as { code: string };
  assert.deepEqual([missing.status, code], [404, 'NOT_FOUND']);
  const long = (await (await fetch(`${url}/${'x'.repeat(5000)}`)).json()) as { error: string };
  assert.ok(long.error.length < 300, `${long.error.length} characters`);
  await assert.rejects(fetch(`http://127.0.0.2:${port}/livez`), 'it listens only where HOST says');
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
});

test('the health port answers beside any number of connections that send nothing, half a request, or do not read', async (t) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: 'no-such-file.csv',
    HEALTH_PORT: String(port),
  });
  await server.logged('there is no model to serve');
  const request = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n';
  const sent = ['', request, `${request}\r\n`.repeat(100)];
  const sockets = Array.from({ length: 600 }, (_, i) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.pause();
    socket.write(sent[i % sent.length]!);
    return socket;
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (let i = 0; i < 5; i++) {
    const response = await fetch(`${url}/livez`, { headers: { connection: 'close' } });
    assert.deepEqual([response.status, await response.json()], [200, { status: 'live' }]);
  }
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
});

test('a health port in use stops the start in one line', async (t) => {
  const main = fileURLToPath(new URL('../../../app/main.js', import.meta.url));
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const env = { HOST: '127.0.0.1', PORT: '0', HEALTH_PORT: String(port), MODEL_STORE: temporaryDirectory(t) };
  const { status, stderr } = spawnSync(process.execPath, [main], { env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(stderr, `HOST=127.0.0.1 HEALTH_PORT=${port}: the port is in use\n`);
});
