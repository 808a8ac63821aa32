import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Job } from '../../../../src/server/service/training/job.js';
import { buildTestApp } from '../../../support/test-app.js';
import { until } from '../../../support/until.js';

const random = createRandom(1);
const ROWS = Array.from({ length: 80 }, () => [random.normal(), random.normal(), random.normal()]);
const TARGETS = ROWS.map(([a, b]) => a! - 2 * b! + 0.1 * random.normal());
const TABLE = { instances: ROWS, targets: TARGETS };

const train = (app: FastifyInstance, options: object, query = 'wait=true') =>
  app.inject({ method: 'POST', url: `/train?${query}`, payload: { ...TABLE, ...options } });

test('a search is in the job, in its events and on the card, and the training has the options that it chose', async (t) => {
  const { app } = await buildTestApp(t);
  const reply = await train(app, { trials: 3, epochs: 2 });
  assert.equal(reply.statusCode, 200, reply.body);
  const job = reply.json<Job>();
  const { search } = job;
  assert.equal(search?.state, 'finished');
  assert.deepEqual([search.rows, search.folds], [64, 5]);
  const chosen = search.trials[search.chosen! - 1]!;
  const { learning_rate, hidden, members } = chosen.options;
  assert.equal(job.options.learning_rate, learning_rate);
  assert.equal(job.options.epochs, 2);
  assert.ok(job.phases['search']! > 0);
  const card = (await app.inject({ url: '/model' })).json();
  assert.deepEqual(card.search, search);
  assert.deepEqual(
    card.network.hidden,
    hidden.map((units: number) => members * units),
  );
  assert.equal(card.training.learning_rate, learning_rate);
  for (const name of ['trials', 'budget_seconds', 'fixed', 'hidden']) assert.ok(!(name in card.training), name);
  const events = (await app.inject({ url: `/train/${job.id}/events` })).body;
  assert.match(events, /^event: search\n/m);
  assert.match(events, /^event: epoch\n/m);
});

test('one trial is a training without a search, to the bit, and members are side by side', async (t) => {
  const { app, store } = await buildTestApp(t);
  const versions: Job[] = [];
  for (const options of [
    { epochs: 2 },
    { epochs: 2, trials: 1 },
    { epochs: 2, members: 3 },
    { epochs: 2, members: 1 },
  ]) {
    versions.push((await train(app, options)).json<Job>());
  }
  assert.ok(versions.every(({ search }) => search === null));
  const [plain, one, three, single] = await Promise.all(
    versions.map(async ({ model_version }) => {
      const files = await store.read(Number(model_version));
      return { weights: files.get('weights.bin')!, card: JSON.parse(String(Buffer.from(files.get('card.json')!))) };
    }),
  );
  assert.deepEqual(one!.weights, plain!.weights);
  assert.deepEqual(single!.weights, plain!.weights);
  assert.deepEqual(one!.card.network, plain!.card.network);
  assert.deepEqual({ ...one!.card.training, seconds: 0 }, { ...plain!.card.training, seconds: 0 });
  assert.deepEqual(three!.card.network.hidden, [90, 90, 90, 90, 90]);
  assert.equal(three!.card.training.members, 3);
  const predicted = await app.inject({ method: 'POST', url: '/predict', payload: { instances: ROWS } });
  assert.equal(predicted.statusCode, 200);
});

test('cancelling a search that was asked for keeps the best so far, and cancelling again ends the job', async (t) => {
  const { app } = await buildTestApp(t);
  const begin = async (options: object) => {
    const { id } = (await train(app, options, '')).json<Job>();
    const job = async () => (await app.inject({ url: `/train/${id}` })).json<Job>();
    await until(
      'a trial has been judged',
      60,
      async () => ((await job()).search?.trials.filter(({ rows }) => rows > 0).length ?? 0) >= 1,
    );
    return { id, job };
  };
  const kept = await begin({ trials: 1000, epochs: 20 });
  const stopped = (await app.inject({ method: 'DELETE', url: `/train/${kept.id}` })).json<Job>();
  assert.equal(stopped.state, 'running');
  await until('the training has ended', 60, async () => (await kept.job()).state !== 'running');
  const ended = await kept.job();
  assert.deepEqual([ended.state, ended.search?.state], ['succeeded', 'stopped']);
  assert.ok(ended.model_version);

  const cancelled = await begin({ budget_seconds: 3600, epochs: 20 });
  await app.inject({ method: 'DELETE', url: `/train/${cancelled.id}` });
  const { state } = (await app.inject({ method: 'DELETE', url: `/train/${cancelled.id}` })).json<Job>();
  assert.equal(state, 'cancelled');
});

test('cancelling a search that nobody asked for cancels the training', async (t) => {
  const { app } = await buildTestApp(t);
  const { id } = (await train(app, {}, '')).json<Job>();
  const job = async () => (await app.inject({ url: `/train/${id}` })).json<Job>();
  await until('it searches', 60, async () => (await job()).search?.state === 'running');
  const reply = (await app.inject({ method: 'DELETE', url: `/train/${id}` })).json<Job>();
  assert.equal(reply.state, 'cancelled');
});

test('terms of a search out of their ranges are refused, in the query and in a body', async (t) => {
  const { app } = await buildTestApp(t);
  for (const [name, value, expected] of [
    ['trials', 0, '1'],
    ['trials', 1001, '1000'],
    ['budget_seconds', 0, '0.1'],
    ['budget_seconds', 1e9, '86400'],
    ['members', 0, '1'],
    ['members', 11, '10'],
  ] as const) {
    for (const reply of [await train(app, { [name]: value }), await train(app, {}, `wait=true&${name}=${value}`)]) {
      assert.equal(reply.statusCode, 400, `${name}=${value}: ${reply.body}`);
      assert.match(reply.body, new RegExp(`${name}.*${expected}`));
    }
  }
});
