import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import type { Job } from '../../../../src/server/service/training/job.js';
import { retrainOnDrift } from '../../../../src/server/service/training/retraining.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

/** Rows `[count, 2]` of one distribution. */
function rowsOf(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => [random.normal(), random.normal()]);
}

const noise = createRandom(99);
const targetsOf = (rows: number[][]) => rows.map(([a, b]) => a! - b! + 0.3 * noise.normal());

async function post(parts: TestApp, url: string, payload: object) {
  const response = await parts.app.inject({ method: 'POST', url, payload });
  assert.ok(response.statusCode < 300, response.body);
  return response.json();
}

async function start(t: TestContext, targets = targetsOf, options = {}) {
  const parts = await buildTestApp(t, [], { maxRows: 3000, ...options });
  const rows = rowsOf(1, 2000);
  await post(parts, '/train?wait=true&epochs=8', { instances: rows, targets: targets(rows) });
  return parts;
}

const label = (parts: TestApp, instances: number[][], targets: number[]) =>
  post(parts, '/feedback', { instances, targets });
/** Labels rows in several requests: of a large one only a part is compared. */
async function labelAll(parts: TestApp, rows: number[][], targets: number[]): Promise<void> {
  for (let r = 0; r < rows.length; r += 250) await label(parts, rows.slice(r, r + 250), targets.slice(r, r + 250));
}
const report = async (parts: TestApp) => (await parts.app.inject({ url: '/drift' })).json();
const groupOf = ({ groups }: { groups: { group: string }[] }) =>
  groups.find(({ group }) => group === 'prediction_error');

/** The samples of `/metrics` by name and labels. */
async function samples({ app }: TestApp): Promise<Record<string, number>> {
  const { body } = await app.inject({ url: '/metrics' });
  const lines = body.split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/.* /, ''))]));
}

test('labels as before raise nothing; shuffled labels raise the alarm of prediction errors, with what they are', async (t) => {
  const parts = await start(t);
  const card = (await parts.app.inject({ url: '/model' })).json();
  const held = card.metrics.targets.y0;
  const good = rowsOf(2, 1000);
  await labelAll(parts, good, targetsOf(good));
  const quiet = await report(parts);
  assert.deepEqual([quiet.detected, quiet.prediction_error.reason], [false, null]);
  const { reference, windows, rows } = quiet.prediction_error.comparison;
  assert.equal(rows, 1000);
  assert.deepEqual(Object.keys(reference.targets), ['y0']);
  for (const name of ['rmse', 'mae', 'bias']) {
    assert.ok(Math.abs(reference.targets.y0[name] - held[name]) < 1e-5, `${name}: ${reference.targets.y0[name]}`);
  }
  assert.deepEqual(
    windows.map((window: { window_rows: number }) => window.window_rows),
    [31, 62, 125, 250, 500],
  );

  const events: unknown[] = [];
  parts.drift.on('update', (event) => event && events.push(event));
  const rows2 = rowsOf(3, 250);
  await label(parts, rows2, targetsOf(rows2).toReversed());
  const found = await report(parts);
  assert.equal(found.detected, true);
  const group = groupOf(found) as { detected?: boolean; cause?: unknown } | undefined;
  assert.equal(group?.detected, true);
  const { alarm } = found.prediction_error.comparison;
  assert.match(alarm.words, /^y0: errors are larger than on held-out rows \(MAE .* against .*, RMSE .* against/);
  assert.ok(alarm.rmse > 2 * held.rmse, `${alarm.rmse} against ${held.rmse}`);
  assert.equal((events[0] as { group: string }).group, 'prediction_error');
  const line = parts.logged.find(({ msg }) => msg === 'drift alarm raised') as { evidence: { words: string } };
  assert.equal(line.evidence.words, alarm.words);

  const metrics = await samples(parts);
  assert.equal(metrics['model_drift_detected{group="prediction_error"}'], 1);
  assert.equal(metrics['model_drift_alarms_total{group="prediction_error"}'], 1);
  for (const name of ['rmse', 'mae', 'bias']) assert.equal(metrics[`model_held_out_${name}{target="y0"}`], held[name]);
  assert.equal(metrics['model_feedback_compared_rows_total'], 1250);
  const labels = '{target="y0",test="magnitude",window_rows="31"}';
  assert.ok(metrics[`model_prediction_error_score${labels}`]! > metrics[`model_prediction_error_threshold${labels}`]!);

  await parts.app.inject({ method: 'POST', url: '/drift/reset' });
  const reset = await report(parts);
  assert.deepEqual([reset.detected, reset.prediction_error.comparison.alarm], [false, null]);
});

test('a baseline that does not know the errors says so plainly, until it is replaced in a period with labelled rows', async (t) => {
  const parts = await start(t);
  const { baseline, version } = parts.drift.monitored!;
  const { prediction_errors: _, expected_errors: __, ...old } = baseline;
  const columns = [parts.drift.monitored!.card.features, parts.drift.monitored!.card.targets] as const;
  const older = await publishUntrained(parts.store, ...columns, 1, old);
  await parts.loader.activate(older);
  assert.notEqual(older, version);
  const first = await report(parts);
  assert.equal(groupOf(first), undefined);
  assert.equal(first.prediction_error.comparison, null);
  assert.match(
    first.prediction_error.reason,
    /older than this comparison: train a new version, or make a new baseline/,
  );
  assert.match(first.prediction_error.expected.reason, /no model of the errors/);
  const rows = rowsOf(5, 600);
  for (let r = 0; r < 600; r += 200) await post(parts, '/predict', { instances: rows.slice(r, r + 200) });
  await labelAll(parts, rows, targetsOf(rows));
  const approve = { since: '2026-01-01', reason: 'labelled', minimum_rows: 500 };
  const replaced = await post(parts, '/drift/baseline', approve);
  assert.equal(replaced.prediction_error.reason, null);
  assert.equal(replaced.prediction_error.comparison.reference.rows, 600);
  assert.equal(groupOf(replaced) !== undefined, true);
});

test('a new baseline without labels keeps the errors of the training, and what it expects of the traffic', async (t) => {
  const parts = await start(t);
  const before = (await report(parts)).prediction_error.comparison.reference;
  const rows = rowsOf(6, 1200);
  for (let r = 0; r < 1200; r += 200) await post(parts, '/predict', { instances: rows.slice(r, r + 200) });
  const approved = await post(parts, '/drift/baseline', { since: '2026-01-01', reason: 'x' });
  assert.deepEqual(approved.prediction_error.comparison.reference, before);
  for (let r = 0; r < 500; r += 100) await post(parts, '/predict', { instances: rows.slice(r, r + 100) });
  const { expected } = (await report(parts)).prediction_error;
  assert.equal(expected.reason, null);
  const { estimate, low, high } = expected.targets.y0.rmse;
  assert.ok(low < before.targets.y0.rmse && high > before.targets.y0.rmse, `${low} to ${high}`);
  assert.ok(Math.abs(estimate / before.targets.y0.rmse - 1) < 0.2, `${estimate}`);
});

test('with RETRAIN=on_drift, changed targets alone start a training', async (t) => {
  const parts = await start(t);
  retrainOnDrift({ ...parts, log: parts.log, minRows: 400, cooldown: 3_600_000 });
  const rows = rowsOf(7, 500);
  const ended = once(parts.jobs, 'end') as Promise<[Job]>;
  await labelAll(
    parts,
    rows,
    targetsOf(rows).map((y) => 3 - y),
  );
  const [{ state, rows: trained }] = await ended;
  assert.equal(state, 'succeeded');
  assert.ok(trained! >= 400, `${trained}`);
});

test('the state is continued after a restart, and one that does not fit is dropped with a line in the log', async (t) => {
  const parts = await start(t);
  const rows = rowsOf(8, 250);
  await label(
    parts,
    rows,
    targetsOf(rows).map((y) => y + 3),
  );
  const { comparison } = (await report(parts)).prediction_error;
  await parts.drift.close();
  const { version, card } = parts.drift.monitored!;
  const files = await parts.store.read(version);
  const json = Buffer.from(files.get('baseline.json')!).toString();
  const resumed = await parts.drift.prepare(version, card, json);
  assert.deepEqual(resumed!.errors!.alarm, parts.drift.monitored!.errors!.alarm);
  assert.deepEqual(resumed!.errors!.evidence, comparison.alarm);

  await parts.store.writeDocument('prediction-error-state.json', '{"schema":1}');
  const fresh = await parts.drift.prepare(version, card, json);
  assert.equal(fresh!.errors!.alarm.detected, false);
  const line = parts.logged.find(({ msg }) => /does not fit and is not restored/.test(String(msg)));
  assert.match(String(line?.['reason']), /^state of the prediction errors/);
});
