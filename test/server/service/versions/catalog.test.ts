import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCard, sealCard } from '../../../../src/model/versions/card.js';
import { buildTestApp, publishUntrained } from '../../../support/test-app.js';

test('a card is parsed once, and again when its bytes have changed', async (t) => {
  const { catalog, store, app } = await buildTestApp(t);
  const card = await catalog.card(1);
  assert.equal(await catalog.card(1), card);
  const reply = async () => (await app.inject({ url: '/models/1' })).json();
  assert.deepEqual(await reply(), { model_version: '1', name: 'test', ...card });

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
  assert.equal(await catalog.card(10), cards[9]);
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
