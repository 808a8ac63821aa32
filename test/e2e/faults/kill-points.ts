import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FileStore } from '../../../src/model/store/file-store.js';
import { Ledger } from '../../../src/model/store/ledger.js';
import { type ServerProcess, startServer, temporaryDirectory } from '../../support/server-process.js';

const CARS = fileURLToPath(new URL('../../../../data/auto-mpg.csv', import.meta.url));
const CAR = [8, 307, 130, 3504, 12, 70, 1];
const NAME = 'reconstruction_regressor';
/** The number of the next version. */
const NEXT = 41;

/**
 * Three trained versions, of which 3 is production and 2 previous, and so many changes and numbers given that the next
 * tidies one away.
 */
const template = mkdtempSync(join(tmpdir(), 'rr-template-'));
let archive: ArrayBuffer;

type Ask = (
  method: string,
  path: string,
  body?: string | ArrayBuffer | Uint8Array<ArrayBuffer>,
  type?: string,
) => Promise<Response>;

const client =
  ({ url }: ServerProcess): Ask =>
  (method, path, body, type) =>
    fetch(`${url}${path}`, { method, ...(body ? { body, headers: { 'content-type': type! } } : {}) });

const predict = async (ask: Ask) => {
  const response = await ask('POST', '/predict', JSON.stringify({ instances: [CAR] }), 'application/json');
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as { predictions: number[][]; model_version: string };
};

const label = (ask: Ask, target: number) =>
  ask('POST', '/feedback', JSON.stringify({ instances: [CAR], targets: [target] }), 'application/json');

interface Models {
  readonly aliases: Record<'production' | 'candidate' | 'previous', string | null>;
  readonly serving: string;
  readonly models: { model_version: string; serving: boolean }[];
}
const models = async (ask: Ask) => (await (await ask('GET', '/models')).json()) as Models;

const UPLOAD = (ask: Ask) => ask('POST', '/models', archive, 'application/gzip');
const TRAIN = async (ask: Ask) => ask('POST', '/train?target=mpg&wait=true&epochs=1', await readFile(CARS), 'text/csv');
const ACTIVATE = (ask: Ask) => ask('POST', '/models/1/activate');
const ROLLBACK = (ask: Ask) => ask('POST', '/models/rollback');
const REMOVE = (ask: Ask) => ask('DELETE', '/models/1');
const PROMOTE = async (ask: Ask) =>
  ask('POST', '/train?target=mpg&wait=true&epochs=1&promote=always', await readFile(CARS), 'text/csv');
/** Rows of traffic, of which a window of 50 is far from those that the model was trained with. */
const DRIFT = async (ask: Ask) => {
  const instances = Array.from({ length: 100 }, (_, i) => [8, 307 + i, 130, 350 + i, 12 + i / 50, 70, 1]);
  for (let i = 0; i < 3; i++) await ask('POST', '/predict', JSON.stringify({ instances }), 'application/json');
};
/** What was observed of the version that served before is kept when another follows. */
const KEEP_STATE = async (ask: Ask) => {
  await DRIFT(ask);
  return ACTIVATE(ask);
};
const REBASELINE = async (ask: Ask) => {
  await DRIFT(ask);
  const body = JSON.stringify({ since: '2026-01-01', reason: 'approved', minimum_rows: 200 });
  return ask('POST', '/drift/baseline', body, 'application/json');
};
/** Labels that come under an alarm, enough of them. */
const RETRAIN = async (ask: Ask) => {
  await DRIFT(ask);
  const body = JSON.stringify({ instances: Array(10).fill(CAR), targets: Array(10).fill(18) });
  return ask('POST', '/feedback', body, 'application/json');
};
const RETRAINS = { RETRAIN: 'on_drift', FEEDBACK_LEAST_ROWS: '10', DRIFT_WINDOW_ROWS: '50' };

const STAGED = ['upload.json', 'model.json', 'weights.bin', 'baseline.json', 'probe.json', 'card.json'];
/** How what is staged becomes a version. */
const PUBLISHED = [
  'numbers:written',
  'numbers:taken',
  'numbers:tidied',
  'publish:numbered',
  'publish:renamed',
  'stage:used',
];

/** What is done, where the service dies in it, and which version may serve afterwards. */
const CASES: readonly [
  name: string,
  action: (ask: Ask) => Promise<Response>,
  points: readonly string[],
  serving: string,
  env?: Record<string, string>,
][] = [
  ['an upload', UPLOAD, ['stage:made', ...STAGED.map((name) => `write:${name}`), ...PUBLISHED], '3'],
  [
    'a removal',
    REMOVE,
    ['aliases:written', 'aliases:taken', 'aliases:tidied', 'remove:announced', 'remove:renamed'],
    '3',
  ],
  ['an activation', ACTIVATE, ['aliases:written'], '3'],
  ['an activation that is recorded', ACTIVATE, ['aliases:taken', 'aliases:tidied'], '1'],
  ['a rollback', ROLLBACK, ['aliases:written'], '3'],
  ['a rollback that is recorded', ROLLBACK, ['aliases:taken', 'aliases:tidied'], '2'],
  ['a training', TRAIN, ['stage:made', ...PUBLISHED], '3'],
  // Of the two changes of the aliases the first makes it candidate, the second production.
  ['nominating', PROMOTE, ['aliases:written', 'aliases:taken', 'aliases:tidied'], '3'],
  ['promoting', PROMOTE, ['aliases:written@2'], '3'],
  ['a promotion that is recorded', PROMOTE, ['aliases:taken@2', 'aliases:tidied@2'], String(NEXT)],
  ['keeping the state of drift', KEEP_STATE, ['document:written', 'document:renamed'], '1'],
  ['a new baseline', REBASELINE, ['document:written', 'document:renamed'], '3'],
  ['retraining by itself', RETRAIN, ['document:written', 'document:renamed'], '3', RETRAINS],
];

describe('kill -9', { concurrency: 3 }, () => {
  before(async () => {
    const ends: (() => void)[] = [];
    const t = { after: (end: () => void) => ends.push(end) } as unknown as Parameters<typeof startServer>[0];
    const server = await startServer(t, { MODEL_STORE: template, TRAIN_DATA: CARS });
    await server.logged('model version serves');
    const ask = client(server);
    for (let i = 0; i < 2; i++) assert.equal((await TRAIN(ask)).status, 200);
    assert.equal((await label(ask, 17)).status, 200);
    archive = await (await ask('GET', '/models/3/archive')).arrayBuffer();
    await server.stop('SIGTERM');
    for (const end of ends) end();
    const store = new FileStore(join(template, NAME));
    let aliases = { generation: 0, production: 3, candidate: null as number | null, previous: 2 };
    aliases.generation = (await store.aliases()).generation;
    while (aliases.generation < 40) {
      const { generation } = await store.setAliases(aliases);
      aliases = { ...aliases, generation };
    }
    const numbers = new Ledger(join(template, NAME, '.numbers'));
    for (let number = 4; number < NEXT; number++) assert.ok(await numbers.take(number, '{}'));
  });
  after(() => rmSync(template, { recursive: true, force: true }));

  for (const [name, action, points, serving, env] of CASES) {
    for (const point of points) {
      test(`in ${name}, at ${point}, leaves whole versions, aliases of whole versions, and a service`, async (t) => {
        await dies(t, point, action, serving, env);
      });
    }
  }

  for (const point of ['remove:announced', 'remove:renamed', 'aliases:taken', 'aliases:tidied']) {
    test(`in pruning, at ${point}, leaves whole versions, aliases of whole versions, and a service`, async (t) => {
      await dies(t, point, UPLOAD, '3', { KEEP_VERSIONS: '1' });
    });
  }

  for (const name of STAGED.slice(1)) {
    test(`of the process that trains, at write:${name}, leaves the service as it was`, async (t) => {
      const directory = await copy(t);
      const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: `write:${name}` });
      await server.logged('model version serves');
      const ask = client(server);
      assert.equal((await TRAIN(ask)).status, 500);
      const { err } = await server.logged('training did not succeed');
      assert.match((err as Error).message, /SIGKILL/);
      assert.equal((await predict(ask)).model_version, '3');
      assert.deepEqual(
        (await models(ask)).models.map((model) => model.model_version),
        ['3', '2', '1'],
      );
      const left = readdirSync(join(directory, NAME)).filter((each) => each.startsWith('.staging'));
      assert.deepEqual(left, []);
    });
  }

  for (const [point, rows] of [
    ['feedback:written', 1],
    ['feedback:committed', 2],
  ] as const) {
    test(`in feedback, at ${point}, leaves every row that was acknowledged`, async (t) => {
      const directory = await copy(t);
      const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: point });
      await server.logged('model version serves');
      const ask = client(server);
      const response = await label(ask, 18);
      assert.equal(response.status, 503, await response.text());
      assert.equal((await predict(ask)).model_version, '3');
      await server.stop('SIGKILL');
      const again = await startServer(t, { MODEL_STORE: directory });
      await again.logged('model version serves');
      const { kept_rows } = (await (await label(client(again), 19)).json()) as { kept_rows: number };
      assert.equal(kept_rows, rows + 1);
    });
  }
});

async function copy(t: Parameters<typeof temporaryDirectory>[0]): Promise<string> {
  const directory = await temporaryDirectory(t);
  cpSync(template, directory, { recursive: true });
  return directory;
}

/** Does something that dies at `point`, starts anew, and looks at everything. */
async function dies(
  t: Parameters<typeof temporaryDirectory>[0],
  point: string,
  action: (ask: Ask) => Promise<Response>,
  serving: string,
  env: Record<string, string> = {},
): Promise<void> {
  const directory = await copy(t);
  const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: point, ...env });
  await server.logged('model version serves');
  // What was answered before it died is as good.
  const [, [code, signal]] = await Promise.all([
    action(client(server)).then(
      () => {},
      () => {},
    ),
    once(server.child, 'close') as Promise<[number | null, string | null]>,
  ]);
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'it died there');

  const again = await startServer(t, { MODEL_STORE: directory, ...env });
  const line = await again.logged('model version serves');
  assert.equal(line['model_version'], serving);
  const broken = again.lines.filter(({ level }) => level >= 50);
  assert.deepEqual(broken, []);
  const ask = client(again);
  const { predictions, model_version } = await predict(ask);
  assert.equal(model_version, serving);
  assert.ok(Math.abs(predictions[0]![0]! - 18) < 15);
  const found = await models(ask);
  const listed = found.models.map((each) => each.model_version);
  const store = new FileStore(join(directory, NAME));
  assert.deepEqual(listed, (await store.list()).reverse().map(String), 'each version has a whole card');
  // The archive verifies every checksum; the other way, the same version is opened and its probe replayed.
  for (const version of listed) assert.equal((await ask('GET', `/models/${version}/archive`)).status, 200);
  assert.equal((await ask('GET', `/models/${listed[0]}/compare/${listed.at(-1)}`)).status, 200);
  const { production, candidate, previous } = found.aliases;
  for (const alias of [production, candidate, previous])
    assert.ok(alias === null || listed.includes(alias), `alias ${alias}`);
  assert.equal(production, serving);
  const left = readdirSync(join(directory, NAME)).filter((each) => each.startsWith('.staging'));
  assert.deepEqual(left, [], 'no stage is left');

  const uploaded = await UPLOAD(ask);
  assert.equal(uploaded.status, 201);
  const { model_version: next } = (await uploaded.json()) as { model_version: string };
  assert.ok(Number(next) > Math.max(3, ...listed.map(Number)), 'no number is given twice');
  assert.equal((await label(ask, 18)).status, 200);
}
