import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeKey, writeKeys } from '../../support/access-keys.js';
import { buildTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

const ROWS = { instances: [[1, 2, 3]] };

/** Builds the application with these settings, and listens. */
async function listen(
  t: TestContext,
  environment: NodeJS.ProcessEnv,
  fastPath = true,
): Promise<TestApp & { url: string }> {
  const parts = await buildTestApp(t, ['a', 'b', 'c'], { fastPath }, environment);
  // At `debug`, the fast path leaves all requests to Fastify.
  parts.log.level = 'info';
  return { ...parts, url: await parts.app.listen({ host: '127.0.0.1', port: 0 }) };
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

for (const fastPath of [true, false]) {
  test(`a key that sends more requests than it may gets a 429, and others are answered (fast path: ${fastPath})`, async (t) => {
    const [greedy, other] = [makeKey(['predict'], { name: 'greedy' }), makeKey(['predict', 'metrics'])];
    const environment = { API_KEYS: writeKeys(t, [greedy, other]), LIMIT_REQUESTS: '2' };
    const { url } = await listen(t, environment, fastPath);
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) statuses.push((await post(`${url}/predict`, ROWS, greedy.headers)).status);
    assert.deepEqual(new Set(statuses), new Set([200]));
    let refused = await post(`${url}/predict`, ROWS, greedy.headers);
    // On a busy machine, half a second may have passed.
    for (let i = 0; i < 20 && refused.status === 200; i++) refused = await post(`${url}/predict`, ROWS, greedy.headers);
    assert.equal(refused.status, 429);
    const { error, code, request_id } = (await refused.json()) as Record<string, string>;
    assert.match(error!, /^more requests a second than one client may send \(LIMIT_REQUESTS=2\); try again in 1 s$/);
    assert.equal(code, 'RATE_LIMITED');
    assert.equal(refused.headers.get('x-request-id'), request_id);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(refused.headers.get('ratelimit-policy'), '"requests";q=20;w=10');
    assert.equal(refused.headers.get('ratelimit'), '"requests";r=0;t=1');

    const answered = await post(`${url}/predict`, ROWS, other.headers);
    assert.equal(answered.status, 200);
    assert.equal(answered.headers.get('ratelimit'), '"requests";r=19;t=1');
    const metrics = await (await fetch(`${url}/metrics`, { headers: other.headers })).text();
    assert.match(metrics, /^http_requests_limited_total\{limit="requests",client="greedy"\} \d+$/m);
  });

  test(`rows are counted for every protocol, whatever their number (fast path: ${fastPath})`, async (t) => {
    const tensor = { name: 'inputs', shape: [40, 3], datatype: 'FP32', data: Array(120).fill(1) };
    for (const [path, body] of [
      ['/predict', { instances: Array(40).fill([1, 2, 3]) }],
      ['/v1/models/test:predict', { instances: Array(40).fill([1, 2, 3]) }],
      ['/v2/models/test/infer', { inputs: [tensor] }],
      ['/invocations', { dataframe_split: { columns: ['a', 'b', 'c'], data: Array(40).fill([1, 2, 3]) } }],
    ] as const) {
      const { url } = await listen(t, { LIMIT_ROWS: '2' }, fastPath);
      const first = await post(url + path, body);
      assert.equal(first.status, 200, path);
      assert.match(first.headers.get('ratelimit')!, /^"rows";r=0;t=20$/, path);
      const second = await post(url + path, body);
      assert.equal(second.status, 429, path);
      assert.equal(second.headers.get('retry-after'), '10', path);
      // In the form of the protocol.
      const reply = (await second.json()) as Record<string, unknown>;
      const isMlflow = path === '/invocations';
      assert.match(String(reply[isMlflow ? 'message' : 'error']), /LIMIT_ROWS=2/, path);
      if (isMlflow) assert.equal(reply['error_code'], 'REQUEST_LIMIT_EXCEEDED');
    }
  });
}

test('without credentials each address is a client, and proxies that are trusted name it', async (t) => {
  const { app } = await buildTestApp(t, ['a'], {}, { LIMIT_REQUESTS: '1', TRUST_PROXY: '10.0.0.0/8' });
  const statusOf = async (remoteAddress: string, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return (await app.inject({ url: '/models', remoteAddress, headers })).statusCode;
  };
  const exhaust = async (remoteAddress: string, forwarded?: string) => {
    for (let i = 0; i < 30 && (await statusOf(remoteAddress, forwarded)) === 200; i++);
    return statusOf(remoteAddress, forwarded);
  };
  assert.equal(await exhaust('10.0.0.1', '192.0.2.1'), 429);
  assert.equal(await statusOf('10.0.0.1', '192.0.2.2'), 200);
  assert.equal(await statusOf('10.0.0.9', '192.0.2.1, 10.3.3.3'), 429);
  // Whoever is not a proxy cannot choose its address, nor spend what others may use.
  assert.equal(await exhaust('198.51.100.1', '192.0.2.7'), 429);
  assert.equal(await statusOf('198.51.100.1', '192.0.2.8'), 429);
  assert.equal(await statusOf('10.0.0.1', '192.0.2.7'), 200);
});

test('health checks are not limited', async (t) => {
  const { app } = await buildTestApp(t, ['a'], {}, { LIMIT_REQUESTS: '1' });
  for (let i = 0; i < 50; i++) assert.equal((await app.inject('/livez')).statusCode, 200);
  assert.equal((await app.inject('/models')).statusCode, 200);
});

test('what one client holds at once is bounded: tables that arrive and their bytes', async (t) => {
  const { url, app } = await listen(t, { LIMIT_TRAININGS: '1', LIMIT_SCRATCH: '2000' });
  const table = request(`${url}/train?target=y`, { method: 'POST', headers: { 'content-type': 'text/csv' } });
  table.on('error', () => {});
  table.write('a,b,c,y\n');
  const csv = (body: string) =>
    fetch(`${url}/train?target=y`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body });
  await until('the first table arrives', 20, async () => (await csv('x')).status === 429);
  const refused = await csv('x');
  assert.equal(refused.headers.get('ratelimit-policy'), '"trainings";q=1;qu="concurrent-requests"');
  assert.equal(refused.headers.get('retry-after'), '5');
  table.destroy();
  await until('its place is free', 20, async () => (await csv('x')).status === 400);

  const large = await csv(`a,b,c,y\n${'1,2,3,4\n'.repeat(300)}`);
  assert.equal(large.status, 413, await large.clone().text());
  assert.match(((await large.json()) as { error: string }).error, /LIMIT_SCRATCH/);
  const { body: metrics } = await app.inject('/metrics');
  assert.match(metrics, /^http_requests_limited_total\{limit="trainings",client="anyone"\} [1-9]/m);
});

test('the event streams that one client follows at once are bounded', async (t) => {
  const { url, app } = await listen(t, { LIMIT_EVENT_STREAMS: '1' });
  const instances = Array.from({ length: 100 }, (_, i) => ({ a: i % 7, b: i % 11, c: i % 13, y: i }));
  const trained = await post(`${url}/train?wait=true&epochs=1`, { instances, target: 'y' });
  assert.equal(trained.status, 200, await trained.text());
  const open = () => fetch(`${url}/drift/events`);
  const followed = await open();
  assert.equal(followed.status, 200);
  const refused = await open();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('ratelimit-policy'), '"event_streams";q=1;qu="concurrent-requests"');
  const { body: metrics } = await app.inject('/metrics');
  assert.match(metrics, /^http_requests_limited_total\{limit="event_streams",client="anyone"\} 1$/m);
  await followed.body!.cancel();
  await until('its place is free', 20, async () => (await open()).status === 200);
});

test('two tables of one client share its bytes on the disk', async (t) => {
  const { url } = await listen(t, { LIMIT_SCRATCH: '3000' });
  const head = { method: 'POST', headers: { 'content-type': 'text/csv' } };
  const first = request(`${url}/train?target=y`, head);
  first.on('error', () => {});
  first.write(`a,b,c,y\n${'1,2,3,4\n'.repeat(250)}`);
  const second = () => fetch(`${url}/train?target=y`, { ...head, body: `a,b,c,y\n${'1,2,3,4\n'.repeat(200)}` });
  await until('the first table has arrived', 20, async () => (await second()).status === 429);
  first.destroy();
  await until('the second one has room', 20, async () => (await second()).status !== 429);
});

test('an address with too many connections gets a 429 over the next one, which ends', async (t) => {
  const { url, app } = await listen(t, { LIMIT_CONNECTIONS: '2' });
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
  t.after(() => {
    for (const agent of agents) agent.destroy();
  });
  const get = (agent?: Agent) =>
    new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      request(`${url}/models`, { agent: agent ?? false }, (reply) => {
        reply.resume().on('end', () => resolve({ status: reply.statusCode, headers: reply.headers }));
      })
        .on('error', reject)
        .end();
    });
  for (const agent of agents) assert.equal((await get(agent)).status, 200);
  const { status, headers } = await get();
  assert.equal(status, 429);
  assert.equal(headers['connection'], 'close');
  assert.equal(headers['ratelimit-policy'], '"connections";q=2;qu="concurrent-requests"');
  // Connections that are open go on.
  assert.equal((await get(agents[0])).status, 200);
  agents[1]!.destroy();
  await until('a connection is free', 20, async () => (await get()).status === 200);
  const { body } = await app.inject('/metrics');
  assert.match(body, /^http_requests_limited_total\{limit="connections",client="address"\} [1-9]/m);
});

test('connections too many that send nothing are closed, and a flood of them at once', async (t) => {
  const { url } = await listen(t, { LIMIT_CONNECTIONS: '1' });
  const { port } = new URL(url);
  const sockets = Array.from({ length: 60 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.resume();
  const open = () => sockets.filter(({ closed }) => !closed).length;
  await until('most are closed at once', 20, async () => open() <= 17);
  await until('those that send nothing are closed', 20, async () => open() === 1);
});
