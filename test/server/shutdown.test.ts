import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.js';
import { type ServerProcess, startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
const BODY = '{"instances": [[8, 307, 130, 3504, 12, 70, 1]]}';
/** Milliseconds between two health checks of the load balancer. */
const CHECK_INTERVAL = 200;

interface Replica extends ServerProcess {
  readonly health: string;
}

async function start(t: TestContext, store: string, delay: number): Promise<Replica> {
  const port = await freePort();
  const server = await startServer(t, {
    MODEL_STORE: store,
    TRAIN_DATA: CARS,
    HEALTH_PORT: String(port),
    SHUTDOWN_DELAY: String(delay),
  });
  await server.logged('model version serves');
  return { ...server, health: `http://127.0.0.1:${port}` };
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly reused: boolean;
}

/** Predicts over a connection of `agent`. Like a load balancer, it does not repeat a request. */
function predict(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': BODY.length };
    const sent = request(`${url}/predict`, { method: 'POST', agent, headers }, (response) => {
      const { statusCode: status, headers } = response;
      response
        .resume()
        .once('end', () => resolve({ status, connection: headers.connection, reused: sent.reusedSocket }));
    });
    sent.once('error', reject).end(BODY);
  });
}

const readiness = async (url: string) => (await fetch(`${url}/readyz`)).status;

/** Sends requests to the replicas that were ready at the last check, each over connections that stay open. */
class LoadBalancer {
  answered = 0;
  readonly failures: string[] = [];
  private readonly replicas = new Set<Replica>();
  private ready: Replica[] = [];
  private readonly agent = new Agent({ keepAlive: true });
  private isOpen = true;
  private readonly work: Promise<unknown>;

  constructor(replicas: readonly Replica[]) {
    this.replicas = new Set(replicas);
    this.ready = [...replicas];
    this.work = Promise.all([this.check(), ...Array.from({ length: 8 }, (_, i) => this.send(i))]);
  }

  add(replica: Replica): void {
    this.replicas.add(replica);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.work;
    this.agent.destroy();
  }

  private async check(): Promise<void> {
    while (this.isOpen) {
      await sleep(CHECK_INTERVAL);
      const isReady = (replica: Replica) =>
        readiness(replica.health).then(
          (status) => status === 200,
          () => false,
        );
      const replicas = [...this.replicas];
      const ready = await Promise.all(replicas.map(isReady));
      this.ready = replicas.filter((_, i) => ready[i]);
    }
  }

  private async send(first: number): Promise<void> {
    for (let i = first; this.isOpen; i++) {
      const { ready } = this;
      await predict(ready[i % ready.length]!.url, this.agent).then(
        ({ status }) => {
          if (status === 200) this.answered++;
          else this.failures.push(`status ${status}`);
        },
        (error: Error) => this.failures.push(error.message),
      );
      await sleep(5);
    }
  }
}

test('a rolling update under load fails no request', async (t) => {
  const store = temporaryDirectory(t);
  const old = [await start(t, store, 2), await start(t, store, 2)];
  const balancer = new LoadBalancer(old);
  for (const replica of old) {
    balancer.add(await start(t, store, 2));
    await sleep(2 * CHECK_INTERVAL);
    assert.deepEqual(await replica.stop('SIGTERM'), { code: 0, signal: null });
  }
  await sleep(2 * CHECK_INTERVAL);
  await balancer.close();
  assert.deepEqual(balancer.failures, []);
  assert.ok(balancer.answered > 500, `${balancer.answered} requests`);
});

test('after SIGTERM the service is not ready, answers on, and ends connections with their last replies', async (t) => {
  const server = await start(t, temporaryDirectory(t), 4);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  assert.equal((await predict(server.url, agent)).connection, 'keep-alive');
  const started = performance.now();
  const ended = server.stop('SIGTERM');
  const { delay } = await server.logged('shutting down');
  assert.equal(delay, 4);
  assert.deepEqual([await readiness(server.url), await readiness(server.health)], [503, 503]);
  assert.equal((await fetch(`${server.health}/livez`)).status, 200);
  assert.deepEqual(await predict(server.url, agent), { status: 200, connection: 'keep-alive', reused: true });

  let last: Answer;
  do {
    await sleep(50);
    last = await predict(server.url, agent);
    assert.equal(last.status, 200);
  } while (last.connection === 'keep-alive');
  assert.ok(performance.now() - started > 1900, 'connections stay open at first');
  assert.deepEqual(await predict(server.url, agent), { status: 200, connection: 'close', reused: false });
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.ok(performance.now() - started > 3900);
});

test('a training that runs at SIGTERM is stopped after the delay', async (t) => {
  const server = await start(t, temporaryDirectory(t), 1);
  const query = 'target=mpg&epochs=100000&patience=100000';
  const body = `a,mpg\n${'1,2\n2,3\n'.repeat(50)}`;
  const init = { method: 'POST', headers: { 'content-type': 'text/csv' }, body };
  const started = await fetch(`${server.url}/train?${query}&replace=true`, init);
  assert.equal(started.status, 202, await started.clone().text());
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
});

for (const [first, second] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGHUP', 'SIGTERM'],
] as const) {
  test(`${second} after ${first} ends the service at once`, async (t) => {
    const server = await start(t, temporaryDirectory(t), 60);
    server.child.kill(first);
    await server.logged('shutting down');
    assert.equal(await readiness(server.url), 503);
    const started = performance.now();
    assert.deepEqual(await server.stop(second), { code: 1, signal: null });
    assert.ok(performance.now() - started < 5000);
  });
}
