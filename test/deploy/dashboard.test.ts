import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildDashboard } from '../../scripts/dashboard/dashboard.js';
import {
  DASHBOARD_FILE,
  type FilePanel,
  GRAFANA,
  interpolate,
  labelQueriesOf,
  queriesOf,
  readDashboard,
} from './dashboard.js';
import { exportedMetrics } from './exported-metrics.js';
import { metricsOf } from './promql.js';

const ROOT = join(GRAFANA, '../..');
const dashboard = readDashboard();
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const VALUES = { job: 'j', feature: 'flow', window: '5m', __rate_interval: '20s' };
/** Series that Prometheus itself creates. */
const PROMETHEUS_SERIES = ['ALERTS'];
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('the dashboard file is up to date with scripts/dashboard', () => {
  assert.equal(
    readFileSync(DASHBOARD_FILE, 'utf8'),
    `${JSON.stringify(buildDashboard(), null, 2)}\n`,
    'run npm run dashboard',
  );
});

test('every panel has a description and a unit, and queries the selected Prometheus', () => {
  assert.ok(panels.length > 20);
  const titles = new Set(panels.map(({ title }) => title));
  assert.equal(titles.size, panels.length, 'no title twice');
  for (const { title, description, fieldConfig, targets } of panels) {
    assert.ok(description && description.length > 10 && description.endsWith('.'), `description of ${title}`);
    assert.ok(fieldConfig?.defaults.unit, `unit of ${title}`);
    assert.ok(targets && targets.length > 0, `queries of ${title}`);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `letters of ${title}`);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own syntax
    for (const { datasource } of targets) assert.equal(datasource.uid, '${datasource}', title);
  }
});

test('the panels fill the lines of the dashboard without overlap', () => {
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  const occupied = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    for (const cell of cells(gridPos)) {
      assert.ok(!occupied.has(cell), `${title} and ${occupied.get(cell)} at ${cell}`);
      occupied.set(cell, title);
    }
  }
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  assert.equal(occupied.size, 24 * bottom, 'no gaps');
});

test('every query of the dashboard is valid PromQL on metrics that the service exports or the rules record', async (t) => {
  const { names: exported } = await exportedMetrics(t);
  const recorded = Array.from(read('deploy/prometheus/rules.yml').matchAll(/- record: (\S+)/g), ([, name]) => name!);
  const known = new Set([...exported, ...recorded, ...PROMETHEUS_SERIES]);
  const queries = [
    ...queriesOf(dashboard),
    ...labelQueriesOf(dashboard).map(({ name, selector }) => ({ place: `variable ${name}`, expression: selector })),
  ];
  assert.ok(queries.length > 50);
  for (const { place, expression } of queries) {
    const names = metricsOf(interpolate(expression, VALUES));
    assert.ok(names.size > 0, place);
    for (const name of names) assert.ok(known.has(name), `${place}: ${name} is exported or recorded`);
  }
});

test('the thresholds in the panels are those of the alerts', () => {
  const alerts = read('deploy/prometheus/alerts.yml');
  const limit = (pattern: RegExp) => Number(pattern.exec(alerts)?.[1]);
  const drawn = (title: string) => {
    const { defaults } = panels.find((panel) => panel.title === title)!.fieldConfig as unknown as {
      defaults: { thresholds: { steps: { value: number }[] } };
    };
    return defaults.thresholds.steps.at(-1)!.value;
  };
  assert.equal(drawn('All replicas together, 15 minutes: z'), limit(/model_feature_drift:z15m\S* > ([\d.]+)/));
  assert.equal(drawn('Predictions: z over all replicas, 15 minutes'), limit(/"prediction:\.\*"\} > ([\d.]+)/));
  assert.equal(drawn('All replicas together, 15 minutes: size'), limit(/psi_corrected15m > ([\d.]+)/));
  assert.equal(drawn('Rows outside the range of the baseline'), limit(/out_of_range:ratio15m > ([\d.]+)/));
});

test('Grafana is provisioned with the Prometheus of compose.yaml, its scrape interval and this dashboard', () => {
  const compose = read('compose.yaml');
  const datasource = read('deploy/grafana/provisioning/datasources/prometheus.yml');
  const [, name, port] = /url: http:\/\/(\w+):(\d+)$/m.exec(datasource)!;
  assert.match(compose, new RegExp(`^ {2}${name}:\\n(?: {4}.*\\n)*? {4}ports: \\["[\\d.:]+:${port}"\\]$`, 'm'));
  assert.equal(
    /timeInterval: (\w+)/.exec(datasource)?.[1],
    /scrape_interval: (\w+)/.exec(read('deploy/prometheus/prometheus.yml'))?.[1],
  );

  const [, inside] = /path: (\S+)/.exec(read('deploy/grafana/provisioning/dashboards/dashboards.yml'))!;
  const mounts = Object.fromEntries(
    Array.from(compose.matchAll(/- \.\/(deploy\/grafana\/\S+?):(\S+?):ro/g), ([, from, to]) => [to, from]),
  );
  assert.equal(join(ROOT, mounts[inside!]!), join(DASHBOARD_FILE, '..'));
  assert.equal(mounts['/etc/grafana/provisioning'], 'deploy/grafana/provisioning');
  assert.ok(
    compose.includes(`GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: ${inside}/${DASHBOARD_FILE.split('/').at(-1)}\n`),
  );
});

function* cells({ x, y, w, h }: FilePanel['gridPos']) {
  for (let row = y; row < y + h; row++) for (let column = x; column < x + w; column++) yield `${column},${row}`;
}
