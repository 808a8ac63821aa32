import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FEATURES, TARGET } from '../e2e/prometheus/synthetic-plant.js';
import { exportedMetrics } from './exported-metrics.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DEPLOYED = join(ROOT, 'deploy/prometheus');
const read = (file: string) => readFileSync(join(DEPLOYED, file), 'utf8').replaceAll(/^ *#.*$/gm, '');
const RULES = read('rules.yml');
const ALERTS = read('alerts.yml');
const CASES = read('alerts.test.yml');
const RUNBOOK = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');

const all = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, match]) => match!);
const alertNames = all(ALERTS, /- alert: (\w+)/g);

/** Runs a Prometheus tool in the directory of the rules. Skips the test if the tool is missing. */
function check(t: TestContext, tool: string, ...args: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync(tool, args, { cwd: DEPLOYED, encoding: 'utf8' });
  if (error) t.skip(`SKIPPED: ${tool} cannot be run (Debian packages prometheus, prometheus-alertmanager)`);
  else assert.equal(status, 0, stdout + stderr);
}

test('promtool accepts the rules and alerts', (t) => {
  check(t, 'promtool', 'check', 'rules', '--lint-fatal', 'rules.yml', 'alerts.yml');
});

test('amtool accepts the configuration of Alertmanager', (t) => {
  check(t, 'amtool', 'check-config', 'alertmanager.yml');
});

test('promtool confirms that each alert fires when it must, and only then', (t) => {
  check(t, 'promtool', 'test', 'rules', 'alerts.test.yml');
});

test('every alert has a case in which it fires and two in which it does not', () => {
  assert.ok(alertNames.length > 0);
  for (const name of alertNames) {
    assert.match(CASES, new RegExp(`alertname: ${name}\\n +exp_alerts:\\n`), `${name} fires`);
    assert.ok(
      all(CASES, new RegExp(`(alertname: ${name} \\})`, 'g')).length >= 2,
      `${name} has two cases in which it does not fire`,
    );
  }
});

test('every alert has a severity and a section in the runbook', () => {
  const sections = all(RUNBOOK, /^## (\w+)$/gm);
  assert.deepEqual(sections.toSorted(), alertNames.toSorted());
  assert.deepEqual(
    all(ALERTS, /runbook: docs\/alerts\.md#(\w+)/g),
    alertNames.map((name) => name.toLowerCase()),
  );
  assert.deepEqual(
    ALERTS.split('- alert: ')
      .filter((text) => text.includes('severity: page'))
      .map((text) => /^\w+/.exec(text)?.[0]),
    ['ModelFeatureOutOfRange', 'ModelFeatureMissing', 'RequestsShed', 'AuditLogUnwritable', 'OidcKeysStale'],
  );
});

test('the service exports every metric in the rules, and every recorded series is used', async (t) => {
  const { text, names } = await exportedMetrics(t);

  const named = new Set(all(RULES + ALERTS, /(?<![:\w])((?:model|http)_\w+)(?![\w:])/g));
  assert.ok(named.size > 10);
  for (const name of named) assert.ok(names.has(name), `${name} is exported`);

  const recorded = new Set(all(RULES, /- record: (\S+)/g));
  const used = new Set(all(RULES + ALERTS, /(\w+:\w+:\w+)/g));
  assert.deepEqual(used, recorded);

  // Series with the labels that the rules select.
  for (const series of [
    'model_feature_rows_total{feature="flow",bin="below"}',
    'model_feature_rows_total{feature="flow",bin="above"}',
    'model_feature_rows_total{feature="flow",bin="missing"}',
    'model_feature_rows_total{feature="reconstruction_error",bin="1"}',
    `model_feature_rows_total{feature="prediction:${TARGET}",bin="1"}`,
    'model_row_conformal_p_bucket{le="0.01"}',
  ]) {
    assert.ok(text.includes(`\n${series} `), series);
  }
  const labels = new Set(all(text, /^model_feature_degrees_of_freedom\{feature="(.+)"\}/gm));
  assert.deepEqual(labels, new Set([...FEATURES, `prediction:${TARGET}`, 'reconstruction_error']));
});

test('no alert on the state of the service holds with its defaults', async (t) => {
  const { text } = await exportedMetrics(t);
  const states = all(ALERTS, /expr: (\w+ == [01])$/gm).map((state) => state.replace(' ==', ''));
  assert.ok(states.length > 0);
  for (const state of states) assert.ok(!text.split('\n').includes(state), state);
});
