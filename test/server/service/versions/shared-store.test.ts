import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { FileStore } from '../../../../src/model/store/file-store.js';
import { type ServerProcess, startServer } from '../../../support/server-process.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { buildTestApp, publishUntrained } from '../../../support/test-app.js';

const NAME = 'reconstruction_regressor';
const ROW = [1, 2, 3];

/** A store with `count` untrained versions; the first is production. */
async function storeOf(t: TestContext, count: number): Promise<{ directory: string; store: FileStore }> {
  const directory = temporaryDirectory(t);
  const store = new FileStore(join(directory, NAME));
  for (let seed = 1; seed <= count; seed++) await publishUntrained(store, ['a', 'b', 'c'], ['y'], seed);
  await store.setAliases({ generation: 0, production: 1, candidate: null, previous: null });
  return { directory, store };
}

async function start(t: TestContext, directory: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServer(t, { MODEL_STORE: directory, ...env });
  await server.logged('model version serves');
  return server;
}

type Reply = { status: number } & Record<string, unknown>;

async function post({ url }: ServerProcess, path: string, payload?: object): Promise<Reply> {
  const init = payload && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) };
  const response = await fetch(`${url}${path}`, { method: 'POST', ...init });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}

const predict = (server: ServerProcess) => post(server, '/predict', { instances: [ROW] });

/** Waits until a server has said that it serves a version. */
async function serves(server: ServerProcess, version: string): Promise<void> {
  const said = () =>
    server.lines.filter(({ msg }) => msg === 'model version serves').at(-1)?.['model_version'] === version;
  while (!said()) await once(server.child.stdout!, 'data');
}

test('a second process on the same store follows what the first activates, rolls back and trains', async (t) => {
  const { directory } = await storeOf(t, 2);
  const [first, second] = [await start(t, directory), await start(t, directory)];
  await post(first, '/models/2/activate');
  await serves(second, '2');
  assert.deepEqual(await predict(second), await predict(first));
  await post(second, '/models/rollback');
  await serves(first, '1');
  const instances = Array.from({ length: 60 }, (_, i) => [i % 7, i % 11, i % 13]);
  const targets = instances.map(([a, b]) => [a! + b!]);
  const trained = await post(first, '/train?wait=true&epochs=2', { instances, targets });
  assert.equal(trained.status, 200, JSON.stringify(trained));
  await post(first, '/models/3/activate');
  await serves(second, '3');
  assert.deepEqual(await predict(second), await predict(first));
});

test('of two processes that activate at once one wins, the other gets an error or comes later, and both serve the same version', async (t) => {
  const { directory, store } = await storeOf(t, 3);
  const servers = [await start(t, directory), await start(t, directory)] as const;
  for (let round = 0; round < 20; round++) {
    const { generation } = await store.aliases();
    const outcomes = await Promise.all(
      servers.map((server, i) => post(server, `/models/${((round + i) % 3) + 1}/activate`)),
    );
    const won = outcomes.filter(({ status }) => status === 200);
    const lost = outcomes.filter(({ status, code }) => status === 409 && code === 'ALIASES_CHANGED');
    assert.ok(won.length >= 1 && won.length + lost.length === 2, JSON.stringify(outcomes));
    const { production, generation: next } = await store.aliases();
    assert.ok(next - generation <= won.length);
    for (const server of servers) await serves(server, String(production));
    assert.deepEqual(await predict(servers[0]), await predict(servers[1]));
  }
});

test('of baselines that two processes make at once from their traffic one is that of both, within seconds', async (t) => {
  const directory = temporaryDirectory(t);
  const servers = [await start(t, directory), await start(t, directory)] as const;
  const replies = await Promise.all(
    servers.map(async (server, i) => {
      const instances = Array.from({ length: 300 }, (_, r) => Array.from({ length: 7 }, (_, j) => i + (r % (j + 5))));
      assert.equal((await post(server, '/predict', { instances })).status, 200);
      const since = '2026-01-01T00:00:00Z';
      return post(server, '/drift/baseline', { since, reason: `of process ${i}`, minimum_rows: 200 });
    }),
  );
  for (const { status } of replies) assert.equal(status, 200);

  const origin = ({ lines }: ServerProcess) =>
    lines.filter(({ msg }) => msg === 'baseline replaced').at(-1)?.['origin'] as { version: number };
  while (!isDeepStrictEqual(origin(servers[0]), origin(servers[1]))) {
    await Promise.race(servers.map(({ child }) => once(child.stdout!, 'data')));
  }
  const [one, other] = await Promise.all(
    servers.map(async ({ url }) => {
      const { baseline } = (await (await fetch(`${url}/drift`)).json()) as { baseline: { hash: string } };
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return { baseline, info: /^model_baseline_info.* 1$/m.exec(metrics)?.[0] };
    }),
  );
  assert.deepEqual(one, other);
  assert.ok(one!.info?.includes(`baseline="${one!.baseline.hash.slice(0, 16)}"`), one!.info);
});

test('what stands in for a broken production in one process is neither removed nor pruned by another, in which production serves', async (t) => {
  const { directory, store } = await storeOf(t, 3);
  await store.setAliases({ ...(await store.aliases()), production: 3 });
  const whole = await start(t, directory, { KEEP_VERSIONS: '1' });
  assert.equal((await predict(whole))['model_version'], '3');
  rmSync(join(store.location, '3', 'weights.bin'));
  const other = await start(t, directory);
  assert.equal((await predict(other))['model_version'], '2');
  await other.logged('the serving version is previous now');

  assert.equal((await fetch(`${whole.url}/models/2`, { method: 'DELETE' })).status, 409);
  const headers = { 'content-type': 'application/gzip' };
  const body = await archiveOf(t, store);
  assert.equal((await fetch(`${whole.url}/models`, { method: 'POST', headers, body })).status, 201);
  assert.equal((await whole.logged('old model version removed'))['model_version'], '1');
  // Another upload waits for what the first has set going.
  assert.equal((await fetch(`${whole.url}/models`, { method: 'POST', headers, body })).status, 201);
  assert.deepEqual((await store.list()).slice(0, 2), [2, 3]);
  assert.equal((await predict(other))['model_version'], '2');
});

/** Runs `command` where `mount` has been done on `directory`; undefined if nothing can be mounted here. */
function mounted(mount: string, directory: string): string[] | undefined {
  const script = `mount ${mount} && exec "$@"`;
  const unshare = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, directory];
  return spawnSync('unshare', [...unshare, 'true']).status === 0 ? ['unshare', ...unshare] : undefined;
}

test('a store that can only be read serves, says so at the start and in /readyz?verbose, and refuses changes in words', async (t) => {
  const { directory, store } = await storeOf(t, 2);
  const command = mounted('--bind "$0" "$0" && mount -o remount,bind,ro "$0"', directory);
  if (!command) return t.skip('SKIPPED: nothing can be mounted here (unshare --user --mount)');
  const archive = await archiveOf(t, store);
  const server = await startServer(t, { MODEL_STORE: directory, FEEDBACK_STORE: '/nonexistent' }, { command });
  await server.logged('model version serves');
  const line = await server.logged('the model store is not writable');
  assert.equal(line.level, 50);
  const before = await predict(server);
  assert.equal(before.status, 200);
  const { status, store: reported } = (await (await fetch(`${server.url}/readyz?verbose`)).json()) as {
    status: string;
    store: { writable: boolean; reason: string };
  };
  assert.deepEqual([status, reported.writable], ['ready', false]);
  assert.match(reported.reason, /EROFS/);
  const headers = { 'content-type': 'application/gzip' };
  const upload = await fetch(`${server.url}/models`, { method: 'POST', headers, body: archive });
  const replies = [
    await post(server, '/models/2/activate'),
    { status: upload.status, ...((await upload.json()) as Record<string, unknown>) },
    await post(server, '/train', { instances: Array(20).fill(ROW), targets: Array(20).fill([1]) }),
    { status: 0, ...((await (await fetch(`${server.url}/models/2`, { method: 'DELETE' })).json()) as object) },
  ] as Record<string, unknown>[];
  for (const { code, error } of replies) {
    assert.equal(code, 'STORE_UNWRITABLE', JSON.stringify(replies));
    assert.match(String(error), /read-only \(EROFS\)/);
  }
  assert.equal(replies[0]!['status'], 507);
  assert.deepEqual(await predict(server), before);
});

test('a full disk refuses uploads, trainings and activations in words, leaves nothing half, and the old version serves on', async (t) => {
  const { directory: prepared, store } = await storeOf(t, 2);
  const directory = temporaryDirectory(t);
  // The store is copied into the small disk, which is then filled but for a page.
  const fill = `cp -r "${prepared}/." "$0/" && (dd if=/dev/zero of="$0/filler" bs=4k status=none 2>/dev/null || true)`;
  const command = mounted(`-t tmpfs -o size=1m none "$0" && ${fill}`, directory);
  if (!command) return t.skip('SKIPPED: nothing can be mounted here (unshare --user --mount)');
  const archive = await archiveOf(t, store);
  const server = await startServer(t, { MODEL_STORE: directory, FEEDBACK_STORE: '/nonexistent' }, { command });
  await server.logged('model version serves');
  await server.logged('the model store is not writable');
  assert.match((await server.logged('the disk of the model store is almost full')).msg, /almost full/);
  const before = await predict(server);
  const headers = { 'content-type': 'application/gzip' };
  for (let i = 0; i < 3; i++) {
    const upload = await fetch(`${server.url}/models`, { method: 'POST', headers, body: archive });
    const reply = { status: upload.status, ...((await upload.json()) as Record<string, unknown>) };
    const activated = await post(server, '/models/2/activate');
    const instances = Array.from({ length: 60 }, (_, i) => [i % 7, i % 11, i % 13]);
    const targets = instances.map(([a]) => [a!]);
    const trained = await post(server, '/train?wait=true&epochs=1', { instances, targets });
    for (const { status, code, error } of [reply, activated, trained] as Record<string, unknown>[]) {
      assert.deepEqual([status, code], [507, 'STORE_UNWRITABLE'], String(error));
      assert.match(String(error), /no space is left on the disk \(ENOSPC\)/);
    }
  }
  const { models, aliases } = (await (await fetch(`${server.url}/models`)).json()) as Record<string, unknown[]>;
  assert.equal(models!.length, 2);
  assert.equal((aliases as unknown as { production: string }).production, '1');
  assert.deepEqual(await predict(server), before);
});

/** The archive of version 1, as a service hands it out. */
async function archiveOf(t: TestContext, store: FileStore): Promise<ArrayBuffer> {
  const { app, store: own } = await buildTestApp(t, []);
  cpSync(join(store.location, '1'), join(own.location, '1'), { recursive: true });
  const { rawPayload } = await app.inject({ url: '/models/1/archive' });
  return Uint8Array.from(rawPayload).buffer;
}

test('a clock that goes backwards changes neither the order of versions nor what serves', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2030-01-01') });
  const { store, loader, app, service } = await buildTestApp(t);
  for (const [i, time] of ['2020-01-01', '1970-01-02', '2025-01-01'].entries()) {
    t.mock.timers.setTime(Date.parse(time));
    const version = await publishUntrained(store, ['a', 'b', 'c'], ['y'], i + 2);
    assert.equal(version, i + 2);
    assert.deepEqual(await loader.activate(version), { version, former: version - 1 });
  }
  t.mock.timers.setTime(Date.parse('1980-01-01'));
  assert.equal(await store.sweep(), 0);
  const { models } = (await app.inject({ url: '/models' })).json();
  assert.deepEqual(
    models.map(({ model_version }: { model_version: string }) => model_version),
    ['4', '3', '2', '1'],
  );
  assert.deepEqual(await loader.rollback(), { version: 3, former: 4 });
  assert.ok(await loader.activateStored());
  assert.equal(service.serving.version, 3);
  const age = /^model_age_seconds (.*)$/m.exec((await app.inject({ url: '/metrics' })).body)?.[1];
  assert.ok(Number(age) >= 0, `age ${age}`);
});

test('a thousand versions hold up neither the start nor the list', async (t) => {
  const { directory, store } = await storeOf(t, 1);
  const names = readdirSync(join(store.location, '1'));
  for (let version = 2; version <= 1000; version++) {
    mkdirSync(join(store.location, String(version)));
    for (const name of names) linkSync(join(store.location, '1', name), join(store.location, String(version), name));
  }
  await store.setAliases({ ...(await store.aliases()), production: 1000 });
  const started = performance.now();
  const server = await start(t, directory);
  const milliseconds = performance.now() - started;
  t.diagnostic(`ready after ${milliseconds.toFixed(0)} ms with 1,000 versions in the store`);
  // The target is two seconds, which bench/serving/start.ts holds it to; here others are at work as well.
  assert.ok(milliseconds < 10_000);
  assert.equal((await predict(server))['model_version'], '1000');
  const { models } = (await (await fetch(`${server.url}/models`)).json()) as { models: unknown[] };
  assert.equal(models.length, 1000);
});
