import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

/** Rows `[count, 2]` of one distribution. */
function rowsOf(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => [random.normal(), random.normal()]);
}

const noise = createRandom(98);
const targetsOf = (rows: number[][], spread = 0.3) => rows.map(([a, b]) => a! - b! + spread * noise.normal());

async function post(parts: TestApp, url: string, payload: object) {
  const response = await parts.app.inject({ method: 'POST', url, payload });
  assert.ok(response.statusCode < 300, response.body);
  return response.json();
}

async function start(t: TestContext, environment = {}) {
  const parts = await buildTestApp(t, [], { maxRows: 3000 }, environment);
  const rows = rowsOf(1, 2000);
  await post(parts, '/train?wait=true&epochs=30', {
    instances: rows,
    targets: targetsOf(rows),
  });
  return parts;
}

/** Labels rows in several requests: of a large one only a part is compared. */
async function label(parts: TestApp, instances: number[][], targets: number[]): Promise<void> {
  for (let r = 0; r < instances.length; r += 250)
    await post(parts, '/feedback', { instances: instances.slice(r, r + 250), targets: targets.slice(r, r + 250) });
}

const report = async (parts: TestApp) => (await parts.app.inject({ url: '/drift' })).json();
const groupOf = ({ groups }: { groups: { group: string; detected: boolean }[] }) =>
  groups.find(({ group }) => group === 'interval_coverage');

/** The samples of `/metrics` by name and labels. */
async function samples({ app }: TestApp): Promise<Record<string, number>> {
  const { body } = await app.inject({ url: '/metrics' });
  const lines = body.split('\n').filter((line) => line && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/.* /, ''))]));
}

test('labelled rows are counted as the reply to their prediction says, by id and with rows', async (t) => {
  const parts = await start(t);
  assert.deepEqual((await report(parts)).feedback.coverage, { rows: 0, targets: {} });
  const rows = rowsOf(2, 600);
  const targets = targetsOf(rows);
  await label(parts, rows.slice(0, 400), targets.slice(0, 400));
  const { prediction_id: id } = await post(parts, '/predict?ids=true', { instances: rows.slice(400) });
  await post(parts, '/feedback', { ids: [id], targets: [targets.slice(400)] });

  const { coverage } = (await report(parts)).feedback;
  assert.equal(coverage.rows, 600);
  const metrics = await samples(parts);
  assert.equal(metrics['model_interval_coverage_rows'], 600);
  assert.deepEqual(Object.keys(coverage.targets.y0), ['0.5', '0.8', '0.9', '0.95']);
  for (const [level, share] of Object.entries<number>(coverage.targets.y0)) {
    const { intervals } = await post(parts, `/predict?interval=${level}`, { instances: rows });
    const inside = targets.filter(
      (y, i) => intervals[i][0][0] <= Math.fround(y) && Math.fround(y) <= intervals[i][0][1],
    );
    assert.ok(
      Math.abs(share - inside.length / 600) < 0.004,
      `${level}: ${share}, ${inside.length / 600} by the replies`,
    );
    assert.equal(metrics[`model_interval_coverage{target="y0",level="${level}"}`], share);
    assert.ok(Math.abs(share - Number(level)) < 0.1, `${level}: ${share}`);
  }
});

test('of predictions that are answered again, only the others are counted', async (t) => {
  const parts = await start(t);
  const rows = rowsOf(10, 60);
  const { prediction_id: first } = await post(parts, '/predict?ids=true', { instances: rows.slice(0, 40) });
  const { prediction_id: second } = await post(parts, '/predict?ids=true', { instances: rows.slice(40) });
  // Of the first, no interval covers a target; of the second, every interval covers all.
  const far = rows.slice(0, 40).map(() => 1000);
  const { predictions } = await post(parts, '/predict', { instances: rows.slice(40) });
  const near = predictions.map(([y]: [number]) => y);
  await post(parts, '/feedback', { ids: [first], targets: [far] });
  const none = { '0.5': 0, '0.8': 0, '0.9': 0, '0.95': 0 };
  assert.deepEqual((await report(parts)).feedback.coverage, { rows: 40, targets: { y0: none } });
  await post(parts, '/feedback', { ids: [first, second], targets: [far, near] });
  const { rows: counted, targets } = (await report(parts)).feedback.coverage;
  assert.equal(counted, 60);
  for (const share of Object.values<number>(targets.y0)) assert.ok(Math.abs(share - 20 / 60) < 1e-9, `${share}`);
});

test('labels as before raise nothing; noisier ones raise the alarm of the coverage, with what it is', async (t) => {
  const parts = await start(t);
  const rows = rowsOf(3, 1000);
  await label(parts, rows, targetsOf(rows));
  const quiet = await report(parts);
  assert.deepEqual([groupOf(quiet)?.detected, quiet.interval_coverage.reason], [false, null]);
  const { levels, windows, calibration_rows, alarm: none } = quiet.interval_coverage.comparison;
  assert.deepEqual([levels, windows.at(-1).window_rows, none], [[0.5, 0.8, 0.9, 0.95], 500, null]);
  assert.equal(calibration_rows, 400);
  assert.equal((await samples(parts))['model_drift_detected{group="interval_coverage"}'], 0);

  const events: { group: string }[] = [];
  parts.drift.on('update', (event) => event && events.push(event));
  const noisy = rowsOf(4, 250);
  await label(parts, noisy, targetsOf(noisy, 1));
  const found = await report(parts);
  assert.equal(groupOf(found)?.detected, true);
  const { alarm } = found.interval_coverage.comparison;
  assert.match(alarm.words, /^y0: intervals that are to cover \d+ % cover [\d.]+ % of the latest \d+ labelled rows$/);
  assert.ok(events.some(({ group }) => group === 'interval_coverage'));
  const line = parts.logged.find(({ msg, group }) => msg === 'drift alarm raised' && group === 'interval_coverage');
  assert.equal((line!['evidence'] as { words: string }).words, alarm.words);
  const metrics = await samples(parts);
  assert.equal(metrics['model_drift_detected{group="interval_coverage"}'], 1);
  const scores = Object.entries(metrics).filter(([name]) => name.startsWith('model_interval_coverage_score'));
  assert.ok(scores.some(([name, score]) => score > metrics[name.replace('_score', '_threshold')]!));

  await parts.app.inject({ method: 'POST', url: '/drift/reset' });
  const reset = await report(parts);
  assert.deepEqual([groupOf(reset)?.detected, reset.interval_coverage.comparison.alarm], [false, null]);
});

test('a new baseline accepts larger errors, but not that the intervals do not hold', async (t) => {
  const parts = await start(t);
  const rows = rowsOf(5, 500);
  for (let r = 0; r < 500; r += 100) await post(parts, '/predict', { instances: rows.slice(r, r + 100) });
  await label(parts, rows, targetsOf(rows, 1));
  assert.equal(groupOf(await report(parts))?.detected, true);
  const approved = await post(parts, '/drift/baseline', { since: '2026-01-01', reason: 'x', minimum_rows: 400 });
  assert.equal(groupOf(approved)?.detected, true);
  assert.equal(approved.groups.find(({ group }: { group: string }) => group === 'prediction_error').detected, false);
});

test('the state and the live coverage are continued after a restart', async (t) => {
  const parts = await start(t);
  const rows = rowsOf(6, 300);
  await label(parts, rows, targetsOf(rows, 1));
  const before = await report(parts);
  await parts.drift.close();
  const { version, card } = parts.drift.monitored!;
  const json = Buffer.from((await parts.store.read(version)).get('baseline.json')!).toString();
  const { intervals } = parts.service.serving;
  const resumed = await parts.drift.prepare(version, card, json, intervals);
  assert.deepEqual(resumed!.coverage!.alarm, parts.drift.monitored!.coverage!.alarm);
  assert.deepEqual(resumed!.coverage!.evidence, before.interval_coverage.comparison.alarm);

  await parts.store.writeDocument('interval-coverage-state.json', '{"schema":1}');
  const fresh = await parts.drift.prepare(version, card, json, intervals);
  assert.equal(fresh!.coverage!.alarm.detected, false);
  assert.ok(parts.logged.some(({ reason }) => /^state of the coverage of intervals/.test(String(reason))));

  // Activated again, another version forgets the live figures; this one reads them from the database.
  const other = await publishUntrained(parts.store, card.features, card.targets, 3);
  await parts.loader.activate(other);
  assert.equal((await parts.feedback.current()).coverage, null);
  await parts.loader.activate(version);
  assert.deepEqual((await parts.feedback.current()).coverage, before.feedback.coverage);
});

test('a version without intervals says so, and has no samples', async (t) => {
  const parts = await start(t);
  const { baseline, card } = parts.drift.monitored!;
  await parts.loader.activate(await publishUntrained(parts.store, card.features, card.targets, 1, baseline));
  const rows = rowsOf(7, 100);
  await label(parts, rows, targetsOf(rows));
  const { interval_coverage, feedback, groups } = await report(parts);
  assert.deepEqual([interval_coverage.comparison, feedback.coverage, feedback.evaluated_rows], [null, null, 100]);
  assert.match(interval_coverage.reason, /has no prediction intervals.*train a new version/);
  assert.ok(!groups.some(({ group }: { group: string }) => group === 'interval_coverage'));
  assert.deepEqual(
    Object.keys(await samples(parts)).filter((name) => name.startsWith('model_interval_')),
    [],
  );
});
