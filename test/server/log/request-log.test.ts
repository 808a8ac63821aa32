import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

/** What orchestrators and Prometheus ask every few seconds, by every protocol. */
const PROBES = [
  '/livez',
  '/readyz',
  '/ping',
  '/health',
  '/vertex',
  '/metrics',
  '/monitoring/prometheus/metrics',
  '/v1/models',
  '/v1/models/test',
  '/v1/models/test/versions/1',
  '/v2/health/live',
  '/v2/health/ready',
  '/v2/models/test/ready',
  '/v2/models/test/versions/1/ready',
];

test('probes and scrapes are logged at debug, and all else at info', async (t) => {
  const { app, logged } = await buildTestApp(t, ['a', 'b', 'c'], {
    vertex: { predict: '/vertex:predict', health: '/vertex' },
  });
  const levels = async (urls: readonly string[]) => {
    logged.length = 0;
    for (const url of urls) assert.equal((await app.inject({ url })).statusCode, 200, url);
    return logged.filter(({ msg }) => msg === 'request answered').map(({ url, level }) => [url, level]);
  };
  assert.deepEqual(
    await levels(PROBES),
    PROBES.map((url) => [url, 20]),
  );
  const others = ['/model', '/v1/models/test/metadata', '/v2/models/test', '/version'];
  assert.deepEqual(
    await levels(others),
    others.map((url) => [url, 30]),
  );
});

test('a probe that finds no model is a warning', async (t) => {
  const { app, logged } = await buildTestApp(t, []);
  for (const url of ['/readyz', '/v2/health/ready', '/v2/models/test/ready', '/v1/models/test', '/ping']) {
    logged.length = 0;
    assert.ok((await app.inject({ url })).statusCode >= 400, url);
    assert.deepEqual(
      logged.filter(({ msg }) => msg === 'request answered').map(({ level }) => level),
      [40],
      url,
    );
  }
});

test('of equal errors ten a second are logged, and their URLs are cut', async (t) => {
  const server = await startServer(t, { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: 'no-such-file.csv' });
  const miss = async (i: number) => {
    const response = await fetch(`${server.url}/${i}${'x'.repeat(5000)}`);
    assert.equal(response.status, 404);
    await response.text();
  };
  const lines = () => server.lines.filter(({ status }) => status === 404);
  const start = performance.now();
  await Promise.all(Array.from({ length: 200 }, (_, i) => miss(i)));
  const seconds = 1 + Math.floor((performance.now() - start) / 1000);
  await until('a line says how many were omitted', 10, async () => {
    await miss(0);
    return lines().some(({ omitted }) => Number(omitted) > 0);
  });
  const before = lines().findIndex(({ omitted }) => Number(omitted) > 0);
  assert.ok(before >= 10 && before <= 10 * seconds, `${before} lines in ${seconds} s`);
  for (const { url } of lines()) assert.ok((url as string).length <= 201, url as string);
});
