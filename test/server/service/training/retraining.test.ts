import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Job } from '../../../../src/server/service/training/job.js';
import { retrainOnDrift } from '../../../../src/server/service/training/retraining.js';
import { buildTestApp, type TestApp } from '../../../support/test-app.js';

/** Rows `[count, 2]`, of which the first is moved by `shift`. */
function rowsOf(seed: number, count: number, shift = 0): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => [shift + random.normal(), random.normal()]);
}

const targetsOf = (rows: number[][]) => rows.map(([a, b]) => a! - b!);

async function post(parts: TestApp, url: string, rows: number[][], targets?: number[]): Promise<void> {
  const payload = { instances: rows, ...(targets ? { targets } : {}) };
  const response = await parts.app.inject({ method: 'POST', url, payload });
  assert.ok(response.statusCode < 300, response.body);
}

/** A trained model that is retrained from 100 labelled rows on. */
async function start(t: TestContext, cooldown = 3_600_000) {
  const parts = await buildTestApp(t, [], { maxRows: 2000 });
  const rows = rowsOf(1, 1500);
  await post(parts, '/train?wait=true&epochs=2', rows, targetsOf(rows));
  // Here labelled rows alone are to raise no alarm. Those of prediction-error.test.ts do.
  parts.drift.monitored = { ...parts.drift.monitored!, errors: undefined, coverage: undefined };
  const logged: Record<string, unknown>[] = [];
  const lines = new EventEmitter();
  const write = (line: string) => {
    logged.push(JSON.parse(line));
    lines.emit('line');
  };
  const log = pino({ level: 'debug' }, { write });
  const retraining = () => retrainOnDrift({ ...parts, log: log as never, minRows: 100, cooldown });
  retraining();
  return { parts, logged, lines, retraining };
}

/** Of a request 250 rows count. Right after a start, it takes a window of 500 to tell drift from an order. */
async function raiseAlarm(parts: TestApp): Promise<void> {
  for (const seed of [3, 13, 23]) await post(parts, '/predict', rowsOf(seed, 1500, 5));
}
const label = (parts: TestApp, rows: number[][]) => post(parts, '/feedback', rows, targetsOf(rows));
const ended = async (parts: TestApp) => ((await once(parts.jobs, 'end')) as [Job])[0];
/** Lets earlier calls finish: each waits for the one database. */
const settled = async (parts: TestApp) => {
  for (let i = 0; i < 5; i++) {
    await parts.feedback.current();
    await parts.store.readDocument('retraining.json');
    await new Promise(setImmediate);
  }
};

test('a drift alarm retrains on the labelled rows, and the model that comes serves', async (t) => {
  const { parts, logged } = await start(t);
  await label(parts, rowsOf(2, 300, 5));
  await settled(parts);
  assert.equal(parts.jobs.isBusy, false, 'without an alarm nothing starts');
  const end = ended(parts);
  await raiseAlarm(parts);
  const { state, rows, model_version, gate } = await end;
  assert.deepEqual({ state, rows, model_version }, { state: 'succeeded', rows: 300, model_version: '2' });
  assert.equal(parts.service.serving.version, 2);
  // Under drift the labelled rows are the truth: on those held out the old model is worse.
  assert.deepEqual([gate!.decision, gate!.serving_version, gate!.rows], ['promoted', '1', 60]);
  assert.ok(gate!.candidate < gate!.serving!, gate!.reason);
  assert.ok(logged.some(({ msg, rows: found }) => msg === 'drift: retraining on the labelled rows' && found === 300));
});

test('labelled rows that come after the alarm start it, when they are enough', async (t) => {
  const { parts } = await start(t);
  await raiseAlarm(parts);
  await label(parts, rowsOf(2, 99, 5));
  await settled(parts);
  assert.equal(parts.jobs.isBusy, false);
  const end = ended(parts);
  await label(parts, rowsOf(4, 1, 5));
  assert.equal((await end).rows, 100);
});

test('in the time after a start there is no other, not even after a restart', async (t) => {
  const { parts, retraining, logged } = await start(t);
  await parts.store.writeDocument('retraining.json', JSON.stringify({ started_at: Date.now() - 1_800_000 }));
  await raiseAlarm(parts);
  await label(parts, rowsOf(2, 300, 5));
  await settled(parts);
  retraining();
  parts.drift.emit('update');
  await settled(parts);
  assert.equal(parts.jobs.isBusy, false);
  assert.deepEqual(logged, []);
});

test('after that time there is, and a start that a wrong clock has put into the future is none', async (t) => {
  for (const startedAt of [Date.now() - 3_600_001, Date.now() + 1e9]) {
    const { parts } = await start(t);
    await parts.store.writeDocument('retraining.json', JSON.stringify({ started_at: startedAt }));
    await label(parts, rowsOf(2, 300, 5));
    const end = ended(parts);
    await raiseAlarm(parts);
    assert.equal((await end).state, 'succeeded');
    const { started_at } = JSON.parse((await parts.store.readDocument('retraining.json'))!);
    assert.ok(Math.abs(Date.now() - started_at) < 600_000);
  }
});

test('while a training runs none is started', async (t) => {
  const { parts, logged } = await start(t, 0);
  await label(parts, rowsOf(2, 300, 5));
  const rows = rowsOf(1, 500);
  const running = ended(parts);
  await post(parts, '/train?epochs=100000&patience=100000', rows, targetsOf(rows));
  await raiseAlarm(parts);
  parts.drift.emit('update');
  await settled(parts);
  assert.ok(parts.drift.monitored!.monitor.alarms.some(({ detected }) => detected));
  // A second one is refused by the jobs in any case, which is logged as one that could not be started.
  assert.deepEqual(logged, []);
  await parts.jobs.close();
  assert.equal((await running).state, 'cancelled');
});

test('one that finds the place just taken has not been started, and comes after what took it', async (t) => {
  const { parts, logged, lines } = await start(t);
  await label(parts, rowsOf(2, 300, 5));
  const rows = rowsOf(1, 500);
  let id = '';
  const current = parts.feedback.current.bind(parts.feedback);
  parts.feedback.current = async () => {
    parts.feedback.current = current;
    const payload = { instances: rows, targets: targetsOf(rows), epochs: 100_000, patience: 100_000 };
    id = (await parts.app.inject({ method: 'POST', url: '/train', payload })).json().id;
    return current();
  };
  const other = ended(parts);
  await raiseAlarm(parts);
  parts.drift.emit('update');
  while (!logged.some(({ msg }) => msg === 'retraining could not be started')) await once(lines, 'line');
  assert.equal((await parts.jobs.cancel(id)).state, 'cancelled');
  await other;
  const own = ended(parts);
  parts.drift.emit('update');
  assert.equal((await own).rows, 300);
});

test('a training that cannot be started is logged, and the service goes on', async (t) => {
  const { parts, logged, lines } = await start(t);
  await label(parts, rowsOf(2, 300, 5));
  await parts.jobs.close();
  await raiseAlarm(parts);
  while (!logged.some(({ msg }) => msg === 'retraining could not be started')) await once(lines, 'line');
  await post(parts, '/predict', rowsOf(9, 1));
});
