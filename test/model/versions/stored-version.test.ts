import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { FileStore } from '../../../src/model/store/file-store.js';
import { openVersion } from '../../../src/model/versions/version.js';
import { assertClose } from '../../support/close-to.js';
import { copyStoredVersion, STORED_PREDICTIONS, STORED_ROWS } from '../../support/stored-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('a version stored by an earlier release is listed, verified and opened', async (t) => {
  const directory = temporaryDirectory(t);
  copyStoredVersion(directory);
  const store = new FileStore(directory);
  assert.deepEqual(await store.list(), [1]);
  assert.deepEqual(await store.aliases(), { generation: 2, production: 1, candidate: null, previous: null });
  const { card, predictor, deviation } = openVersion(await store.read(1), await loadEngine('kernel'));
  t.after(() => predictor.close());
  assert.ok(deviation < 1e-6);
  assert.deepEqual([card.targets, card.gate?.decision, card.baseline?.rows], [['mpg'], 'promoted', 78]);
  const { outputs } = predictor.predict(Float32Array.from(STORED_ROWS.flat()), STORED_ROWS.length);
  assertClose(outputs, STORED_PREDICTIONS, 1e-5);
});
