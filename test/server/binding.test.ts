import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { HealthServer } from '../../src/server/health/health-server.js';
import { MoreAddresses } from '../../src/server/http/more-addresses.js';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { buildTestApp } from '../support/test-app.js';

const MAIN = fileURLToPath(new URL('../../app/main.js', import.meta.url));
const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
/** An address of this machine that a network may reach, if it has one. */
const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const noIPv6 = addresses.some(({ address }) => address === '::1') ? false : 'this machine has no IPv6';

/** Resolves with the code of the error with which a connection fails; undefined if it succeeds. */
async function refusal(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

/** Starts the service with these settings, waits for its end, and returns its exit code and what it has printed. */
function start(env: Record<string, string>, ...args: string[]): { status: number | null; printed: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, printed: stdout + stderr };
}

for (const HOST of ['', 'localhost']) {
  test(`HOST=${HOST} is this machine alone, in both families`, async (t) => {
    const env = { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: 'none.csv', HOST };
    const server = await startServer(t, env);
    const port = Number(new URL(server.url).port);
    assert.equal(server.url, `http://127.0.0.1:${port}`);
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
    if (noIPv6) t.diagnostic(noIPv6);
    else {
      await server.logged(`Server listening at http://[::1]:${port}`);
      assert.equal((await fetch(`http://[::1]:${port}/livez`)).status, 200);
      assert.equal((await fetch(`http://localhost:${port}/livez`)).status, 200);
    }
    if (outer) assert.equal(await refusal(outer, port), 'ECONNREFUSED');
    else t.diagnostic('this machine has no other address');
    assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
  });
}

test('another address without AUTH stops the start, in one line that names the choices', (t) => {
  for (const HOST of ['0.0.0.0', '::', outer ?? '10.0.0.1', hostname()]) {
    const { status, printed } = start({ HOST, PORT: '0', MODEL_STORE: temporaryDirectory(t) });
    assert.equal(status, 1, HOST);
    assert.match(
      printed,
      /^configuration: HOST=\S+ .*AUTH=keys.*AUTH=oidc.*AUTH=mtls.*AUTH=off.*docs\/security\.md\)\n$/,
    );
  }
});

test('with AUTH=off the service listens where it is asked to', {
  skip: outer ? false : 'no other address',
}, async (t) => {
  const env = { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: 'none.csv', HOST: '0.0.0.0', AUTH: 'off' };
  const server = await startServer(t, env);
  const port = Number(new URL(server.url).port);
  assert.equal((await fetch(`http://${outer}:${port}/livez`)).status, 200);
});

test('a platform that authenticates in front is reached from its network, under any name', async (t) => {
  const store = temporaryDirectory(t);
  for (const [args, more] of [
    [['serve'], { SAGEMAKER_BASE_DIR: store }],
    [[], { AIP_MODE: 'PREDICTION', AIP_HEALTH_ROUTE: '/health', AIP_PREDICT_ROUTE: '/predict' }],
  ] as const) {
    const env = { MODEL_STORE: store, TRAIN_DATA: 'none.csv', HOST: '', ...more };
    const server = await startServer(t, env, { args: [...args] });
    const port = Number(new URL(server.url).port);
    const sent = request({
      host: outer ?? '127.0.0.1',
      port,
      path: '/livez',
      headers: { host: 'model.aws.local:8080' },
    }).end();
    const [reply] = await once(sent, 'response');
    assert.equal(reply.statusCode, 200, args.join());
    reply.resume();
    await server.stop('SIGTERM');
  }
});

test('a port that is in use in either family stops the start', { skip: noIPv6 }, async (t) => {
  const other = createServer().listen(0, '::1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { status, printed } = start({ PORT: String(port), MODEL_STORE: temporaryDirectory(t), LOG_LEVEL: 'fatal' });
  assert.deepEqual([status, printed], [1, `PORT=${port}: the port is in use\n`]);
});

/** Starts an application at both addresses. */
async function listenAtBoth(t: TestContext) {
  const parts = await buildTestApp(t);
  const more = new MoreAddresses(parts.app);
  await parts.app.listen({ host: '127.0.0.1', port: 0 });
  await more.listenIPv6Loopback((parts.app.server.address() as AddressInfo).port, false);
  return { ...parts, port: (parts.app.server.address() as AddressInfo).port };
}

test('a request at ::1 that is being answered as the service closes gets its reply', { skip: noIPv6 }, async (t) => {
  const { app, port } = await listenAtBoth(t);
  const body = JSON.stringify({ instances: [[1, 2, 3]] });
  const head = { 'content-type': 'application/json', 'content-length': body.length };
  const sent = request({ host: '::1', port, method: 'POST', path: '/predict', headers: head });
  const idle = connect({ host: '::1', port });
  await once(idle, 'connect');
  sent.write(body.slice(0, 5));
  await new Promise((resolve) => app.server.once('request', resolve));
  const closed = app.close();
  setTimeout(() => sent.end(body.slice(5)), 100);
  const [reply] = await once(sent, 'response');
  assert.equal(reply.statusCode, 200);
  reply.resume();
  idle.destroy();
  await closed;
  assert.equal(await refusal('::1', port), 'ECONNREFUSED');
});

test('both addresses together have as many connections as one', { skip: noIPv6 }, async (t) => {
  const parts = await buildTestApp(t);
  parts.app.server.maxConnections = 4;
  const more = new MoreAddresses(parts.app);
  await parts.app.listen({ host: '127.0.0.1', port: 0 });
  await more.listenIPv6Loopback((parts.app.server.address() as AddressInfo).port, false);
  const { port } = parts.app.server.address() as AddressInfo;
  let closed = 0;
  const sockets = [];
  for (let i = 0; i < 8; i++) {
    const socket = connect({ host: i % 2 ? '::1' : '127.0.0.1', port });
    socket.on('error', () => {}).once('close', () => closed++);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    sockets.push(socket);
    // The service, in this same event loop, accepts it.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(closed, 4);
  const scraped = (await parts.app.inject('/metrics')).body;
  assert.match(scraped, /^http_connections 4$/m);
  assert.match(scraped, /^http_connections_refused_total 4$/m);
});

test('health checks of this machine alone are answered in both families', async (t) => {
  const service = { ready: { version: 1 } } as ConstructorParameters<typeof Object>[0];
  const health = await HealthServer.listen({
    host: '',
    port: 0,
    service,
    isOpen: true,
    log: pino({ level: 'silent' }),
  });
  t.after(() => health.close());
  for (const host of noIPv6 ? ['127.0.0.1'] : ['127.0.0.1', '[::1]']) {
    const reply = await fetch(`http://${host}:${health.port}/livez`);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
  }
});
