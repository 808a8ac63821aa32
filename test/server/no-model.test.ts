import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

/** Ten rows of noise, of which two are held out. */
const NOISE = `x,y\n${[2, 7, 1, 8, 2, 8, 1, 8, 2, 8].map((y, x) => `${(7 * x) % 10},${y}`).join('\n')}\n`;

test('a first model that the gate refuses does not serve: 503 and a log line with the way out, also after a restart', async (t) => {
  const directory = temporaryDirectory(t);
  const table = join(directory, 'noise.csv');
  writeFileSync(table, NOISE);
  const settings = { MODEL_STORE: join(directory, 'store'), TRAIN_DATA: table, TRAIN_TARGET: 'y' };
  const body = JSON.stringify({ instances: [[1]] });
  const predict = (url: string) =>
    fetch(`${url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  const first = await startServer(t, settings);
  const wayOut = 'POST /models/1/activate serves it all the same';
  const line = await first.logged('no model serves: ');
  assert.deepEqual([line.level, line.msg], [40, `no model serves: the gate refused the first version; ${wayOut}`]);
  const refused = await predict(first.url);
  assert.equal(refused.status, 503);
  assert.match(
    ((await refused.json()) as { error: string }).error,
    new RegExp(`the gate refused version 1, .*; ${wayOut}`),
  );
  await first.stop('SIGTERM');

  const second = await startServer(t, settings);
  await second.logged('there is no model to serve');
  const again = await predict(second.url);
  assert.equal(again.status, 503);
  assert.match(
    ((await again.json()) as { error: string }).error,
    /^no model: none of the 1 versions in .* accepted by the gate; POST \/models\/1\/activate serves version 1 all the same; /,
  );
  assert.equal((await fetch(`${second.url}/models/1/activate`, { method: 'POST' })).status, 200);
  assert.equal((await predict(second.url)).status, 200);
  await second.stop('SIGTERM');

  const third = await startServer(t, settings);
  await third.logged('model version serves');
  await third.stop('SIGTERM');
});

test('with TRAIN_PROMOTE=always a first model serves, whatever its held-out rows show', async (t) => {
  const directory = temporaryDirectory(t);
  const table = join(directory, 'noise.csv');
  writeFileSync(table, NOISE);
  const MODEL_STORE = join(directory, 'store');
  const server = await startServer(t, { MODEL_STORE, TRAIN_DATA: table, TRAIN_TARGET: 'y', TRAIN_PROMOTE: 'always' });
  await server.logged('model version serves');
  const { gate } = (await (await fetch(`${server.url}/model`)).json()) as {
    gate: { decision: string; promote: string };
  };
  assert.deepEqual([gate.decision, gate.promote], ['not_asked', 'always']);
  await server.stop('SIGTERM');
});
