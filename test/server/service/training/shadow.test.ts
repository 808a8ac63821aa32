import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { Predictor, predictAll } from '../../../../src/model/network/predictor.js';
import { weightCount } from '../../../../src/model/network/shape.js';
import { openVersion } from '../../../../src/model/versions/version.js';
import type { Job } from '../../../../src/server/service/training/job.js';
import { Shadow } from '../../../../src/server/service/training/shadow.js';
import { createPruning } from '../../../../src/server/service/versions/pruning.js';
import { buildTestApp, contentsOf, type TestApp } from '../../../support/test-app.js';

function rowsOf(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => [random.normal(), random.normal(), random.normal()]);
}

const INSTANCES = rowsOf(1, 200);
const NOISE = rowsOf(9, 200);
/** Two targets of different units. Without their noise, versions of other seeds would differ by more than the gate tolerates. */
const TARGETS = INSTANCES.map(([a, b, c], i) => [a! - 2 * b! + NOISE[i]![0]!, 1000 * (c! + NOISE[i]![1]!)]);
const BODY = { instances: INSTANCES, targets: TARGETS, epochs: 10, batch_size: 16 };

const post = async (parts: TestApp, url: string, payload: object) => {
  const response = await parts.app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, body: response.json() };
};
const predict = (parts: TestApp, instances: number[][]) => post(parts, '/predict', { instances });
const get = async ({ app }: TestApp, url: string) => (await app.inject({ url })).json();

/** A service of a version 1, and a version 2 that answers in its shadow until 60 rows have come. */
async function start(t: Parameters<typeof buildTestApp>[0]) {
  const parts = await buildTestApp(t, [], { maxRows: 100_000, bodyLimit: 2 ** 26 });
  const first = await post(parts, '/train?wait=true', BODY);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const began = once(parts.jobs, 'shadow');
  const started = await post(parts, '/train?shadow_rows=60', { ...BODY, seed: 7 });
  assert.equal(started.status, 202, JSON.stringify(started.body));
  const [job] = (await began) as [Job];
  return { parts, job };
}

async function predictor(parts: TestApp, version: number): Promise<Predictor> {
  return openVersion(await parts.store.read(version), await loadEngine('kernel')).predictor;
}

test("the report on a shadow is the difference of both versions' answers, and the version serves when it is full", async (t) => {
  const { parts, job } = await start(t);
  const rows = rowsOf(2, 70);
  const flat = Float32Array.from(rows.slice(0, 60).flat());
  const [one, two] = [await predictor(parts, 1), await predictor(parts, 2)];
  for (const [from, to] of [
    [0, 1],
    [1, 31],
  ] as const) {
    const { body } = await predict(parts, rows.slice(from, to));
    assert.equal(body.model_version, '1');
    const answers = predictAll(one, Float32Array.from(rows.slice(from, to).flat()), to - from).outputs;
    assert.deepEqual(Float32Array.from(body.predictions.flat()), answers);
  }
  while ((await get(parts, `/train/${job.id}`)).shadow.rows < 31) await new Promise(setImmediate);
  const running = await get(parts, `/train/${job.id}`);
  assert.deepEqual([running.state, running.model_version, running.shadow.rows], ['running', '2', 31]);
  assert.equal(parts.service.serving.version, 1);

  // Of a larger request only the rows still missing are taken, evenly spaced: 29 of 29.
  await predict(parts, rows.slice(31, 60));
  const { state, gate, shadow } = await parts.jobs.finished(job.id);
  assert.deepEqual([state, gate!.decision, parts.service.serving.version], ['succeeded', 'promoted', 2]);
  assert.deepEqual((await get(parts, `/train/${job.id}`)).shadow, shadow);

  const differences = predictAll(two, flat, 60).outputs.map((y, i) => y - predictAll(one, flat, 60).outputs[i]!);
  assert.deepEqual([shadow!.rows, shadow!.asked_rows], [60, 60]);
  const { metrics } = await get(parts, '/models/1');
  for (const [j, name] of ['y0', 'y1'].entries()) {
    const mine = Array.from({ length: 60 }, (_, i) => differences[2 * i + j]!);
    const sizes = mine.map(Math.abs).sort((a, b) => a - b);
    const report = shadow!.targets[name]!;
    const close = (found: number, expected: number) =>
      assert.ok(Math.abs(found - expected) <= 1e-5 * Math.abs(expected) + 1e-9, `${found} is not ${expected}`);
    close(report.mean_difference, mine.reduce((sum, d) => sum + d, 0) / 60);
    close(report.rms_difference, Math.sqrt(mine.reduce((sum, d) => sum + d * d, 0) / 60));
    // The quantile p of 60 values is 59 p along them.
    close(report.quantiles['p50']!, (sizes[29]! + sizes[30]!) / 2);
    close(report.quantiles['p90']!, sizes[53]! + 0.1 * (sizes[54]! - sizes[53]!));
    close(report.quantiles['max']!, sizes[59]!);
    assert.equal(report.bound, metrics.targets[name].rmse);
    close(report.beyond_bound, sizes.filter((size) => size > report.bound).length / 60);
  }
});

test('of a large request some rows are taken, evenly spaced', async (t) => {
  const { parts, job } = await start(t);
  const rows = rowsOf(3, 30_000);
  const { status } = await predict(parts, rows);
  assert.equal(status, 200);
  const { shadow } = await parts.jobs.finished(job.id);
  const taken = Float32Array.from(Array.from({ length: 60 }, (_, i) => rows[500 * i]!).flat());
  const [one, two] = [await predictor(parts, 1), await predictor(parts, 2)].map((of) => predictAll(of, taken, 60));
  const mean = one!.outputs.reduce((sum, y, i) => sum + (i % 2 ? 0 : two!.outputs[i]! - y), 0) / 60;
  assert.ok(Math.abs(shadow!.targets['y0']!.mean_difference - mean) < 1e-6);
});

test('a cancelled shadow leaves a candidate, and no second shadow starts before', async (t) => {
  const { parts, job } = await start(t);
  await predict(parts, rowsOf(2, 5));
  const second = await post(parts, '/train?shadow_rows=10', BODY);
  assert.deepEqual([second.status, second.body.code], [409, 'TRAINING_RUNNING']);
  const reason = `^shadow_rows: version 2 of training ${job.id} still answers in the shadow; cancel that training`;
  assert.match(second.body.error, new RegExp(reason));
  const cancelled = (await parts.app.inject({ method: 'DELETE', url: `/train/${job.id}` })).json();
  assert.deepEqual([cancelled.state, cancelled.model_version, cancelled.shadow.rows], ['cancelled', '2', 5]);
  assert.equal(cancelled.gate.decision, 'refused');
  assert.match(cancelled.gate.reason, /^the training was cancelled; RMSE/);
  const { aliases, serving } = await get(parts, '/models');
  assert.deepEqual([serving, aliases.production, aliases.candidate], ['1', '1', '2']);
  assert.equal((await post(parts, '/train?shadow_rows=10', BODY)).status, 202);
  assert.equal((await predict(parts, rowsOf(2, 5))).status, 200, 'nothing is in the shadow any more');
});

test('while a version answers in the shadow another training runs; if its version serves, the shadow ends', async (t) => {
  const { parts, job } = await start(t);
  assert.equal(parts.jobs.isBusy, false);
  const second = await post(parts, '/train?wait=true&promote=always', BODY);
  assert.deepEqual([second.status, second.body.model_version, parts.service.serving.version], [200, '3', 3]);
  assert.equal(parts.jobs.get(job.id).state, 'running');
  await predict(parts, rowsOf(2, 5));
  const { state, gate } = await parts.jobs.finished(job.id);
  assert.deepEqual([state, gate!.decision], ['succeeded', 'refused']);
  assert.match(gate!.reason, /^version 3 serves meanwhile; RMSE/);
});

test('a training is refused if the version in the shadow was promoted since it began', async (t) => {
  const { parts, job } = await start(t);
  const { body } = await post(parts, '/train', { ...BODY, epochs: 300, patience: 300 });
  await once(parts.jobs, 'epoch');
  await predict(parts, rowsOf(2, 60));
  const promoted = await parts.jobs.finished(job.id);
  assert.deepEqual([promoted.gate!.decision, parts.service.serving.version], ['promoted', 2]);
  // The end of the first job does not release the place of the second.
  assert.deepEqual([parts.jobs.get(body.id).state, parts.jobs.isBusy], ['running', true]);
  const { state, model_version, gate } = await parts.jobs.finished(body.id);
  assert.deepEqual([state, model_version, gate!.decision], ['succeeded', '3', 'refused']);
  assert.match(gate!.reason, /^version 2 is production meanwhile, not version 1; RMSE/);
  assert.equal(parts.jobs.isBusy, false);
});

test('a service that stops ends the training and the shadow', async (t) => {
  const { parts, job } = await start(t);
  const { body } = await post(parts, '/train', { ...BODY, epochs: 100_000, patience: 100_000 });
  await parts.jobs.close();
  assert.deepEqual([job.state, parts.jobs.get(body.id).state], ['cancelled', 'cancelled']);
});

test('a version in the shadow is not removed, though another is the candidate by now', async (t) => {
  const { parts, job } = await start(t);
  assert.equal((await post(parts, '/train?wait=true&promote=never', BODY)).status, 200);
  assert.equal((await parts.store.aliases()).candidate, 3);
  await createPruning({ ...parts, keep: 1 })();
  assert.deepEqual(await parts.store.list(), [1, 2, 3]);
  const removal = await parts.app.inject({ method: 'DELETE', url: '/models/2' });
  assert.deepEqual([removal.statusCode, removal.json().code], [409, 'VERSION_IN_USE']);
  await predict(parts, rowsOf(2, 60));
  assert.equal((await parts.jobs.finished(job.id)).gate!.decision, 'promoted');
  assert.equal(parts.service.serving.version, 2);
  await parts.loader.activate(3);
  assert.equal(parts.loader.isInUse(2), false, 'nothing holds it open');
});

test('a version is read from the store once, with a shadow and without', async (t) => {
  const parts = await buildTestApp(t, []);
  const reads: number[] = [];
  const read = parts.store.read.bind(parts.store);
  parts.store.read = (version) => {
    reads.push(version);
    return read(version);
  };
  assert.equal((await post(parts, '/train?wait=true', BODY)).status, 200);
  const began = once(parts.jobs, 'shadow');
  await post(parts, '/train?shadow_rows=5&promote=always', BODY);
  const [job] = (await began) as [Job];
  await predict(parts, rowsOf(2, 5));
  await parts.jobs.finished(job.id);
  assert.equal(parts.service.serving.version, 2);
  assert.deepEqual(reads, [1, 2]);
});

test('a service that stops in the middle of a shadow promotes nothing and loses nothing', async (t) => {
  const { parts } = await start(t);
  await parts.jobs.close();
  assert.equal(await parts.loader.activateStored(), true);
  assert.equal(parts.service.serving.version, 1);
  assert.deepEqual(contentsOf(parts.store.location), ['1', '2']);
  assert.equal((await parts.store.aliases()).candidate, 2);
});

test('who stops listening to the events of a shadow, which may last for hours, is forgotten at once', async (t) => {
  const { parts, job } = await start(t);
  const before = parts.jobs.listenerCount('progress');
  const client = new AbortController();
  const url = await parts.app.listen({ port: 0, host: '127.0.0.1' });
  const { body } = await fetch(`${url}/train/${job.id}/events`, { signal: client.signal });
  await body!.getReader().read();
  assert.equal(parts.jobs.listenerCount('progress'), before + 1);
  const forgotten = once(parts.jobs as EventEmitter, 'removeListener', { signal: AbortSignal.timeout(20_000) });
  client.abort();
  await forgotten;
  assert.equal(parts.jobs.listenerCount('progress'), before);
  assert.equal(job.state, 'running');
});

test('a shadow ends when another version serves meanwhile', async (t) => {
  const { parts, job } = await start(t);
  await parts.loader.activate(2);
  await predict(parts, rowsOf(2, 5));
  const { state, gate } = await parts.jobs.finished(job.id);
  assert.deepEqual([state, gate!.decision], ['succeeded', 'refused']);
  assert.match(gate!.reason, /^version 2 serves meanwhile; RMSE/);
});

test('shadow_rows is refused where there is nothing to be the shadow of, before anything is trained', async (t) => {
  const parts = await buildTestApp(t);
  for (const [url, reason] of [
    ['/train?shadow_rows=10&replace=true', /^shadow_rows: expected 0, got 10: with replace, no model/],
    ['/train?shadow_rows=-1', /shadow_rows: must be >= 0/],
    ['/train?shadow_rows=100001', /shadow_rows: must be <= 100000/],
  ] as const) {
    const { status, body } = await post(parts, url, BODY);
    assert.equal(status, 400);
    assert.match(body.error, reason);
  }
  const empty = await buildTestApp(t, []);
  const { status, body } = await post(empty, '/train', { ...BODY, shadow_rows: 10 });
  assert.deepEqual([status, body.error], [400, 'shadow_rows: expected 0, got 10: no model serves']);
});

test('a candidate that cannot answer a row is given up, and the reply is not touched', async (t) => {
  const { parts } = await start(t);
  const { serving } = parts.service;
  const { shape } = serving.predictor.engine;
  const weights = new Float32Array(weightCount(shape)).fill(1e30);
  const broken = new Predictor((await loadEngine('kernel'))(shape, weights), serving.predictor.scalers);
  t.after(() => broken.close());
  const shadow = new Shadow(broken, serving, 10);
  const ended = shadow.run(parts.service, new AbortController().signal);
  assert.equal((await predict(parts, rowsOf(2, 5))).status, 200);
  assert.equal(await ended, 'it could not answer: a row too far from its training data');
});
