import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../docker/until.js';
import { startServer, temporaryDirectory } from '../server/server-process.js';
import { DEPLOYED, Monitoring } from './monitoring.js';
import { FEATURES, Plant, TARGET } from './plant.js';
import { Traffic } from './traffic.js';
import { Webhook } from './webhook.js';

// Not part of `npm test`, because quiet takes its time: `npm run test:prometheus`.

const TRAINING_ROWS = 6000;
/** Longer than a window and what must last in it, in seconds. */
const QUIET = 25;
const BROKEN = 'flow';

const missing = ['prometheus', 'prometheus-alertmanager'].filter(
  (command) => spawnSync(command, ['--version']).status !== 0,
);
const skip = missing.length > 0 && `SKIPPED: not installed (Debian packages of the same names): ${missing.join(', ')}`;

test('two replicas in quiet raise no alert; a unit error in one column raises those that name it', {
  skip,
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const table = join(directory, 'plant.csv');
  await writeFile(table, new Plant(1).csv(TRAINING_ROWS));
  const env = {
    MODEL_STORE: join(directory, 'models'),
    TRAIN_DATA: table,
    TRAIN_TARGET: TARGET,
    // The replicas' own alarms: a false one in a thousand runs of this test.
    DRIFT_ROWS_BETWEEN_FALSE_ALARMS: '100000000',
  };
  const first = await startServer(t, env);
  await first.logged('model version serves');
  const second = await startServer(t, env);
  await second.logged('model version serves');
  const urls = [first.url, second.url];

  const webhook = await Webhook.start(t);
  const monitoring = await Monitoring.start(
    t,
    urls.map((url) => new URL(url).host),
    webhook.url,
  );
  const traffic = urls.map((url, i) => new Traffic(t, url, new Plant(100 + i)));
  const firing = (name: string) =>
    webhook.alerts.filter(({ status, labels }) => status === 'firing' && labels['alertname'] === name);
  await until('both replicas are scraped', 20, async () => (await monitoring.query('up == 1')).length === 2);

  await sleep(QUIET * 1000);
  for (const replica of traffic) replica.check();
  const rules = (await readFile(join(DEPLOYED, 'rules.yml'), 'utf8')).matchAll(/- record: (\S+)/g);
  for (const [, record] of rules) {
    const samples = await monitoring.query(record!);
    assert.ok(samples.length > 0, `${record} has samples`);
    for (const { metric, value } of samples) {
      assert.ok(Number.isFinite(Number(value[1])), `${JSON.stringify(metric)} is ${value[1]}`);
    }
  }
  const [rows] = await monitoring.query('min(baseline:model_feature_rows:increase15m)');
  assert.ok(Number(rows!.value[1]) > 1000, `rows of both replicas in a window: ${rows!.value[1]}`);
  const scores = await monitoring.query('sort_desc(max_over_time(baseline:model_feature_drift:z15m[1m]))');
  t.diagnostic(
    `highest z in quiet: ${scores.map(({ metric, value }) => `${metric['feature']} ${value[1]}`).join(', ')}`,
  );
  assert.deepEqual(webhook.alerts, [], 'quiet traffic raises nothing');

  const column = FEATURES.indexOf(BROKEN);
  const broken = performance.now();
  for (const replica of traffic) replica.fault = (row) => row.map((value, j) => (j === column ? value / 1000 : value));
  for (const name of [
    'ModelFeatureOutOfRange',
    'ModelFeatureDrift',
    'ModelReconstructionWorse',
    'ModelUnusualRows',
    'ModelDriftDetected',
  ]) {
    await until(`${name} reaches the receiver`, 20, async () => firing(name).length > 0);
    t.diagnostic(`${name} after ${((performance.now() - broken) / 1000).toFixed(1)} s`);
  }
  for (const replica of traffic) replica.check();

  for (const name of ['ModelFeatureOutOfRange', 'ModelFeatureDrift']) {
    assert.deepEqual(new Set(firing(name).map(({ labels }) => labels['feature'])), new Set([BROKEN]), name);
    assert.match(firing(name)[0]!.annotations['summary']!, new RegExp(`^${BROKEN} is`));
  }
  for (const { labels, receiver } of webhook.alerts) {
    assert.equal(receiver, labels['severity'] === 'page' ? 'pager' : 'tickets');
  }
  assert.match(
    firing('ModelDriftDetected')[0]!.annotations['description']!,
    new RegExp(`(On 1|On 2) replicas.*${BROKEN}`),
  );
  const known = /^Model(FeatureOutOfRange|FeatureDrift|PredictionDrift|ReconstructionWorse|UnusualRows|DriftDetected)$/;
  for (const { labels } of webhook.alerts) assert.match(labels['alertname']!, known);
});
