import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setImmediate as realTurn } from 'node:timers/promises';
import { RequestQueue } from '../../../src/server/overload/request-queue.js';

/** Milliseconds that reading, answering and refusing a request take. */
const READING = 0.015;
const ANSWER = 0.06;
const REFUSAL = 0.025;

interface Outcome {
  readonly client: number;
  readonly refused: boolean;
  /** Time of the reply, and milliseconds from sending to it. */
  readonly at: number;
  readonly latency: number;
}

/** A queue with a clock of its own, and an event loop that the test turns: only work takes time. */
class Simulation {
  now = 10_000;
  /** Milliseconds that the next answers take. */
  answer = ANSWER;
  readonly outcomes: Outcome[] = [];
  readonly queue: RequestQueue;
  private readonly sent = new Map<IncomingMessage, { client: number; at: number }>();
  private turnEnds: (() => void)[] = [];

  constructor(t: TestContext) {
    t.mock.method(performance, 'now', () => this.now);
    t.mock.method(globalThis, 'setImmediate', (run: () => void) => this.turnEnds.push(run));
    this.queue = new RequestQueue({
      answer: (request) => this.end(request, false, this.answer),
      refuse: (request) => this.end(request, true, REFUSAL),
      isUrgent: ({ method }) => method === 'GET',
    });
    t.after(() => this.queue.close());
  }

  /** A request of `client` that was sent at `at` is read now. */
  arrive(
    client: number,
    at = this.now,
    { method = 'POST', destroyed = false, before = undefined as object | undefined } = {},
  ): object {
    this.now += READING;
    const socket = before ?? { destroyed };
    const request = { method, socket } as IncomingMessage;
    this.sent.set(request, { client, at });
    this.queue.take(request, { socket: before ? null : socket } as ServerResponse);
    return socket;
  }

  /** Ends a turn of the event loop. */
  async endTurn(): Promise<void> {
    await this.runImmediates();
    this.queue.onLooked(this.now);
  }

  async runImmediates(): Promise<void> {
    const turnEnds = this.turnEnds;
    this.turnEnds = [];
    for (const run of turnEnds) run();
    // By then the queue has done what it puts off to the end of the current operation.
    await realTurn();
  }

  private end(request: IncomingMessage, refused: boolean, cost: number): void {
    const { client, at } = this.sent.get(request)!;
    this.sent.delete(request);
    this.now += cost;
    this.outcomes.push({ client, refused, at: this.now, latency: this.now - at });
  }
}

/**
 * Lets clients send their next request a millisecond after each reply, for some milliseconds. In each turn the process does nothing
 * for `pause` milliseconds. Returns the longest turn.
 */
async function saturate(simulation: Simulation, clients: number, milliseconds: number, pause = 0): Promise<number> {
  const due = Array.from({ length: clients }, (_, client) => ({ client, at: simulation.now }));
  const end = simulation.now + milliseconds;
  let seen = simulation.outcomes.length;
  let longest = 0;
  while (simulation.now < end) {
    const start = simulation.now;
    simulation.now += pause;
    while (due.length > 0 && due[0]!.at <= simulation.now) {
      const { client, at } = due.shift()!;
      simulation.arrive(client, at);
    }
    await simulation.endTurn();
    for (; seen < simulation.outcomes.length; seen++) {
      due.push({ client: simulation.outcomes[seen]!.client, at: simulation.now + 1 });
    }
    if (simulation.now === start) simulation.now += 0.1;
    longest = Math.max(longest, simulation.now - start);
  }
  return longest;
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)]!;

test('a request is answered at once while the process keeps up', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 100; client++) {
    simulation.arrive(client);
    assert.equal(simulation.outcomes.length, client + 1);
    if (client % 10 === 9) await simulation.endTurn();
  }
  assert.ok(simulation.outcomes.every(({ refused }) => !refused));
});

test('a burst is answered in the order of its arrival while no request waits for long', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 250; client++) simulation.arrive(client);
  assert.ok(simulation.outcomes.length < 100, `${simulation.outcomes.length} are answered before all have been read`);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.deepEqual(
    simulation.outcomes.map(({ client }) => client),
    Array.from({ length: 250 }, (_, client) => client),
  );
});

test('a burst that can be answered within a second is answered whole', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 10_000; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.equal(simulation.outcomes.length, 10_000);
  assert.ok(simulation.outcomes.every(({ refused, latency }) => !refused && latency < 1000));
});

test('200 connections that are always busy are answered in turn, and none is refused', async (t) => {
  const simulation = new Simulation(t);
  await saturate(simulation, 200, 1000);
  assert.ok(simulation.outcomes.every(({ refused, latency }) => !refused && latency < 40));
});

for (const [clients, answer] of [
  [64, 0.5],
  [64, 5],
  [400, 2],
] as const) {
  test(`${clients} connections that are always busy with requests of ${answer} ms are answered in turn`, async (t) => {
    const simulation = new Simulation(t);
    simulation.answer = answer;
    await saturate(simulation, clients, 6000);
    const { outcomes } = simulation;
    assert.ok(outcomes.every(({ refused }) => !refused));
    const longest = Math.max(...outcomes.map(({ latency }) => latency));
    assert.ok(longest < 1.2 * clients * (answer + READING) + 10, `${longest} ms`);
  });
}

test('requests that take so long that none can be answered within a second leave their time to others', async (t) => {
  const simulation = new Simulation(t);
  simulation.answer = 10;
  await saturate(simulation, 400, 10_000);
  const accepted = simulation.outcomes.filter(({ refused }) => !refused);
  assert.ok(accepted.length > 900, `${accepted.length} of 1,000`);
  assert.ok(accepted.every(({ latency }) => latency < 1100));
});

for (const clients of [1000, 5000]) {
  test(`with ${clients} connections that are always busy, nearly all time goes to answers, and they come soon`, async (t) => {
    const simulation = new Simulation(t);
    const start = simulation.now;
    const longest = await saturate(simulation, clients, 3500);
    const settled = simulation.outcomes.filter(({ at }) => at > start + 1500);
    const answered = settled.filter(({ refused }) => !refused);
    const share = (answered.length * (READING + ANSWER)) / (simulation.now - start - 1500);
    assert.ok(share > 0.8, `${share} of the time goes to answers`);
    const p99 = percentile(
      answered.map(({ latency }) => latency),
      0.99,
    );
    assert.ok(p99 < 35, `p99 ${p99} ms`);
    const refused = settled.length - answered.length;
    assert.ok(refused > 0 && refused < 1.5 * 2 * clients, `${refused} refused in 2 s`);
    assert.ok(longest < 100, `${longest} ms until new connections get their turn`);
  });
}

for (const pause of [30, 70, 110, 300]) {
  test(`a process that gets no processor for ${pause} ms in each turn still answers as many as it can`, async (t) => {
    const simulation = new Simulation(t);
    const start = simulation.now;
    await saturate(simulation, 5000, 20_000, pause);
    const answered = simulation.outcomes.filter(({ refused, at }) => !refused && at > start + 5000);
    // Answers of a slice in each turn, which reading takes as well.
    const turns = 15_000 / (pause + 5 + 5000 * READING);
    assert.ok(answered.length > 0.5 * turns * (5 / ANSWER), `${answered.length} answered in ${turns} turns`);
  });
}

test('a request whose turn comes a second late is refused', async (t) => {
  const simulation = new Simulation(t);
  simulation.answer = 10;
  for (let client = 0; client < 300; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.endTurn();
  const answered = simulation.outcomes.filter(({ refused }) => !refused);
  assert.ok(answered.length >= 90 && answered.length <= 110, `${answered.length} answers of 10 ms`);
  assert.ok(answered.every(({ latency }) => latency < 1050));
  assert.equal(simulation.outcomes.length, 300);
});

test('time for which the event loop has not turned counts, for all requests that are not answered at once', async (t) => {
  const simulation = new Simulation(t);
  simulation.now += 3000;
  for (let client = 0; client < 1000; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.endTurn();
  const answered = simulation.outcomes.filter(({ refused }) => !refused).length;
  assert.ok(answered > 0 && answered < 100, `${answered} are answered`);
  assert.equal(simulation.outcomes.length, 1000);
});

test('after a long turn of the event loop a handful of requests is answered', async (t) => {
  const simulation = new Simulation(t);
  simulation.answer = 1;
  simulation.now += 3000;
  for (let client = 0; client < 20; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.equal(simulation.outcomes.length, 20);
  assert.ok(simulation.outcomes.every(({ refused }) => !refused));
});

test('after an overload, requests are answered as before', async (t) => {
  const simulation = new Simulation(t);
  await saturate(simulation, 5000, 1500);
  while (simulation.queue.size > 0) await simulation.endTurn();
  simulation.now += 10;
  const before = simulation.outcomes.length;
  for (let client = 0; client < 250; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.ok(simulation.outcomes.slice(before).every(({ refused }) => !refused));
});

test('urgent requests do not wait, and those whose clients have gone are forgotten', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 200; client++) simulation.arrive(client);
  simulation.arrive(1000, simulation.now, { method: 'GET' });
  assert.equal(simulation.outcomes.at(-1)!.client, 1000);
  simulation.arrive(2000, simulation.now, { destroyed: true });
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.equal(simulation.outcomes.length, 201);
  assert.ok(simulation.outcomes.every(({ client }) => client !== 2000));
});

test('requests that a client sends without waiting for replies begin in their order, beside those of others', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 200; client++) simulation.arrive(client);
  const socket = simulation.arrive(1000);
  for (let client = 1001; client < 1300; client++) simulation.arrive(client, simulation.now, { before: socket });
  for (let client = 200; client < 300; client++) simulation.arrive(client);
  assert.ok(simulation.outcomes.length < 100, `${simulation.outcomes.length} are answered before all have been read`);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.deepEqual(
    simulation.outcomes.filter(({ client }) => client >= 1000).map(({ client }) => client),
    Array.from({ length: 300 }, (_, i) => 1000 + i),
  );
  assert.equal(simulation.outcomes.length, 600);
  assert.ok(simulation.outcomes.every(({ refused }) => !refused));
});

test('each request of a client that does not wait for replies is refused by its own age', async (t) => {
  const simulation = new Simulation(t);
  simulation.answer = 10;
  for (let client = 0; client < 50; client++) simulation.arrive(client);
  const socket = simulation.arrive(1000);
  for (let client = 1001; client < 1200; client++) simulation.arrive(client, simulation.now, { before: socket });
  while (simulation.queue.size > 0) await simulation.endTurn();
  const own = simulation.outcomes.filter(({ client }) => client >= 1000);
  assert.deepEqual(
    own.map(({ client }) => client),
    Array.from({ length: 200 }, (_, i) => 1000 + i),
  );
  const answered = own.filter(({ refused }) => !refused);
  assert.ok(answered.length > 40 && answered.length < 110, `${answered.length} answers of 10 ms`);
  assert.ok(answered.every(({ latency }) => latency < 1050));
});

test('a bounded number of requests waits in memory behind others of their connections', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 1000; client++) simulation.arrive(client);
  const socket = simulation.arrive(1000);
  let most = 0;
  for (let client = 1001; client < 10_000; client++) {
    simulation.arrive(client, simulation.now, { before: socket });
    most = Math.max(most, simulation.queue.size);
  }
  assert.ok(most < 1000 + 4100, `${most} wait`);
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.deepEqual(
    simulation.outcomes.filter(({ client }) => client >= 1000).map(({ client }) => client),
    Array.from({ length: 9000 }, (_, i) => 1000 + i),
  );
  assert.equal(simulation.outcomes.length, 10_000);
});

test('requests of a client that has gone do not wait, whatever their number', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 200; client++) simulation.arrive(client);
  const socket = simulation.arrive(1000) as { destroyed: boolean };
  for (let client = 1001; client < 1100; client++) simulation.arrive(client, simulation.now, { before: socket });
  socket.destroyed = true;
  while (simulation.queue.size > 0) await simulation.endTurn();
  assert.equal(simulation.queue.size, 0);
  assert.ok(simulation.outcomes.every(({ client }) => client < 1000));
});

test('requests behind the first of their connection begin although no other waits, and ahead of those that come later', async (t) => {
  const simulation = new Simulation(t);
  for (let client = 0; client < 100; client++) simulation.arrive(client);
  const socket = simulation.arrive(1000);
  for (let client = 1001; client < 1300; client++) simulation.arrive(client, simulation.now, { before: socket });
  const begun = () => simulation.outcomes.filter(({ client }) => client >= 1000).length;
  while (begun() === 0) await simulation.endTurn();
  assert.ok(begun() < 200 && simulation.queue.size > 100, `${begun()} have begun, ${simulation.queue.size} wait`);
  simulation.arrive(2000);
  assert.notEqual(simulation.outcomes.at(-1)!.client, 2000);
  // As many turns as they need, however many the queue says that wait.
  for (let turn = 0; turn < 20; turn++) await simulation.endTurn();
  assert.deepEqual(
    simulation.outcomes.slice(-301).map(({ client }) => client),
    [...Array.from({ length: 300 }, (_, i) => 1000 + i), 2000],
  );
  assert.equal(simulation.queue.size, 0);
});

test('the clock records when the event loop began to look for requests, not when it had found them', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const simulation = new Simulation(t);
  const refusedOf = async (clients: number) => {
    const before = simulation.outcomes.length;
    for (let client = 0; client < clients; client++) simulation.arrive(client);
    while (simulation.queue.size > 0) await simulation.runImmediates();
    return simulation.outcomes.slice(before).filter(({ refused }) => refused).length;
  };
  simulation.now += 5000;
  t.mock.timers.tick(50);
  await simulation.runImmediates();
  simulation.now += 90;
  assert.equal(await refusedOf(300), 0);

  t.mock.timers.tick(50);
  // Between the timer and the immediate, requests are read and answered.
  simulation.now += 900;
  await simulation.runImmediates();
  simulation.now += 300;
  assert.ok((await refusedOf(300)) > 100);
});

test('after the clock has been stopped, requests are answered, whatever the time', async (t) => {
  const stopped = t.mock.method(globalThis, 'clearInterval');
  const simulation = new Simulation(t);
  simulation.queue.close();
  assert.equal(stopped.mock.callCount(), 1);
  simulation.now += 5000;
  for (let client = 0; client < 300; client++) simulation.arrive(client);
  while (simulation.queue.size > 0) await simulation.runImmediates();
  assert.equal(simulation.outcomes.length, 300);
  assert.ok(simulation.outcomes.every(({ refused }) => !refused));
});
