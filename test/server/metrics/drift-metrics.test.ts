import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { createRandom } from '../../../src/base/statistics/random.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import { readConfig } from '../../../src/server/config.js';
import { registerDriftMetrics } from '../../../src/server/metrics/drift-metrics.js';
import type { DriftService } from '../../../src/server/service/drift/drift-service.js';
import { drawMixed, MIXED_COLUMNS, MIXED_NAMES } from '../../support/mixed-rows.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../support/test-app.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const namesOf = (width: number) => Array.from({ length: width }, (_, j) => `x${j}`);

/** Rows `[count, width]` of standard normals, of which the first column is moved by `shift`. */
function rowsOf(seed: number, count: number, width: number, shift = 0): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: width }, (_, j) => random.normal() + (j === 0 ? shift : 0)),
  );
}

/** An application whose version 1 has `features` features and a baseline of 400 rows. */
async function watchedApp(t: TestContext, width: number, featuresWithBins?: number): Promise<TestApp> {
  const parts = await buildTestApp(t, namesOf(width), {
    maxRows: 2000,
    ...(featuresWithBins === undefined ? {} : { featuresWithBins }),
  });
  const instances = rowsOf(1, 400, width);
  const { predictions, reconstruction_error: errors } = await predict(parts, instances);
  const held = {
    count: instances.length,
    rows: Float32Array.from(instances.flat()),
    outputs: Float32Array.from(predictions.flat()),
    errors: Float32Array.from(errors),
  };
  const baseline = makeBaseline(held, namesOf(width), ['y'], 1);
  await parts.loader.activate(await publishUntrained(parts.store, namesOf(width), ['y'], 1, baseline));
  return parts;
}

async function predict({ app }: TestApp, instances: number[][]) {
  const response = await app.inject({ method: 'POST', url: '/predict', payload: { instances } });
  assert.equal(response.statusCode, 200, response.body);
  return response.json() as { predictions: number[][]; reconstruction_error: number[] };
}

const report = async ({ app }: TestApp) => (await app.inject({ url: '/drift' })).json();

/** The samples of each metric. */
async function scrape({ app }: TestApp): Promise<(name: string) => Sample[]> {
  const { body } = await app.inject({ url: '/metrics' });
  return (name) =>
    Array.from(body.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm')), ([, labels = '', value]) => ({
      labels: Object.fromEntries(Array.from(labels.matchAll(/(\w+)="([^"]*)"/g), ([, key, text]) => [key!, text!])),
      value: Number(value),
    }));
}

test('bins are metrics for as many features as the setting allows, 50 by default', async (t) => {
  const standard = readConfig({}).DRIFT_FEATURES_WITH_BINS;
  const asked = readConfig({ DRIFT_FEATURES_WITH_BINS: '51' }).DRIFT_FEATURES_WITH_BINS;
  for (const [width, limit, reported] of [
    [50, standard, true],
    [51, standard, false],
    [51, asked, true],
  ] as const) {
    const parts = await watchedApp(t, width, limit);
    await predict(parts, rowsOf(2, 100, width));
    const metric = await scrape(parts);
    for (const name of [
      'model_feature_rows_total',
      'model_feature_reference_ratio',
      'model_feature_degrees_of_freedom',
    ]) {
      const features = new Set(metric(name).map(({ labels }) => labels['feature']));
      assert.equal(features.size, reported ? width + 2 : 0, `${name} of ${width} features with the limit ${limit}`);
    }
    assert.equal(metric('model_feature_out_of_range_rows_total').length, width, 'what is one series a feature stays');
  }
});

test('every score has its threshold, and both are those of GET /drift', async (t) => {
  const parts = await watchedApp(t, 3);
  const check = async (windows: string[]) => {
    const [metric, drift] = [await scrape(parts), await report(parts)];
    const [scores, thresholds] = [metric('model_drift_score'), metric('model_drift_threshold')];
    assert.deepEqual(
      thresholds.map(({ labels }) => labels),
      scores.map(({ labels }) => labels),
    );
    const withoutScans = scores.filter(({ labels }) => labels['window'] !== 'scan');
    assert.deepEqual([...new Set(withoutScans.map(({ labels }) => labels['window']!))].sort(), windows);
    const of = (channel: string, statistic?: RegExp) =>
      scores.flatMap(({ labels, value }, i) =>
        labels['channel'] === channel && (!statistic || statistic.test(labels['statistic']!))
          ? [{ score: value, threshold: thresholds[i]!.value, window: labels['window'] }]
          : [],
      );
    const { channels, error, histogram_limit, error_limit } = drift.charts;
    for (const { kind, name, deviate } of channels) {
      const channel = { output: `prediction:${name}`, conditional: `conditional:${name}` }[kind as string] ?? name;
      const expected = { score: deviate, threshold: histogram_limit, window: 'ewma' };
      assert.deepEqual(of(channel, /^ewma_histogram$/), [expected], channel);
    }
    assert.deepEqual(of('reconstruction_error', /^ewma_mean$/), [
      { score: Math.abs(error), threshold: error_limit, window: 'ewma' },
    ]);
    return { drift, of };
  };
  await predict(parts, rowsOf(2, 200, 3));
  await check(['ewma']);

  await predict(parts, rowsOf(3, 250, 3, 0.4));
  await predict(parts, rowsOf(4, 250, 3, 0.4));
  const { drift, of } = await check(['ewma', 'latest']);
  assert.equal(drift.windows[0].columns.length, 4);
  for (const { name, kind, score, threshold } of drift.windows[0].columns) {
    const own = kind === 'output' ? of(`prediction:${name}`) : [...of(name), ...of(`conditional:${name}`)];
    const latest = own.filter(({ window }) => window === 'latest');
    // A feature: bins, range, missing and what the others do not explain. GET /drift has the strongest.
    assert.equal(latest.length, kind === 'output' ? 1 : 4, name);
    const strongest = latest.reduce((best, one) => (one.score > best.score ? one : best));
    for (const [found, expected] of [
      [strongest.score, score],
      [strongest.threshold, threshold],
    ]) {
      assert.ok(Math.abs(found - expected) <= 1e-9 * Math.abs(expected), `${name}: ${found} is not ${expected}`);
    }
  }
});

test('alarms, the window being filled, and the baseline are the same as in GET /drift', async (t) => {
  const parts = await watchedApp(t, 3);
  const check = async () => {
    const [metric, { model_version, baseline, groups, filled_rows }] = [await scrape(parts), await report(parts)];
    const byGroup = (name: string) => metric(name).map(({ labels, value }) => [labels['group'], value]);
    const expected = (of: (group: { alarms: number; detected: boolean }) => number) =>
      groups.map((group: { group: string; alarms: number; detected: boolean }) => [group.group, of(group)]);
    assert.deepEqual(
      byGroup('model_drift_alarms_total'),
      expected(({ alarms }) => alarms),
    );
    assert.deepEqual(
      byGroup('model_drift_detected'),
      expected(({ detected }) => Number(detected)),
    );
    assert.deepEqual(metric('model_drift_window_rows'), [{ labels: {}, value: filled_rows }]);
    assert.deepEqual(metric('model_baseline_rows'), [{ labels: {}, value: baseline.rows }]);
    assert.deepEqual(metric('model_baseline_info'), [
      { labels: { model_version, baseline: baseline.hash.slice(0, 16) }, value: 1 },
    ]);
    return { model_version, hash: baseline.hash, rows: baseline.rows, filled_rows, groups };
  };
  const quiet = await check();
  assert.deepEqual([quiet.model_version, quiet.rows, quiet.filled_rows], ['2', 400, 0]);
  assert.ok(quiet.groups.every(({ alarms }: { alarms: number }) => alarms === 0));

  for (const seed of [3, 4, 5]) await predict(parts, rowsOf(seed, 210, 3, 5));
  const moved = await check();
  assert.equal(moved.filled_rows, 130);
  assert.ok(moved.groups.some(({ alarms }: { alarms: number }) => alarms === 1));

  const payload = { since: '2026-01-01', reason: 'x0 has moved for good', minimum_rows: 200 };
  const replaced = await parts.app.inject({ method: 'POST', url: '/drift/baseline', payload });
  assert.equal(replaced.statusCode, 200, replaced.body);
  const after = await check();
  assert.notEqual(after.hash, quiet.hash);
  assert.equal(after.rows, 630);
});

test('implausible values and rows without a finite prediction are counted, named in GET /drift, and raise the alarm', async (t) => {
  const parts = await watchedApp(t, 3);
  const count = async () =>
    Object.fromEntries(
      (await scrape(parts))('model_implausible_rows_total').map(({ labels, value }) => [labels['feature'], value]),
    );
  await predict(parts, rowsOf(2, 200, 3));
  assert.deepEqual(await count(), { x0: 0, x1: 0, x2: 0, 'prediction:y': 0 });
  assert.deepEqual((await report(parts)).guards, []);

  const instances = rowsOf(3, 5, 3);
  instances[2]![1] = 3e38;
  const refused = await parts.app.inject({ method: 'POST', url: '/predict', payload: { instances } });
  assert.equal(refused.json().code, 'NON_FINITE_OUTPUT', refused.body);
  const [first, second] = (await report(parts)).guards;
  assert.deepEqual([first.name, first.kind, first.detected, first.furthest], ['y', 'output', true, null]);
  assert.deepEqual([second.name, second.kind, second.implausible_rows], ['x1', 'feature', 1]);
  assert.equal((await report(parts)).detected, true);

  await parts.app.inject({ method: 'POST', url: '/drift/reset' });
  assert.equal((await report(parts)).detected, false);
  const rows = rowsOf(4, 200, 3);
  for (const r of [20, 90, 160]) rows[r]![0] = 2 ** 31;
  await predict(parts, rows);
  const { detected, guards, groups } = await report(parts);
  assert.equal(detected, true);
  const [x0] = guards.filter(({ name }: { name: string }) => name === 'x0');
  assert.deepEqual([x0.implausible_rows, x0.furthest], [3, 2 ** 31]);
  assert.equal(groups.find(({ group }: { group: string }) => group === 'guards').alarms, 2);
  const after = await count();
  assert.deepEqual([after['x0'], after['x1']], [3, 1]);
});

test('levels have bins of their own and a new level is out of range; cycles of a time have no metrics but their scores', async () => {
  const held = drawMixed(1000, createRandom(1));
  const baseline = makeBaseline(held, MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);
  const monitor = new DriftMonitor(baseline);
  const { rows, outputs, errors } = drawMixed(50, createRandom(2), (row) => {
    row[1] = 6;
  });
  monitor.observe(rows, 50, outputs, errors);
  const registry = new Registry();
  const drift = { monitored: { monitor, baseline, version: 1 }, alarms: monitor.alarms };
  registerDriftMetrics(registry, drift as unknown as DriftService, 50);
  const text = await registry.metrics();
  const bins = baseline.features[1]!.bins.counts.length;
  assert.ok(text.includes(`model_feature_rows_total{feature="heating",bin="${bins}"} 50`), text);
  assert.ok(text.includes('model_feature_out_of_range_rows_total{feature="heating"} 50'), text);
  assert.ok(text.includes('model_feature_out_of_range_rows_total{feature="sold"} 0'), text);
  assert.ok(text.includes('model_feature_degrees_of_freedom{feature="sold"} 0'), text);
  assert.ok(!/feature="sold \(/.test(text), text);
});
