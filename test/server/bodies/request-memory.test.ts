import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { MEMORY } from '../../../src/base/node/memory-limits.js';
import { RequestMemory } from '../../../src/server/bodies/request-memory.js';
import { buildTestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

const MIB = 2 ** 20;
const BODY = 15 * MIB;

test('beyond the budget a request is OVERLOADED, and one that no budget has room for is TOO_LARGE', () => {
  const memory = new RequestMemory(8 * MIB);
  const [first, second] = [open(memory), open(memory)];
  first.charge.add(6 * MIB);
  assert.throws(() => second.charge.add(2 * MIB), { code: 'OVERLOADED' });
  assert.throws(() => second.charge.add(9 * MIB), { code: 'TOO_LARGE' });
  assert.deepEqual([memory.held, memory.refused], [6 * MIB, 1]);
});

test('large requests leave an eighth to small ones', () => {
  const memory = new RequestMemory(8 * MIB);
  open(memory).charge.add(7 * MIB);
  assert.throws(() => open(memory).charge.add(200_000), { code: 'OVERLOADED' });
  open(memory).charge.add(100_000);
});

test('what a request holds is given back when it has been answered and its connection is done, in either order', () => {
  const memory = new RequestMemory(8 * MIB);
  const [first, second] = [open(memory), open(memory)];
  for (const { charge } of [first, second]) charge.add(MIB);
  // The client has left, but the body still waits for the thread.
  first.response.emit('close');
  second.charge.onAnswered();
  assert.equal(memory.held, 2 * MIB);
  first.charge.onAnswered();
  second.response.emit('close');
  assert.equal(memory.held, 0);
});

test('what ends only after its request, such as a decompressor, is not counted twice', () => {
  const memory = new RequestMemory(8 * MIB);
  const { response, charge } = open(memory);
  charge.add(2 * MIB);
  charge.onAnswered();
  response.emit('close');
  charge.subtract(MIB);
  assert.equal(memory.held, 0);
  charge.add(MIB);
  charge.onAnswered();
  assert.equal(memory.held, 0);
});

test('a slow body gives way when another request needs its memory, and one that keeps its pace does not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const memory = new RequestMemory(8 * MIB);
  const [fast, slow, latest, other] = [open(memory), open(memory), open(memory), open(memory)];
  const failed: string[] = [];
  const watch = ({ charge }: ReturnType<typeof open>, name: string) => {
    charge.add(2 * MIB);
    return charge.watchArrival(({ code }) => failed.push(`${name} ${code}`));
  };
  const [arriving, trickling] = [watch(fast, 'fast'), watch(slow, 'slow')];
  const refused = () => assert.throws(() => other.charge.add(4 * MIB), { code: 'OVERLOADED' });
  refused();
  t.mock.timers.tick(5000);
  refused();
  // A body that needs 59 seconds in all, and one that needs 61.
  arriving.received((2 * MIB * 5) / 59);
  trickling.received((2 * MIB * 5) / 61);
  t.mock.timers.tick(4999);
  refused();
  watch(latest, 'latest');
  t.mock.timers.tick(1);
  assert.deepEqual(failed, []);
  open(memory).charge.add(MIB);
  assert.deepEqual(failed, [], 'there is room');
  other.charge.add(2 * MIB);
  assert.deepEqual(failed, ['slow REQUEST_TIMEOUT']);
  assert.equal(memory.held, 7 * MIB);
  slow.charge.add(MIB);
  assert.equal(memory.held, 7 * MIB, 'what has been given up is not counted');
  assert.throws(() => open(memory).charge.add(MIB), { code: 'OVERLOADED' });
});

test('clients that send large bodies a byte at a time do not keep others out', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { app } = await buildTestApp(t, undefined, { bodyLimit: 16 * MIB });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const budget = MEMORY.requests;
  const fitting = Math.floor(((7 / 8) * budget) / BODY);
  const uploads = await Promise.all(Array.from({ length: fitting }, () => upload(t, url)));
  const large = () => fetch(`${url}/predict`, post(`[[1, 2, 3${' '.repeat(BODY)}]]`));
  await until('the bodies hold the memory', 10, async () => (await large()).status === 503);
  const replies = uploads.map((socket) => once(socket.setEncoding('latin1'), 'data'));
  for (const _ of [1, 2]) {
    for (const socket of uploads) socket.write(',1');
    t.mock.timers.tick(5000);
  }
  assert.equal((await large()).status, 200);
  const [text] = (await Promise.race(replies)) as [string];
  assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  assert.match(
    text,
    /"error":"body: it arrives too slowly, and other requests need its memory","code":"REQUEST_TIMEOUT"/,
  );
});

test('bodies beyond the budget are a 503 with Retry-After, small predictions go on, and all is given back', async (t) => {
  const { app } = await buildTestApp(t, undefined, { bodyLimit: 16 * MIB });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  const budget = await metric('request_memory_limit_bytes');
  const fitting = Math.floor(((7 / 8) * budget) / BODY);
  const uploads = await Promise.all(Array.from({ length: fitting }, () => upload(t, url)));
  await until('all bodies are counted', 10, async () => (await metric('request_memory_bytes')) === fitting * BODY);

  for (const [path, place] of [
    ['/predict', /"code":"OVERLOADED"/],
    ['/feedback', /"code":"OVERLOADED"/],
    ['/train', /"code":"OVERLOADED"/],
    ['/v1/models/test:predict', /memory/],
    ['/v2/models/test/infer', /memory/],
    ['/invocations', /memory/],
  ] as const) {
    const reply = await fetch(`${url}${path}`, post(`[${' '.repeat(BODY)}`));
    assert.equal(reply.status, 503, path);
    assert.match(reply.headers.get('retry-after') ?? '', /^\d+$/, path);
    assert.match(await reply.text(), place, path);
  }
  assert.equal(await metric('requests_refused_for_memory_total'), 6);
  assert.equal((await fetch(`${url}/predict`, post('[[1, 2, 3]]'))).status, 200);
  assert.equal((await fetch(`${url}/predict?explain=true`, post('[[1, 2, 3]]'))).status, 200);

  for (const socket of uploads) socket.destroy();
  await until('the memory is given back', 10, async () => (await metric('request_memory_bytes')) === 0);
  const reply = await fetch(`${url}/predict`, post(`[[1, 2, 3${' '.repeat(BODY)}]]`));
  assert.equal(reply.status, 200, await reply.text());
});

function open(memory: RequestMemory) {
  const response = new EventEmitter() as ServerResponse;
  return { response, charge: memory.open(response) };
}

/** Begins to send a large body. */
async function upload(t: TestContext, url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY}\r\n\r\n[[1`,
  );
  return socket;
}

function post(body: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body };
}
