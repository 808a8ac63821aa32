import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { FileStore } from '../../../../src/model/store/file-store.js';
import { adoptArtifact } from '../../../../src/server/service/versions/adopt-artifact.js';
import { OwnChanges } from '../../../../src/server/service/versions/own-changes.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { publishUntrained } from '../../../support/test-app.js';

test('an artifact is taken into the store once, whatever is broken there', async (t) => {
  const elsewhere = new FileStore(temporaryDirectory(t));
  await publishUntrained(elsewhere, ['a', 'b'], ['y'], 1);
  const artifact = join(elsewhere.location, '1');
  const store = new FileStore(temporaryDirectory(t));
  await publishUntrained(store, ['a', 'b'], ['y'], 2);
  writeFileSync(join(store.location, '1/card.json'), '{');
  const createEngine = await loadEngine('kernel');
  const changes = new OwnChanges();
  const announced: string[] = [];
  changes.on('change', ({ action, outcome, detail }) =>
    announced.push(`${action} ${outcome} ${detail['model_version'] ?? ''}`.trim()),
  );
  assert.equal(await adoptArtifact(artifact, store, createEngine, changes), 2);
  await publishUntrained(store, ['a', 'b'], ['y'], 3);
  writeFileSync(join(store.location, '3/card.json'), '');
  assert.equal(await adoptArtifact(artifact, store, createEngine, changes), 2);
  assert.deepEqual(await store.list(), [1, 2, 3]);
  assert.deepEqual(announced, ['upload begun', 'upload done 2']);
});

test('an artifact may be in the only folder of its directory, but not in one of several', async (t) => {
  const elsewhere = new FileStore(temporaryDirectory(t));
  await publishUntrained(elsewhere, ['a', 'b'], ['y'], 1);
  const directory = temporaryDirectory(t);
  const store = new FileStore(temporaryDirectory(t));
  const createEngine = await loadEngine('kernel');
  const adopt = () => adoptArtifact(directory, store, createEngine, new OwnChanges());
  mkdirSync(join(directory, 'logs'));
  writeFileSync(join(directory, '.DS_Store'), '');
  assert.equal(await adopt(), undefined);
  cpSync(join(elsewhere.location, '1'), join(directory, 'price-v3'), { recursive: true });
  writeFileSync(join(directory, 'price-v3/._card.json'), '');
  assert.equal(await adopt(), 1);
  cpSync(join(elsewhere.location, '1'), join(directory, 'price-v4'), { recursive: true });
  assert.equal(await adopt(), undefined);
  assert.deepEqual(await store.list(), [1]);
});
