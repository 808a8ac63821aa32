import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.js';
import { DEPLOYED } from './monitoring.js';
import { monitoredReplicas, skip } from './replicas.js';

// Not part of `npm test`, because the quiet period takes long: `npm run test:prometheus`.

/** Longer than a window plus the `for` period of an alert, in seconds. */
const QUIET = 25;

test('two replicas without drift raise no alert, and a unit error in one column raises the alerts that name it', {
  skip,
}, async (t) => {
  const { traffic, monitoring, webhook, table, breakUnit } = await monitoredReplicas(t);
  const { broken } = table;
  const firing = (name: string) =>
    webhook.alerts.filter(({ status, labels }) => status === 'firing' && labels['alertname'] === name);

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
  assert.ok(Number(rows!.value[1]) > 400, `rows of both replicas in a window: ${rows!.value[1]}`);
  const scores = await monitoring.query('sort_desc(max_over_time(baseline:model_feature_drift:z15m[1m]))');
  t.diagnostic(
    `highest z without drift: ${scores.map(({ metric, value }) => `${metric['feature']} ${value[1]}`).join(', ')}`,
  );
  assert.deepEqual(webhook.alerts, [], 'traffic without drift raises no alert');

  const since = performance.now();
  breakUnit();
  for (const name of [
    'ModelFeatureOutOfRange',
    'ModelFeatureDrift',
    'ModelReconstructionWorse',
    'ModelUnusualRows',
    'ModelDriftDetected',
  ]) {
    await until(`${name} reaches the receiver`, 40, async () => firing(name).length > 0);
    t.diagnostic(`${name} after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
  for (const replica of traffic) replica.check();

  for (const name of ['ModelFeatureOutOfRange', 'ModelFeatureDrift']) {
    assert.deepEqual(new Set(firing(name).map(({ labels }) => labels['feature'])), new Set([broken]), name);
    assert.match(firing(name)[0]!.annotations['summary']!, new RegExp(`^${broken} is`));
  }
  for (const { labels, receiver } of webhook.alerts) {
    assert.equal(receiver, labels['severity'] === 'page' ? 'pager' : 'tickets');
  }
  assert.match(
    firing('ModelDriftDetected')[0]!.annotations['description']!,
    new RegExp(`(On 1|On 2) replicas.*${broken}`),
  );
  const expected =
    /^Model(FeatureOutOfRange|ImplausibleRows|FeatureDrift|PredictionDrift|ReconstructionWorse|UnusualRows|DriftDetected)$/;
  for (const { labels } of webhook.alerts) assert.match(labels['alertname']!, expected);
});
