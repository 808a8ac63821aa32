import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { interpolate, labelQueriesOf, queriesOf, readDashboard } from '../../deploy/dashboard.js';
import { until } from '../../support/until.js';
import { drawDashboard } from './dashboard-picture.js';
import { monitoredReplicas, skip } from './replicas.js';

// Not part of `npm test`, because the quiet period takes long: `npm run test:prometheus`.

/** Longer than a window of the rules, in seconds. */
const QUIET = 20;
const DRIFT = 20;
/** Values of the Grafana variables, with windows for a scrape interval of one second. */
const VARIABLES = { job: 'reconstruction-regressor', window: '15s', __rate_interval: '4s' };
/** Queries without data in this test. */
const EMPTY = new Map([
  [
    'Rows with a missing value B',
    'training drops rows with missing values, so only a re-baselined model has such a share',
  ],
]);
/** Optional file for the picture: `PICTURE=docs/dashboard.svg npm run test:prometheus`. */
const PICTURE = process.env['PICTURE'];

test('every query of the dashboard has data in a real Prometheus, and the dashboard shows a unit error but no drift before it', {
  skip,
}, async (t) => {
  const { urls, traffic, monitoring, table, breakUnit } = await monitoredReplicas(t);
  const { broken } = table;
  const variables = { ...VARIABLES, feature: broken };
  const started = performance.now();
  for (const url of urls) {
    const response = await fetch(`${url}/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: table.traffic.slice(-200), targets: table.targets.slice(-200) }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  const dashboard = readDashboard();
  const queries = queriesOf(dashboard).map(({ place, expression }) => ({
    place,
    expression: interpolate(expression, variables),
  }));
  /** Returns the current values of the queries of a panel, by place or label. */
  const values = async (title: string, label?: string): Promise<Map<string, number>> => {
    const selected = queries.filter(({ place }) => place.startsWith(title));
    assert.ok(selected.length > 0, title);
    const samples = await Promise.all(
      selected.map(async ({ place, expression }) => {
        const result = await monitoring.query(expression);
        return result.map(({ metric, value }) => [label ? metric[label]! : place, Number(value[1])] as const);
      }),
    );
    return new Map(samples.flat());
  };

  await sleep(QUIET * 1000);
  for (const replica of traffic) replica.check();
  assert.deepEqual([...(await values('Inputs')).values()], [0]);
  for (const [channel, evidence] of await values('Ranking', 'channel'))
    assert.ok(evidence < 1, `${channel}: ${evidence}`);
  const unusual = [...(await values('Unusual rows: should be flat'))].map(([, times]) => times);
  t.diagnostic(
    `unusual rows without drift, as a multiple of the expected number: ${unusual.map((times) => times.toFixed(2)).join(' ')}`,
  );
  assert.equal(unusual.length, 5);
  // The smallest p come from a handful of rows and vary by chance; with drift, the multiples are above 5.
  for (const times of unusual) assert.ok(times < 4, `${times} times as many rows as expected`);
  assert.ok(Math.max(...unusual) > 0.4, 'some rows are unusual');

  breakUnit();
  await until('the alarm', 60, async () => [...(await values('Inputs')).values()][0] === 1);
  await until('an alert', 60, async () => [...(await values('Alerts firing')).values()][0]! > 0);
  await sleep(DRIFT * 1000);
  for (const replica of traffic) replica.check();
  // A unit error need not be implausible.
  const garbage = Array.from({ length: 5 }, (_, i) =>
    table.traffic[i]!.map((value, j) => (table.features[j] === broken ? 1e12 : value)),
  );
  for (const url of urls) {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: garbage }),
    });
    assert.equal(response.status, 200, await response.text());
  }
  await until('implausible rows', 20, async () => (await values('Implausible rows', 'feature')).has(broken));

  const ranking = [...(await values('Ranking', 'channel'))].sort(([, a], [, b]) => b - a);
  t.diagnostic(
    `ranking with drift: ${ranking.map(([channel, evidence]) => `${channel} ${evidence.toFixed(1)}`).join(', ')}`,
  );
  assert.equal(ranking.find(([channel]) => table.features.includes(channel))![0], broken);
  assert.ok(ranking[0]![1] > 1);
  for (const times of (await values('Unusual rows: should be flat')).values()) assert.ok(times > 5, `${times}`);
  assert.ok((await values('Rows outside the range', 'feature')).get(broken)! > 0.99);
  const bins = await values(`$feature: live`, 'bin');
  assert.ok(bins.size > 10 && [...bins.keys()].every((bin) => /^\d\d$/.test(bin)), `${[...bins.keys()]}`);

  const elapsed = Math.ceil((performance.now() - started) / 1000);
  for (const { place, expression } of queries) {
    const series = await monitoring.range(expression, elapsed);
    const finite = series.flatMap(({ values }) => values).filter(([, value]) => Number.isFinite(Number(value)));
    if (EMPTY.has(place)) assert.equal(finite.length, 0, `${place} has data: ${EMPTY.get(place)}`);
    else assert.ok(finite.length > 0, `${place} has data: ${expression}`);
  }
  for (const { name, selector, label } of labelQueriesOf(dashboard)) {
    const choices = await monitoring.labelValues(label, interpolate(selector, variables));
    assert.ok(choices.includes(variables[name as 'job' | 'feature']), `${name}: ${choices}`);
  }
  const caption = `Queries of the dashboard in a real Prometheus, not drawn by Grafana: ${table.name}; after ${QUIET} s, ${broken} is ${table.change}`;
  const picture = await drawDashboard(monitoring, queries, elapsed, broken, caption);
  assert.match(picture, new RegExp(`>${broken}</text>`));
  if (PICTURE) await writeFile(PICTURE, picture);

  const loaded = await monitoring.rules();
  assert.ok(loaded.length > 20);
  for (const { name, health, lastError } of loaded) assert.equal(health, 'ok', `${name}: ${lastError}`);
});
