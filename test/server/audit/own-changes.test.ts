import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { makeProduction } from '../../../src/model/store/change-aliases.js';
import { FileStore } from '../../../src/model/store/file-store.js';
import { verifyAudit } from '../../../src/server/audit/verify.js';
import { readConfig } from '../../../src/server/config.js';
import { retrainOnDrift } from '../../../src/server/service/training/retraining.js';
import { ModelLoader } from '../../../src/server/service/versions/model-loader.js';
import { startModel } from '../../../src/server/start-model.js';
import { keyLines, makeKey, writeKeys } from '../../support/access-keys.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

const FEATURES = ['a', 'b', 'c'];

interface Line {
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly who: string;
  readonly from: string | null;
  readonly detail: Record<string, unknown>;
}

/** The application with an audit log, and a function that returns what the service has recorded of its own changes. */
async function start(t: TestContext, settings: NodeJS.ProcessEnv = {}, features: readonly string[] = FEATURES) {
  const path = join(temporaryDirectory(t), 'audit.log');
  const parts = await buildTestApp(t, features, {}, { AUDIT_LOG: path, ...settings });
  const lines = (): Line[] =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Line)
          .filter(({ who }) => who === 'service')
      : [];
  /** Waits until `count` of them are written: they are not waited for by what causes them. */
  const recorded = async (count: number) => {
    await until(`${count} entries`, 20, async () => lines().length >= count);
    return lines().map(({ action, target, outcome }) => [action, target ?? '-', outcome].join(' '));
  };
  return { ...parts, path, lines, recorded };
}

function rowsOf(count: number): { instances: number[][]; targets: number[] } {
  const instances = Array.from({ length: count }, (_, i) => [i % 7, i % 5, i % 11]);
  return { instances, targets: instances.map(([a, b]) => a! + b!) };
}

async function post({ app }: TestApp, url: string, payload: object) {
  const reply = await app.inject({ method: 'POST', url, payload });
  assert.ok(reply.statusCode < 300, reply.body);
  return reply.json();
}

test('versions that are pruned are recorded one by one, before and after', async (t) => {
  const parts = await start(t, { KEEP_VERSIONS: '2' });
  const { store, recorded, lines } = parts;
  for (let seed = 2; seed <= 5; seed++) await publishUntrained(store, FEATURES, ['y'], seed);
  const { model_version } = await post(parts, '/train?wait=true&epochs=1&promote=never', rowsOf(60));
  assert.equal(model_version, '6');
  // Version 1 serves.
  assert.deepEqual(await recorded(6), [
    'delete 2 begun',
    'delete 2 done',
    'delete 3 begun',
    'delete 3 done',
    'delete 4 begun',
    'delete 4 done',
  ]);
  assert.deepEqual(lines()[0]!.detail, { setting: 'KEEP_VERSIONS=2' });
  assert.equal(lines()[0]!.from, null);
  assert.deepEqual(await store.list(), [1, 5, 6]);
  await parts.prune();
  await parts.app.close();
  assert.equal(lines().length, 6, 'nothing was left to do');
  assert.deepEqual((await verifyAudit([parts.path])).findings, []);
});

test('a version that cannot be pruned is recorded as failed, with the reason', async (t) => {
  const { store, prune, recorded, lines } = await start(t, { KEEP_VERSIONS: '1' });
  await publishUntrained(store, FEATURES, ['y'], 2);
  await publishUntrained(store, FEATURES, ['y'], 3);
  store.remove = () => Promise.reject(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
  await prune();
  assert.deepEqual(await recorded(2), ['delete 2 begun', 'delete 2 failed']);
  assert.equal(lines()[1]!.detail['failed'], 'EROFS');
});

test('pruning that runs when the application closes is recorded', async (t) => {
  const parts = await start(t, { KEEP_VERSIONS: '1' });
  const { store, app, lines } = parts;
  await publishUntrained(store, FEATURES, ['y'], 2);
  await publishUntrained(store, FEATURES, ['y'], 3);
  const remove = store.remove.bind(store);
  store.remove = async (version) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await remove(version);
  };
  await post(parts, '/train?wait=true&epochs=1&promote=never', rowsOf(60));
  await app.close();
  assert.deepEqual(
    lines().map(({ target, outcome }) => `${target} ${outcome}`),
    ['2 begun', '2 done', '3 begun', '3 done'],
  );
});

test('the first training is recorded from its beginning', async (t) => {
  const path = join(temporaryDirectory(t), 'train.csv');
  const { instances, targets } = rowsOf(80);
  writeFileSync(path, `a,b,c,y\n${instances.map((row, i) => `${row.join()},${targets[i]}\n`).join('')}`);
  const parts = await start(t, {}, []);
  const config = readConfig({ TRAIN_DATA: path, TRAIN_TARGET: 'y', MODEL_STORE: 'unused' });
  await startModel(parts, config, { environment: {}, readOnly: false } as never);
  const entries = await parts.recorded(4);
  const [begun, done, promotion, end] = parts.lines();
  assert.deepEqual(entries, ['train - begun', 'train - done', 'activate 1 done', `training-end ${end!.target} done`]);
  assert.deepEqual(promotion!.detail, { model_version: '1', former_version: null, reason: 'a training has ended' });
  assert.equal(begun!.detail['reason'], 'there is no version');
  assert.equal(done!.detail['job'], end!.target);
  assert.deepEqual([end!.detail['model_version'], end!.detail['decision']], ['1', 'promoted']);
});

test('a retraining on drift is recorded from its beginning', async (t) => {
  const parts = await start(t);
  const { drift, recorded, lines } = parts;
  await post(parts, '/feedback', rowsOf(90));
  Object.defineProperty(drift, 'alarms', { get: () => [{ detected: true }] });
  retrainOnDrift({ ...parts, minRows: 10, cooldown: 0 });
  drift.emit('update');
  await until('the end', 20, async () => lines().some(({ action }) => action === 'training-end'));
  assert.deepEqual((await recorded(3)).slice(0, 2), ['train - begun', 'train - done']);
  const [begun, done] = lines();
  const end = lines().at(-1)!;
  assert.equal(begun!.detail['reason'], 'drift');
  assert.equal(end.target, done!.detail['job']);
  assert.equal(end.detail['decision'] === 'promoted', lines().length === 4, 'a promotion is recorded');
});

test('a promotion after a shadow is recorded, and the end for whoever started the training', async (t) => {
  const parts = await start(t);
  const { jobs, app, path, lines } = parts;
  const shadow = new Promise<void>((resolve) => jobs.once('shadow', () => resolve()));
  const { id } = await post(parts, '/train?shadow_rows=5&promote=always&epochs=1', rowsOf(60));
  await shadow;
  await post(parts, '/predict', { instances: rowsOf(10).instances });
  await jobs.finished(id);
  await app.close();
  const end = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
    .find(({ action }) => action === 'training-end')!;
  assert.deepEqual([end.who, end.target, end.outcome], ['anyone', id, 'done']);
  assert.equal(end.detail['model_version'], '2');
  assert.deepEqual(
    lines().map(({ action, target, detail }) => [action, target, detail['former_version']]),
    [['activate', '2', '1']],
  );
});

test('a version that the start serves in place of production is recorded, and production itself is not', async (t) => {
  for (const isBroken of [false, true]) {
    const { store, loader, lines, recorded, app } = await start(t, {}, []);
    for (const seed of [1, 2]) {
      const version = await publishUntrained(store, FEATURES, ['y'], seed);
      await makeProduction(store, version, await store.aliases());
    }
    if (isBroken) writeFileSync(join(store.location, '2/card.json'), '{');
    assert.ok(await loader.activateStored());
    if (isBroken) {
      assert.deepEqual(await recorded(1), ['activate 1 done']);
      const reason = 'production cannot be served';
      assert.deepEqual(lines()[0]!.detail, { model_version: '1', former_version: '2', alias: null, reason });
    } else {
      await app.close();
      assert.deepEqual(lines(), []);
    }
  }
});

test('a version of a store without aliases that the start makes production is recorded', async (t) => {
  const { store, loader, lines, recorded } = await start(t, {}, []);
  await publishUntrained(store, FEATURES, ['y'], 1);
  assert.ok(await loader.activateStored());
  assert.deepEqual(await recorded(1), ['activate 1 done']);
  const { alias, reason } = lines()[0]!.detail;
  assert.deepEqual([alias, reason], ['production', 'no version was production']);
});

test('what another process has activated is recorded by those that follow it', async (t) => {
  const parts = await start(t);
  const { loader, recorded, lines } = parts;
  const elsewhere = new FileStore(parts.store.location);
  const second = await publishUntrained(elsewhere, FEATURES, ['y'], 2);
  const other = await buildTestApp(t, []);
  const createEngine = await loadEngine('kernel');
  await new ModelLoader({ ...other, store: elsewhere, createEngine }).activate(second);
  await loader.follow();
  await loader.follow();
  assert.deepEqual(await recorded(1), ['activate 2 done']);
  assert.deepEqual(lines()[0]!.detail, {
    model_version: '2',
    former_version: '1',
    reason: 'another process has made it production',
  });
});

test('a baseline that another process has stored is recorded by those that take it up', async (t) => {
  const { app, drift, recorded, lines, store } = await start(t, {}, []);
  const rows = rowsOf(300);
  await app.inject({ method: 'POST', url: '/train?wait=true&epochs=1', payload: rows });
  const { version, card, baseline } = drift.monitored!;
  const { storeBaseline } = await import('../../../src/server/service/drift/stored-baseline.js');
  const terms = { last: 0, created_at: new Date().toISOString(), reason: 'a test', from: null };
  await storeBaseline(new FileStore(store.location), version, card, baseline, terms);
  await drift.loadNewerBaseline();
  assert.deepEqual(await recorded(2), ['activate 1 done', `baseline ${version} done`]);
  assert.deepEqual(lines()[1]!.detail, { baseline: 1, reason: 'another process has stored it' });
});

test('keys of a file that has been changed by hand are recorded by their ids, and an unchanged one is not', async (t) => {
  const key = makeKey(['admin']);
  const API_KEYS = writeKeys(t, [key]);
  const { recorded, lines, logged } = await start(t, { API_KEYS });
  const added = makeKey(['predict']);
  appendFileSync(API_KEYS, keyLines([added]));
  assert.deepEqual(await recorded(1), ['keys-read - done']);
  assert.deepEqual(lines()[0]!.detail, { valid: 2, expired: 0, revoked: 0, changed: added.record.id });
  assert.ok(!JSON.stringify(lines()).includes(added.text));
  const read = () => logged.filter(({ msg }) => msg === 'API keys read').length;
  const before = read();
  writeFileSync(API_KEYS, `\n${readFileSync(API_KEYS, 'utf8')}`);
  await until('the file is read again', 20, async () => read() > before);
  assert.equal(lines().length, 1);
});
