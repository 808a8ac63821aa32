import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { exportedMetrics } from '../../deploy/exported-metrics.js';
import { buildTestApp } from '../../support/test-app.js';

const value = (body: string, name: string) => {
  const line = body.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
};

test('the gauge is the weighted auxiliary loss of the latest forward pass', async (t) => {
  const { app } = await buildTestApp(t);
  const scrape = async () => (await app.inject({ url: '/metrics' })).body;
  assert.equal(value(await scrape(), 'model_reconstruction_loss'), undefined, 'the probe pass does not touch it');
  assert.equal(value(await scrape(), 'model_row_reconstruction_error_count'), 0);

  for (const instances of [
    [[1, 2, 3]],
    [
      [9, 9, 9],
      [0, 0, 0],
      [-5, 3, 1],
    ],
  ]) {
    const { reconstruction_error: errors } = (
      await app.inject({ method: 'POST', url: '/predict', payload: { instances } })
    ).json() as { reconstruction_error: number[] };
    const mean = errors.reduce((sum, error) => sum + Math.fround(error), 0) / errors.length;
    const body = await scrape();
    assert.ok(Math.abs(value(body, 'model_reconstruction_loss')! - 0.05 * mean) < 1e-12);
    assert.equal(value(body, 'model_forward_pass_rows'), instances.length);
  }
  const body = await scrape();
  assert.equal(value(body, 'model_row_reconstruction_error_count'), 4);
  assert.equal(value(body, 'model_row_reconstruction_error_bucket{le="+Inf"}'), 4);
  assert.equal(value(body, 'model_predictions_total'), 2);
  assert.equal(value(body, 'model_predicted_rows_total'), 4);
  assert.equal(value(body, 'model_version'), 1);
});

test('the histogram puts every error under its bound', async (t) => {
  const { app } = await buildTestApp(t);
  const instances = Array.from({ length: 90 }, (_, i) => [i / 10, (i % 7) - 3, i * i]);
  const { reconstruction_error: errors } = (
    await app.inject({ method: 'POST', url: '/predict', payload: { instances } })
  ).json() as { reconstruction_error: number[] };
  const { body } = await app.inject({ url: '/metrics' });
  const buckets = Array.from(body.matchAll(/^model_row_reconstruction_error_bucket\{le="([^"]+)"\} (\d+)$/gm));
  assert.equal(buckets.length, 23);
  for (const [, bound, count] of buckets) {
    const limit = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    assert.equal(Number(count), errors.filter((error) => error <= limit).length, `le ${bound}`);
  }
  const sum = errors.reduce((total, error) => total + Math.fround(error), 0);
  assert.ok(Math.abs(value(body, 'model_row_reconstruction_error_sum')! / sum - 1) < 1e-9);
});

test('requests are timed by route pattern and status, never by URL', async (t) => {
  const { app } = await buildTestApp(t);
  await app.inject({ url: '/train/a-first-id' });
  await app.inject({ url: '/train/a-second-id' });
  await app.inject({ url: '/no/such/path' });
  const { body } = await app.inject({ url: '/metrics' });
  assert.match(body, /http_request_duration_seconds_count\{method="GET",route="\/train\/:id",status="404"\} 2/);
  assert.match(body, /http_request_duration_seconds_count\{method="GET",route="none",status="404"\} 1/);
  assert.doesNotMatch(body, /first-id|such/);
});

test('two applications in one process do not share their metrics', async (t) => {
  const [one, other] = [await buildTestApp(t), await buildTestApp(t)];
  await one.app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.equal(value((await one.app.inject({ url: '/metrics' })).body, 'model_predictions_total'), 1);
  assert.equal(value((await other.app.inject({ url: '/metrics' })).body, 'model_predictions_total'), 0);
});

test('promtool accepts the metrics', async (t) => {
  if (spawnSync('promtool', ['--version']).error) {
    t.skip('SKIPPED: promtool is not installed (Debian package prometheus)');
    return;
  }
  const { text, names } = await exportedMetrics(t);
  // Of the process there is what there is, numbers have no levels, and nothing expires without credentials and HTTPS.
  const absent = /^(nodejs_|process_|model_unknown_levels_|api_keys|tls_certificate_expiry|oidc_jwks_)/;
  for (const [, family, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    if (absent.test(family!)) continue;
    assert.ok(names.has(type === 'histogram' ? `${family}_bucket` : family!), `${family} has samples to be checked`);
  }
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test("TensorFlow Serving's metrics path returns the same", async (t) => {
  const { app } = await buildTestApp(t);
  await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  const { statusCode, headers, body } = await app.inject({ url: '/monitoring/prometheus/metrics' });
  assert.equal(statusCode, 200);
  assert.match(headers['content-type'] as string, /^text\/plain/);
  assert.equal(value(body, 'model_predictions_total'), 1);
  const names = (text: string) => Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name);
  assert.deepEqual(names(body), names((await app.inject({ url: '/metrics' })).body));
});
