import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CAR = JSON.stringify({ instances: [[8, 307, 130, 3504, 12, 70, 1]] });

test('a model that is not there is not replaced by that of cars: 503, with where it was looked for', async (t) => {
  const directory = temporaryDirectory(t);
  const store = join(directory, 'wrong');
  const empty = join(directory, 'empty');
  mkdirSync(empty);
  const base = join(directory, 'ml');
  const cases: [settings: Record<string, string>, args: string[], reason: string][] = [
    [{ MODEL_STORE: store }, [], `${store}/reconstruction_regressor: the directory did not exist`],
    [{ MODEL_STORE: directory, MODEL_NAME: 'empty' }, [], `${empty}: no version is there`],
    [
      { MODEL_STORE: store, AIP_STORAGE_URI: 'gs://bucket/model', AIP_HTTP_PORT: '0' },
      [],
      `AIP_STORAGE_URI=gs://bucket/model: not a local path, and it cannot be read; ${store}/reconstruction_regressor: the directory did not exist`,
    ],
    [
      { MODEL_STORE: store, AIP_STORAGE_URI: empty },
      [],
      `${empty}: no card.json is there, or in a folder of it; ${store}/reconstruction_regressor: the directory did not exist`,
    ],
    [
      { MODEL_STORE: store, SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0' },
      ['serve'],
      `${base}/model: no such directory; ${store}/reconstruction_regressor: the directory did not exist`,
    ],
  ];
  for (const [settings, args, reason] of cases) {
    rmSync(store, { recursive: true, force: true });
    const server = await startServer(t, { ...settings, TRAIN_DATA: undefined }, { args });
    const line = await server.logged('no model: ');
    assert.deepEqual([line.level, line.msg], [40, `no model: ${reason}`]);
    for (const [path, init] of [
      ['/predict', { method: 'POST', headers: { 'content-type': 'application/json' }, body: CAR }],
      ['/readyz', {}],
      ['/ping', {}],
    ] as const) {
      const response = await fetch(`${server.url}${path}`, init);
      const text = await response.text();
      assert.equal(response.status, path === '/ping' ? 404 : 503, `${path} ${text}`);
      if (path === '/predict') assert.ok(JSON.parse(text).error.startsWith(`no model: ${reason}; POST /train`), text);
    }
    await server.stop('SIGTERM');
  }
});
