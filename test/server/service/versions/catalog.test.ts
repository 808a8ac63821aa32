import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Logger } from 'pino';
import { parseCard, sealCard } from '../../../../src/model/versions/card.js';
import { UPLOAD_MARK } from '../../../../src/model/versions/version.js';
import { Catalog } from '../../../../src/server/service/versions/catalog.js';
import { buildTestApp, publishUntrained } from '../../../support/test-app.js';

test('a card is parsed once, and again when its bytes have changed', async (t) => {
  const { catalog, store, app } = await buildTestApp(t);
  const card = await catalog.card(1);
  assert.equal(await catalog.card(1), card);
  const reply = async () => (await app.inject({ url: '/models/1' })).json();
  assert.deepEqual(await reply(), {
    model_version: '1',
    name: 'test',
    description: null,
    tags: [],
    notes: {},
    ...card,
  });

  const path = join(store.location, '1/card.json');
  const { checksum: _, ...rest } = parseCard(readFileSync(path));
  writeFileSync(path, JSON.stringify(sealCard({ ...rest, created_at: '2020-01-01T00:00:00Z' })));
  assert.equal((await catalog.card(1)).created_at, '2020-01-01T00:00:00Z');
  assert.equal((await reply()).created_at, '2020-01-01T00:00:00Z');
  writeFileSync(path, '{}');
  await assert.rejects(catalog.card(1), { code: 'INVALID_VERSION' });
});

test('the cards of the versions read last are cached, and that of a removed version is not', async (t) => {
  const { catalog, store, app } = await buildTestApp(t);
  for (let version = 2; version <= 10; version++) await publishUntrained(store, ['a'], ['y']);
  const cards = [];
  for (let version = 1; version <= 10; version++) cards.push(await catalog.card(version));
  // Version 3, the oldest of the eight that are cached, is now the one read last, and 4 is the oldest.
  for (const version of [3, 10]) assert.equal(await catalog.card(version), cards[version - 1]);
  await catalog.card(2);
  assert.equal(await catalog.card(3), cards[2]);
  assert.notEqual(await catalog.card(4), cards[3]);
  const again = await catalog.card(1);
  assert.notEqual(again, cards[0]);
  assert.deepEqual(again, cards[0]);
  await store.remove(10);
  assert.equal((await app.inject({ url: '/models/10' })).statusCode, 404);
});

test('replies with a card have the same headers and the same text whenever it is the same', async (t) => {
  const { app } = await buildTestApp(t);
  for (const url of ['/model', '/models/1']) {
    const [first, second] = [await app.inject({ url }), await app.inject({ url })];
    assert.equal(first.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(second.body, first.body);
    assert.equal(first.json().checksum.length, 64);
  }
});

/** A catalog that collects what it logs. */
async function openCatalog(t: TestContext) {
  const { store } = await buildTestApp(t);
  const logged: unknown[] = [];
  const log = { error: (line: object) => logged.push((line as { model_version: string }).model_version) };
  return { store, logged, catalog: new Catalog(store, log as unknown as Logger) };
}

test('more versions than are read at once are listed, the newest first, each read once', async (t) => {
  const { store, catalog } = await openCatalog(t);
  for (let version = 2; version <= 70; version++) await publishUntrained(store, ['a'], ['y'], version);
  const read = store.readFile.bind(store);
  let [open, most, cards] = [0, 0, 0];
  t.mock.method(store, 'readFile', async (...[version, name]: Parameters<typeof read>) => {
    most = Math.max(most, ++open);
    if (name === 'card.json') cards++;
    return read(version, name).finally(() => open--);
  });
  const listed = await catalog.list();
  assert.deepEqual(
    listed.map(({ version }) => version),
    Array.from({ length: 70 }, (_, i) => 70 - i),
  );
  assert.equal(cards, 70);
  assert.equal(most, 32);
});

test('a summary has the origin, the size and the rows of its version, and is read once', async (t) => {
  const { store, catalog } = await openCatalog(t);
  await publishUntrained(store, ['a'], ['y']);
  writeFileSync(join(store.location, '2', UPLOAD_MARK), '');
  const path = join(store.location, '1/card.json');
  const { checksum: _, ...card } = parseCard(readFileSync(path));
  const data = { ...card.data, rows: 17, training_rows: 12 };
  writeFileSync(path, JSON.stringify(sealCard({ ...card, data })));
  const [second, first] = await catalog.list();
  const bytes = Object.values(card.files).reduce((sum, file) => sum + file.bytes, 0);
  const { metrics, created_at } = card;
  const described = { description: null, tags: [] };
  assert.deepEqual(first, {
    ...{ version: 1, created_at, origin: 'training', bytes, rows: 17, metrics, gate: null },
    ...described,
  });
  assert.deepEqual([second!.version, second!.origin, second!.rows], [2, 'upload', 0]);
  const again = await catalog.list();
  // What people write of a version is read each time.
  assert.equal(again[1]!.metrics, first!.metrics);
  assert.equal(again[0]!.metrics, second!.metrics);
});

test('a version whose card is broken or missing is not listed, and is logged once', async (t) => {
  const { store, catalog, logged } = await openCatalog(t);
  for (let version = 2; version <= 4; version++) await publishUntrained(store, ['a'], ['y']);
  writeFileSync(join(store.location, '2/card.json'), '{}');
  rmSync(join(store.location, '3/card.json'));
  await assert.rejects(catalog.card(3), { code: 'INVALID_VERSION' });
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(
      (await catalog.list()).map(({ version }) => version),
      [4, 1],
    );
  }
  assert.deepEqual(logged, ['3', '2']);
});

test('a version that is removed while the list is read is not broken, and other errors are thrown', async (t) => {
  const { store, catalog, logged } = await openCatalog(t);
  await publishUntrained(store, ['a'], ['y']);
  const list = t.mock.method(store, 'list', async () => [1, 2, 3]);
  assert.deepEqual(
    (await catalog.list()).map(({ version }) => version),
    [2, 1],
  );
  assert.deepEqual(logged, []);
  list.mock.restore();
  await publishUntrained(store, ['a'], ['y']);
  const full = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  t.mock.method(store, 'readFile', async () => {
    throw full;
  });
  await assert.rejects(catalog.list(), full);
});
