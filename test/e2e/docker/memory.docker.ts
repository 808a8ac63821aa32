import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Container, createVolume, GRANTED, withMemory } from './container.js';
import { docker, missingDaemon } from './docker.js';

// `npm run test:docker`: the worst of everything at once, under the memory that compose.yaml grants, and under half of it.

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CARS = join(ROOT, 'data/auto-mpg.csv');
const IMAGE = 'reconstruction-regressor:test';
const CAR = [8, 307, 130, 3504, 12, 70, 1];
const NAMES = ['cylinders', 'displacement', 'horsepower', 'weight', 'acceleration', 'model_year', 'origin'];
const MODEL = 'reconstruction_regressor';
const MIB = 2 ** 20;
/** Just below the default BODY_LIMIT. */
const BYTES = 15.9 * MIB;
/** Milliseconds in which /livez must answer: the machine may be busy, and the bodies come from it. */
const LIVE = 10_000;
/** Milliseconds after which idle threads and processes have ended. */
const IDLE = 15_000;
const JSON_TYPE = 'application/json';

const skip = await missingDaemon();

before(async () => {
  if (!skip) await docker('build', '--network', 'host', '--tag', IMAGE, ROOT);
});

interface Attack {
  readonly path: string;
  readonly body: Buffer<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

for (const memory of [GRANTED, GRANTED / 2]) {
  test(`with ${memory} MiB, the worst of everything at once is refused, and the service stays`, { skip }, async (t) => {
    const service = await Container.run(IMAGE, await createVolume(t), { rights: withMemory(memory) });
    await service.ready();
    await service.predict([CAR]);
    const archive = Buffer.from(await (await fetch(`${service.url}/models/1/archive`)).arrayBuffer());
    const attacks = await attacksOn(service, archive);
    const watch = watchHealth(service);
    for (const concurrency of [10, 40]) {
      const statuses = await send(service, shuffled(attacks), concurrency);
      t.diagnostic(`${concurrency} at once: ${JSON.stringify(statuses)}; ${await shown(service)}`);
    }
    const slowest = await watch();
    t.diagnostic(`/livez: at most ${slowest.toFixed(0)} ms`);
    assert.equal((await service.predict([CAR])).predictions.length, 1);
    await sleep(IDLE);
    t.diagnostic(`after ${IDLE / 1000} quiet seconds: ${await shown(service)}`);
    const { Status, OOMKilled } = await service.state();
    assert.deepEqual({ Status, OOMKilled }, { Status: 'running', OOMKilled: false });
    assert.equal(await service.outOfMemoryKills(), 0, 'processes killed for want of memory');
    const resident = await service.residentMemory();
    assert.ok(resident < (3 / 4) * memory, `${resident} MiB are still resident`);
  });
}

/** Bodies that take much more memory than their length, whole or compressed, to every route that takes a body. */
async function attacksOn(service: Container, archive: Buffer): Promise<Attack[]> {
  const { paths } = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths)
    .filter(([, methods]) => 'post' in methods)
    .map(([path]) =>
      path
        .replace('{name}', MODEL)
        .replace(/\{\w*version\}/, '1')
        .replace(/\{\w+\}/g, 'x'),
    );
  const fill = (begin: string, unit: string, end = '') =>
    Buffer.from(begin + unit.repeat(Math.floor((BYTES - begin.length - end.length) / unit.length)) + end);
  const rows = Array.from({ length: 100_000 }, (_, i) => CAR.map((value) => value * (1 + Math.sin(i) / 10)));
  const named = `{${NAMES.map((name, j) => `"${name}":${CAR[j]}`).join()}},`;
  const ones = fill('{"instances":[[1', ',1');
  const json = { 'content-type': JSON_TYPE };
  const gzip = { ...json, 'content-encoding': 'gzip' };
  const packed = gzipSync(ones);
  const everywhere = routes.flatMap((path) => [
    { path, body: ones, headers: json },
    { path, body: packed, headers: gzip },
  ]);
  const shapes = [
    fill('{"instances":[', '[],'),
    fill('{"instances":[', named),
    fill('{"instances":[["a"', ',"ab"'),
    fill('{"instances":[[1.5', ',1.5'),
    fill('', '"'),
    fill('{', '"k":1,'),
    fill('é["', 'é'),
    Buffer.from(JSON.stringify({ instances: rows })),
  ].flatMap((body) =>
    [
      '/predict',
      '/predict?explain=true',
      '/predict?ids=true',
      '/invocations',
      `/v1/models/${MODEL}:predict`,
      '/feedback',
    ].map((path) => ({ path, body, headers: json })),
  );
  const floats = Buffer.from(Float32Array.from(rows.flat()).buffer);
  const csv = Buffer.from([NAMES.join(), ...rows.map((row) => row.join())].join('\n'));
  return [
    ...everywhere,
    ...shapes,
    { path: '/predict', body: packed, headers: gzip },
    {
      path: '/predict?explain=true',
      body: gzipSync(JSON.stringify({ instances: rows.map(() => CAR) })),
      headers: gzip,
    },
    { path: '/predict', body: Buffer.from(brotliCompressSync(ones)), headers: { ...json, 'content-encoding': 'br' } },
    { path: '/invocations', body: fill('', '1,'), headers: { 'content-type': 'text/csv' } },
    { path: '/invocations', body: fill('', '1\n'), headers: { 'content-type': 'text/csv' } },
    { path: '/invocations', body: fill('', '\n'), headers: { 'content-type': 'application/jsonlines' } },
    { path: '/invocations', body: floats, headers: { 'content-type': 'application/octet-stream' } },
    { path: '/predict?explain=true', body: csv, headers: { 'content-type': 'text/csv', accept: JSON_TYPE } },
    { path: '/train?target=origin&promote=never', body: csv, headers: { 'content-type': 'text/csv' } },
    { path: '/train?target=mpg&promote=never', body: await readFile(CARS), headers: { 'content-type': 'text/csv' } },
    { path: '/models', body: Buffer.from(archive), headers: { 'content-type': 'application/gzip' } },
  ];
}

/** Sends all, `concurrency` at a time. Returns how many replies had each status. */
async function send(service: Container, attacks: readonly Attack[], concurrency: number): Promise<object> {
  const statuses: Record<string, number> = {};
  const queue = [...attacks];
  const sender = async () => {
    for (let attack = queue.pop(); attack; attack = queue.pop()) {
      const { path, body, headers } = attack;
      const response = await fetch(`${service.url}${path}`, { method: 'POST', headers, body });
      const text = await response.text();
      const { status } = response;
      statuses[status] = (statuses[status] ?? 0) + 1;
      const place = `${path} ${headers['content-type']}: ${status} ${text.slice(0, 300)}`;
      assert.ok([200, 201, 202, 400, 404, 405, 409, 413, 415, 429, 501, 503].includes(status), place);
      if (text.includes('"OVERLOADED"')) assert.ok(response.headers.has('retry-after'), place);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return statuses;
}

/** Asks for /livez ten times a second. The returned function ends that, and returns the longest time in milliseconds. */
function watchHealth(service: Container): () => Promise<number> {
  let slowest = 0;
  let isEnding = false;
  const watching = (async () => {
    while (!isEnding) {
      const start = performance.now();
      const { status } = await fetch(`${service.url}/livez`, { signal: AbortSignal.timeout(LIVE) });
      assert.equal(status, 200);
      slowest = Math.max(slowest, performance.now() - start);
      await sleep(100);
    }
  })();
  watching.catch(() => {});
  return async () => {
    isEnding = true;
    await watching;
    return slowest;
  };
}

async function shown(service: Container): Promise<string> {
  const [resident, peak] = [await service.residentMemory(), await service.peakMemory()];
  return `resident ${resident.toFixed(0)} MiB, peak with file caches ${peak.toFixed(0)} MiB`;
}

/** In an order that mixes the routes, the same each time. */
function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value, i) => [(i * 7919) % 101, value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}
