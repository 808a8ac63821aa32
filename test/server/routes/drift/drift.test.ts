import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { DriftService } from '../../../../src/server/service/drift/drift-service.js';
import { newestBaseline } from '../../../../src/server/service/drift/stored-baseline.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

const FEATURES = ['a', 'b', 'c'];

/** Rows `[count, 3]` of which the second depends on the first. */
function rowsOf(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const a = random.normal();
    return [a, 2 * a + 0.5 * random.normal(), 100 + 10 * random.normal()];
  });
}

/** An application whose model was trained on such rows, with 300 held out. */
async function trainedApp(t: Parameters<typeof buildTestApp>[0]): Promise<TestApp> {
  const parts = await buildTestApp(t, [], { maxRows: 1000 });
  const instances = rowsOf(1, 1500).map(([a, b, c]) => ({ a, b, c, y: a! + b! - c! / 10 }));
  const response = await parts.app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=3',
    payload: { instances, target: 'y' },
  });
  assert.equal(response.statusCode, 200, response.body);
  return parts;
}

async function send(app: FastifyInstance, rows: number[][]): Promise<void> {
  for (let at = 0; at < rows.length; at += 100) {
    const payload = { instances: rows.slice(at, at + 100) };
    const response = await app.inject({ method: 'POST', url: '/predict', payload });
    assert.equal(response.statusCode, 200, response.body);
  }
}

const report = async (app: FastifyInstance) => (await app.inject({ url: '/drift' })).json();
const sample = async (app: FastifyInstance, name: string) => {
  const { body } = await app.inject({ url: '/metrics' });
  const line = body.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
};

test('the history gains a point with each update, and the events carry it', async (t) => {
  const { app } = await trainedApp(t);
  const history = async () => (await app.inject({ url: '/drift/history' })).json().points;
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const { body } = await fetch(`http://127.0.0.1:${port}/drift/events`);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  const reported = async () => JSON.parse(/^data: (.*)$/m.exec((await reader.read()).value!)![1]!).point;
  const before = (await history()).length;
  assert.equal((await reported())?.at, (await history()).at(-1)?.at);
  await send(app, rowsOf(2, 300));
  // An update may come between two requests.
  let [point, points] = [await reported(), 1];
  for (let rows = point.rows; rows < 300; rows += point.rows) [point, points] = [await reported(), points + 1];
  assert.equal(point.model_version, '1');
  assert.deepEqual(point.alarms, []);
  assert.ok(point.error.p10 < point.error.p50 && point.error.p50 < point.error.p90);
  // The rows are like those that were held out.
  assert.ok(Math.abs(Math.log(point.error.p50 / point.reference.p50)) < 0.5, JSON.stringify(point));
  const after = await history();
  assert.equal(after.length, before + points);
  assert.equal(
    after.slice(before).reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0),
    300,
  );
  assert.deepEqual(after.at(-1), point);
});

test('a version without a baseline serves, and says that drift is off', async (t) => {
  const { app } = await buildTestApp(t);
  await send(app, [[1, 2, 3]]);
  for (const [method, url] of [
    ['GET', '/drift'],
    ['GET', '/drift/events'],
    ['POST', '/drift/reset'],
  ] as const) {
    const response = await app.inject({ method, url });
    assert.equal(response.statusCode, 409, url);
    assert.equal(response.json().code, 'DRIFT_OFF');
    assert.match(response.json().error, /version 1 has no baseline/);
  }
  assert.equal(await sample(app, 'model_baseline_rows'), undefined);
});

test('a broken baseline is refused, and its version serves without drift', async (t) => {
  const { app, store, loader, logged } = await buildTestApp(t);
  const broken = { schema: 1, rows: 300, features: [{ name: 'a', mean: Number.NaN }], conditional: null };
  await loader.activate(await publishUntrained(store, FEATURES, ['y'], 2, broken as never));
  await send(app, [[1, 2, 3]]);
  const response = await app.inject({ url: '/drift' });
  assert.equal(response.statusCode, 409);
  assert.match(response.json().error, /^drift is off: baseline\.json/);
  assert.ok(logged.some(({ msg }) => msg === 'drift is off'));
});

test('quiet traffic raises nothing; a moved feature raises an alarm that names it', async (t) => {
  const { app, logged } = await trainedApp(t);
  await send(app, rowsOf(2, 1000));
  const quiet = await report(app);
  assert.equal(quiet.detected, false, JSON.stringify(quiet.groups));
  assert.equal(quiet.windows[0].verdict, 'no_drift');
  assert.equal(quiet.baseline.rows, 300);
  assert.equal(quiet.baseline.conditional, true);
  assert.equal(await sample(app, 'model_drift_detected{group="features"}'), 0);

  await send(
    app,
    rowsOf(3, 500).map(([a, b, c]) => [a!, b!, c! + 30]),
  );
  const moved = await report(app);
  assert.equal(moved.detected, true);
  assert.equal(moved.windows[0].columns[0].name, 'c');
  assert.match(moved.windows[0].columns[0].words, /above the reference range|higher/);
  assert.equal(await sample(app, 'model_drift_detected{group="features"}'), 1);
  const line = logged.find(({ msg }) => msg === 'drift alarm raised');
  assert.match(JSON.stringify(line?.['evidence']), /"columns":\[\{"name":"c","words":".*above the reference range/);
  const { evidence } = moved.groups.find(({ group }: { group: string }) => group === 'features');
  assert.equal(evidence.columns[0].name, 'c');
  assert.ok(evidence.score > evidence.threshold);
  assert.ok((await sample(app, 'model_feature_out_of_range_rows_total{feature="c"}'))! > 100);
});

test('counters add up: every row is in one bin of each feature', async (t) => {
  const { app } = await trainedApp(t);
  await send(app, rowsOf(2, 700));
  const { body } = await app.inject({ url: '/metrics' });
  for (const feature of [...FEATURES, 'prediction:y', 'reconstruction_error']) {
    const rows = Array.from(
      body.matchAll(new RegExp(`^model_feature_rows_total\\{feature="${feature}",bin="\\d+"\\} (\\d+)$`, 'gm')),
      ([, count]) => Number(count),
    );
    assert.equal(
      rows.reduce((sum, count) => sum + count, 0),
      700,
      feature,
    );
    const shares = Array.from(
      body.matchAll(new RegExp(`^model_feature_reference_ratio\\{feature="${feature}",bin="\\d+"\\} (.+)$`, 'gm')),
      ([, share]) => Number(share),
    );
    assert.equal(shares.length, rows.length);
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9, feature);
  }
  const p = Number(/^model_row_conformal_p_bucket\{le="0\.1"\} (\d+)$/m.exec(body)![1]);
  assert.ok(p > 30 && p < 130, `about a tenth of 700 rows has p <= 0.1: ${p}`);
  assert.match(body, /^model_row_conformal_p_count 700$/m);
});

test('listeners hear when an alarm is raised and when a reset clears it', async (t) => {
  const { app, drift } = await trainedApp(t);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const stream = await fetch(`${url}/drift/events`);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  assert.equal(stream.headers.get('x-accel-buffering'), 'no');
  const news = once(drift, 'update');
  await send(
    app,
    rowsOf(3, 500).map(([a, b, c]) => [a!, b!, c! + 30]),
  );
  await news;
  await app.inject({ method: 'POST', url: '/drift/reset' });
  assert.equal((await report(app)).detected, false);
  await drift.close();
  const text = await stream.text();
  assert.match(text, /^event: progress\ndata: \{"model_version":"1","detected":false/);
  assert.match(text, /event: drift\ndata: \{"type":"raised","group":"features"/);
  assert.match(text, /"evidence":\{"statistic":"bins",.*"columns":\[\{"name":"c","words":".*above the reference/);
  assert.match(text, /event: drift\ndata: \{"type":"cleared","group":"features"/);
});

test('the progress is computed once for all listeners', async (t) => {
  const { app, drift } = await trainedApp(t);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const streams = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/drift/events`)));
  const readers = streams.map(({ body }) => body!.getReader());
  for (const reader of readers) await reader.read();
  const computed = t.mock.method(drift.monitored!.monitor, 'report');
  drift.emit('update');
  for (const reader of readers) await reader.read();
  assert.equal(computed.mock.callCount(), 1);
});

test('approved traffic becomes the reference, with its reason, and stays it over a restart', async (t) => {
  const { app, store, loader } = await trainedApp(t);
  const shifted = (seed: number, count: number) => rowsOf(seed, count).map(([a, b, c]) => [a!, b!, c! + 30]);
  const before = new Date().toISOString();
  await send(app, shifted(3, 1200));
  assert.equal((await report(app)).detected, true);

  const replace = (payload: object) => app.inject({ method: 'POST', url: '/drift/baseline', payload });
  const bad: [object, RegExp][] = [
    [{ since: before }, /^reason: |required/],
    [{ since: 'yesterday', reason: 'x' }, /^since: expected an ISO 8601 time with its zone.*got "yesterday"/],
    [{ since: '2026-01-12T00:00:00', reason: 'x' }, /^since: expected an ISO 8601 time with its zone/],
    [{ since: '2026-02-30T00:00:00Z', reason: 'x' }, /^since: expected an ISO 8601 time/],
    [
      { since: new Date(Date.now() + 60_000).toISOString(), reason: 'x' },
      /at least 1000 rows, this process has seen 0/,
    ],
  ];
  for (const [payload, message] of bad) {
    const response = await replace(payload);
    assert.equal(response.statusCode, 400, response.body);
    assert.match(response.json().error, message);
    assert.equal(response.json().code, /at least/.test(response.json().error) ? 'TOO_FEW_ROWS' : 'INVALID_REQUEST');
  }
  const replaced = await replace({ since: before, reason: 'new supplier of c' });
  assert.equal(replaced.statusCode, 200, replaced.body);
  assert.equal(replaced.json().baseline.version, 1);
  assert.equal(replaced.json().baseline.rows, 1000);
  assert.equal(replaced.json().baseline.reason, 'new supplier of c');
  await send(app, shifted(4, 1000));
  const after = await report(app);
  assert.equal(after.detected, false, JSON.stringify(after.groups));

  await loader.activate(1);
  const again = await report(app);
  assert.deepEqual(again.baseline, after.baseline);
  assert.equal((await store.readDocument('baseline-1-1.json'))?.includes('new supplier of c'), true);
});

test('the version that serves loses nothing of what was seen of it when it is activated again', async (t) => {
  const { app, loader } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  const before = await report(app);
  assert.equal(before.rows, 300);
  await loader.activate(1);
  const { rows, filled_rows, baseline } = await report(app);
  assert.deepEqual([rows, filled_rows, baseline], [300, before.filled_rows, before.baseline]);
  // The rows that a new baseline is made of are there as well.
  const payload = { since: '2026-01-01', reason: 'good', minimum_rows: 300 };
  assert.equal((await app.inject({ method: 'POST', url: '/drift/baseline', payload })).statusCode, 200);
});

test('a new reference that a swap overtakes is refused, and not kept', async (t) => {
  const { app, store, loader, drift } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  const other = await publishUntrained(store, FEATURES, ['y']);
  const replaced = drift.rebaseline({
    since: '2026-01-01',
    reason: 'good',
    minimum: 200,
    errorsSince: () => new Float64Array(0),
  });
  // It is made in a thread of its own, which has only begun.
  const refused = assert.rejects(replaced, { code: 'DRIFT_OFF', message: /another version serves now/ });
  await loader.activate(other);
  await refused;
  assert.equal(await store.readDocument('baseline-1-1.json'), undefined);
});

test('two new references at once come one after the other, and both are kept', async (t) => {
  const { app, store } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  const replies = await Promise.all(
    ['first', 'second'].map((reason) =>
      app.inject({
        method: 'POST',
        url: '/drift/baseline',
        payload: { since: '2026-01-01', reason, minimum_rows: 200 },
      }),
    ),
  );
  assert.deepEqual(
    replies.map((reply) => [reply.json().baseline.version, reply.json().baseline.reason]),
    [
      [1, 'first'],
      [2, 'second'],
    ],
  );
  for (const n of [1, 2]) assert.ok(await store.readDocument(`baseline-1-${n}.json`));
});

test('a stored reference that is torn, invalid or of another model is skipped, and logged', async (t) => {
  const { app, store, loader, logged } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  const payload = { since: '2026-01-01', reason: 'good', minimum_rows: 200 };
  assert.equal((await app.inject({ method: 'POST', url: '/drift/baseline', payload })).statusCode, 200);
  const first = JSON.parse((await store.readDocument('baseline-1-1.json'))!);
  const good = { ...first, origin: { ...first.origin, reason: 'broken', version: 2 } };
  const renamed = good.baseline.features.map((feature: object) => ({ ...feature, name: 'z' }));
  const broken: [string, RegExp][] = [
    ['', /not JSON/],
    [JSON.stringify(good).slice(0, 500), /not JSON/],
    ['null', /stored baseline/],
    [JSON.stringify({ ...good, origin: undefined }), /stored baseline: .*origin/],
    [JSON.stringify({ ...good, origin: { ...good.origin, version: 7 } }), /origin\/version: expected 2, got 7/],
    [JSON.stringify({ ...good, model: 'another' }), /belongs to another model/],
    [JSON.stringify(good).replace(/"mean":[^,]+/, '"mean":null'), /features\/0\/mean/],
    [
      JSON.stringify({
        ...good,
        baseline: { ...good.baseline, features: renamed },
      }),
      /\/features: expected "a", "b", "c", got "z", "z", "z"/,
    ],
  ];
  for (const [content, reason] of broken) {
    await store.writeDocument('baseline-1-2.json', content);
    logged.length = 0;
    await loader.activate(1);
    const found = await report(app);
    assert.equal(found.baseline.reason, 'good', content.slice(0, 80));
    const reported = logged.find(({ msg }) => msg === 'a stored baseline was skipped') as { err: Error } | undefined;
    assert.match(reported!.err.message, reason);
  }
  await send(app, rowsOf(4, 100));
  assert.equal((await report(app)).rows, 100);
});

test('a reference that another process stored is loaded; a broken one is skipped and logged once', async (t) => {
  const { app, store, drift, logged } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  const payload = { since: '2026-01-01', reason: 'own', minimum_rows: 200 };
  assert.equal((await app.inject({ method: 'POST', url: '/drift/baseline', payload })).statusCode, 200);
  await send(app, rowsOf(4, 100));
  const text = (await store.readDocument('baseline-1-1.json'))!;
  const keep = async (version: number, reason: string) => {
    const document = JSON.parse(text);
    document.origin = { ...document.origin, version, reason };
    document.baseline.features[0].mean += 0.001 * version;
    await store.writeDocument(`baseline-1-${version}.json`, JSON.stringify(document));
  };
  const looked = async () => {
    await drift.loadNewerBaseline();
    const { baseline, rows } = await report(app);
    return [baseline.version, baseline.reason, rows];
  };
  assert.deepEqual(await looked(), [1, 'own', 100], 'nothing new');
  await keep(1, 'of who wrote at the very same time');
  assert.deepEqual(await looked(), [1, 'of who wrote at the very same time', 0]);
  await send(app, rowsOf(4, 100));
  await store.writeDocument('baseline-1-2.json', text.slice(0, 500));
  for (let i = 0; i < 2; i++) assert.deepEqual(await looked(), [1, 'of who wrote at the very same time', 100]);
  assert.equal(logged.filter(({ msg }) => msg === 'a stored baseline was skipped').length, 1);
  await keep(3, 'later');
  assert.deepEqual(await looked(), [3, 'later', 0]);

  // Rows that were seen before are still there to be approved, and the next number that is free is taken.
  await keep(4, 'not looked at yet');
  const again = await app.inject({ method: 'POST', url: '/drift/baseline', payload });
  assert.deepEqual([again.json().baseline.version, again.json().baseline.rows], [5, 500]);
});

test('a store that cannot be read leaves the reference as it is, which is logged once', async (t) => {
  const { app, store, drift, logged } = await trainedApp(t);
  const list = store.listDocuments.bind(store);
  const reported = () => logged.filter(({ msg }) => String(msg).startsWith('newer baselines could not be read')).length;
  for (const expected of [1, 2]) {
    store.listDocuments = () => Promise.reject(new Error('the network is gone'));
    await drift.loadNewerBaseline();
    await drift.loadNewerBaseline();
    assert.equal(reported(), expected);
    store.listDocuments = list;
    await drift.loadNewerBaseline();
  }
  assert.equal((await report(app)).baseline.version, 0);
});

test('of the new references of a version the newest three are retained, and none of a version that is gone', async (t) => {
  const { app, store, service } = await trainedApp(t);
  await send(app, rowsOf(3, 300));
  await store.writeDocument('baseline-7-1.json', 'of a version that was removed');
  await store.writeDocument('baseline-x.json', 'of somebody else');
  for (let n = 1; n <= 6; n++) {
    const payload = { since: '2026-01-01', reason: `number ${n}`, minimum_rows: 200 };
    const reply = await app.inject({ method: 'POST', url: '/drift/baseline', payload });
    assert.deepEqual([reply.statusCode, reply.json().baseline?.version], [200, n], reply.body);
  }
  const names = (await store.listDocuments()).filter((name) => name.startsWith('baseline'));
  assert.deepEqual(names.sort(), ['baseline-1-4.json', 'baseline-1-5.json', 'baseline-1-6.json', 'baseline-x.json']);
  await store.writeDocument('baseline-1-6.json', 'torn');
  const log = pino({ level: 'silent' });
  const { origin } = await newestBaseline(store, 1, service.serving.card, undefined, log);
  assert.equal(origin.reason, 'number 5', 'what a restart reads');
});

test('the state is kept over a restart, and not carried to another version', async (t) => {
  const { app, store, drift, loader } = await trainedApp(t);
  await send(
    app,
    rowsOf(3, 700).map(([a, b, c]) => [a!, b!, c! + 30]),
  );
  const before = await report(app);
  await drift.close();

  const log = pino({ level: 'silent' });
  const restarted = new DriftService({ store, log, rowsBetweenFalseAlarms: 100_000, windowRows: 500 });
  t.after(() => restarted.close());
  const card = (await app.inject({ url: '/model' })).json();
  const baseline = Buffer.from((await store.read(1)).get('baseline.json')!).toString();
  restarted.activate(await restarted.prepare(1, card, baseline));
  const { groups, filled_rows, windows } = restarted.require().monitor.report();
  const byLabels = ['prediction_error', 'interval_coverage'];
  const ofTraffic = before.groups.filter(({ group }: { group: string }) => !byLabels.includes(group));
  assert.deepEqual(JSON.parse(JSON.stringify(groups)), ofTraffic);
  assert.equal(filled_rows, before.filled_rows);
  assert.deepEqual(windows[0]?.columns[0]?.recent, before.windows[0].columns[0].recent);

  await loader.activate(await publishUntrained(store, FEATURES, ['y'], 2));
  assert.equal((await app.inject({ url: '/drift' })).statusCode, 409);
});

test('a state that is torn or of nonsense is not taken up', async (t) => {
  const { app, store, loader, logged } = await trainedApp(t);
  for (const content of ['{"schema":1', '{}', '[]', 'null']) {
    await store.writeDocument('drift-state.json', content);
    await loader.activate(1);
    assert.equal((await report(app)).filled_rows, 0);
    assert.equal(
      logged.filter(({ msg }) => msg === 'the stored drift state does not fit and is not restored').length > 0,
      true,
    );
  }
});

test('a swap starts the monitor anew', async (t) => {
  const { app } = await trainedApp(t);
  await send(app, rowsOf(2, 100));
  assert.equal((await report(app)).rows, 100);
  const instances = rowsOf(5, 1500).map(([a, b, c]) => ({ a, b, c, y: a! }));
  await app.inject({ method: 'POST', url: '/train?wait=true&epochs=1', payload: { instances, target: 'y' } });
  const next = await report(app);
  assert.equal(next.model_version, '2');
  assert.equal(next.rows, 0);
});
