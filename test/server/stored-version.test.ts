import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertClose } from '../support/close-to.js';
import { startServer } from '../support/server-process.js';
import { copyStoredVersion, STORED_PREDICTIONS, STORED_ROWS } from '../support/stored-version.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test('a version stored by an earlier release serves, and its drift window goes on', async (t) => {
  const store = temporaryDirectory(t);
  copyStoredVersion(join(store, 'cars'));
  const { url, logged } = await startServer(t, { MODEL_STORE: store, MODEL_NAME: 'cars' });
  await logged('model version serves');
  const drift = async () => (await (await fetch(`${url}/drift`)).json()) as { filled_rows: number };
  assert.equal((await drift()).filled_rows, 2);
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances: STORED_ROWS }),
  });
  const { predictions, model_version } = (await response.json()) as { predictions: number[][]; model_version: string };
  assert.equal(model_version, '1');
  assertClose(Float32Array.from(predictions.flat()), STORED_PREDICTIONS, 1e-5);
  assert.equal((await drift()).filled_rows, 4);
});
