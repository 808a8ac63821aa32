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
import { verifyAudit } from '../../../src/server/audit/verify.js';
import { type ServerProcess, startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const CARS = fileURLToPath(new URL('../../../../data/auto-mpg.csv', import.meta.url));
const CAR = [8, 307, 130, 3504, 12, 70, 1];
const NAME = 'reconstruction_regressor';
/** The number of the next version. */
const NEXT = 41;

/**
 * A store with three trained versions: 3 is production, 2 is previous. It has had many alias changes and version numbers
 * that the next change removes an old record.
 */
const template = mkdtempSync(join(tmpdir(), 'rr-template-'));
let archive: ArrayBuffer;

type Send = (
  method: string,
  path: string,
  body?: string | ArrayBuffer | Uint8Array<ArrayBuffer>,
  type?: string,
) => Promise<Response>;

const client =
  ({ url }: ServerProcess): Send =>
  (method, path, body, type) =>
    fetch(`${url}${path}`, { method, ...(body ? { body, headers: { 'content-type': type! } } : {}) });

const predict = async (send: Send) => {
  const response = await send('POST', '/predict', JSON.stringify({ instances: [CAR] }), 'application/json');
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as { predictions: number[][]; model_version: string };
};

const label = (send: Send, target: number) =>
  send('POST', '/feedback', JSON.stringify({ instances: [CAR], targets: [target] }), 'application/json');

interface Models {
  readonly aliases: Record<'production' | 'candidate' | 'previous', string | null>;
  readonly serving: string;
  readonly models: { model_version: string; serving: boolean }[];
}
const models = async (send: Send) => (await (await send('GET', '/models')).json()) as Models;

const UPLOAD = (send: Send) => send('POST', '/models', archive, 'application/gzip');
const TRAIN = async (send: Send) =>
  send('POST', '/train?target=mpg&wait=true&epochs=1', await readFile(CARS), 'text/csv');
const ACTIVATE = (send: Send) => send('POST', '/models/1/activate');
const ROLLBACK = (send: Send) => send('POST', '/models/rollback');
const REMOVE = (send: Send) => send('DELETE', '/models/1');
const PROMOTE = async (send: Send) =>
  send('POST', '/train?target=mpg&wait=true&epochs=1&promote=always', await readFile(CARS), 'text/csv');
/** Sends traffic that fills windows of 50 rows far from the training data. */
const DRIFT = async (send: Send) => {
  const instances = Array.from({ length: 100 }, (_, i) => [8, 307 + i, 130, 350 + i, 12 + i / 50, 70, 1]);
  for (let i = 0; i < 3; i++) await send('POST', '/predict', JSON.stringify({ instances }), 'application/json');
};
/** Activates another version, which stores the drift state of the previous one. */
const KEEP_STATE = async (send: Send) => {
  await DRIFT(send);
  return ACTIVATE(send);
};
const REBASELINE = async (send: Send) => {
  await DRIFT(send);
  const body = JSON.stringify({ since: '2026-01-01', reason: 'approved', minimum_rows: 200 });
  return send('POST', '/drift/baseline', body, 'application/json');
};
/** Makes a baseline that is one too many: the oldest is deleted. */
const FOURTH_BASELINE = async (send: Send) => {
  for (let i = 0; i < 3; i++) await REBASELINE(send);
  return REBASELINE(send);
};
/** Sends enough labels during an alarm to trigger a training. */
const RETRAIN = async (send: Send) => {
  await DRIFT(send);
  const body = JSON.stringify({ instances: Array(10).fill(CAR), targets: Array(10).fill(18) });
  return send('POST', '/feedback', body, 'application/json');
};
const RETRAINS = { RETRAIN: 'on_drift', FEEDBACK_LEAST_ROWS: '10', DRIFT_WINDOW_ROWS: '50' };

const STAGED = [
  'upload.json',
  'model.json',
  'weights.bin',
  'baseline.json',
  'intervals.json',
  'evaluation.json',
  'probe.json',
  'card.json',
];
/** Failpoints while a stage becomes a version. */
const PUBLISHED = [
  'numbers:written',
  'numbers:taken',
  'numbers:tidied',
  'publish:numbered',
  'publish:renamed',
  'stage:used',
];

/** Actions, the failpoints at which the service is killed, and the version that must serve afterwards. */
const CASES: readonly [
  name: string,
  action: (send: Send) => Promise<Response>,
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
  ['a recorded activation', ACTIVATE, ['aliases:taken', 'aliases:tidied'], '1'],
  ['a rollback', ROLLBACK, ['aliases:written'], '3'],
  ['a recorded rollback', ROLLBACK, ['aliases:taken', 'aliases:tidied'], '2'],
  ['a training', TRAIN, ['stage:made', ...PUBLISHED], '3'],
  // The first change of the aliases makes the version candidate, the second makes it production.
  ['a nomination', PROMOTE, ['aliases:written', 'aliases:taken', 'aliases:tidied'], '3'],
  ['a promotion', PROMOTE, ['aliases:written@2'], '3'],
  ['a recorded promotion', PROMOTE, ['aliases:taken@2', 'aliases:tidied@2'], String(NEXT)],
  ['storing the drift state', KEEP_STATE, ['document:written', 'document:renamed'], '1'],
  ['a new baseline', REBASELINE, ['document:written', 'document:renamed'], '3'],
  ['one baseline too many', FOURTH_BASELINE, ['document:removed'], '3'],
  ['an automatic retraining', RETRAIN, ['document:written', 'document:renamed'], '3', RETRAINS],
];

describe('kill -9', { concurrency: 3 }, () => {
  before(async () => {
    const ends: (() => void)[] = [];
    const t = { after: (end: () => void) => ends.push(end) } as unknown as Parameters<typeof startServer>[0];
    const server = await startServer(t, { MODEL_STORE: template, TRAIN_DATA: CARS });
    await server.logged('model version serves');
    const send = client(server);
    for (let i = 0; i < 2; i++) assert.equal((await TRAIN(send)).status, 200);
    assert.equal((await label(send, 17)).status, 200);
    archive = await (await send('GET', '/models/3/archive')).arrayBuffer();
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
      test(`in ${name}, at ${point}, leaves intact versions, aliases of intact versions, and a working service`, async (t) => {
        await assertSurvives(t, point, action, serving, env);
      });
    }
  }

  for (const point of ['remove:announced', 'remove:renamed', 'aliases:taken', 'aliases:tidied']) {
    test(`in pruning, at ${point}, leaves intact versions, aliases of intact versions, and a working service`, async (t) => {
      await assertSurvives(t, point, UPLOAD, '3', { KEEP_VERSIONS: '1' });
    });
  }

  // The first entry says that the activation begins, the second what became of it.
  for (const [point, serving] of [
    ['audit:written', '3'],
    ['audit:written@2', '1'],
  ] as const) {
    test(`in an entry of the audit log, at ${point}, leaves intact versions and an intact chain`, async (t) => {
      const AUDIT_LOG = join(temporaryDirectory(t), 'audit.log');
      await assertSurvives(t, point, ACTIVATE, serving, { AUDIT_LOG });
      assert.deepEqual((await verifyAudit([AUDIT_LOG])).findings, []);
    });
  }

  for (const name of STAGED.slice(1)) {
    test(`of the trainer, at write:${name}, leaves the service unchanged`, async (t) => {
      const directory = await copy(t);
      const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: `write:${name}` });
      await server.logged('model version serves');
      const send = client(server);
      assert.equal((await TRAIN(send)).status, 500);
      const { err } = await server.logged('training did not succeed');
      assert.match((err as Error).message, /SIGKILL/);
      assert.equal((await predict(send)).model_version, '3');
      assert.deepEqual(
        (await models(send)).models.map((model) => model.model_version),
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
    test(`in feedback, at ${point}, keeps every acknowledged row`, async (t) => {
      const directory = await copy(t);
      const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: point });
      await server.logged('model version serves');
      const send = client(server);
      const response = await label(send, 18);
      assert.equal(response.status, 503, await response.text());
      assert.equal((await predict(send)).model_version, '3');
      await server.stop('SIGKILL');
      const again = await startServer(t, { MODEL_STORE: directory });
      await again.logged('model version serves');
      const { kept_rows } = (await (await label(client(again), 19)).json()) as { kept_rows: number };
      assert.equal(kept_rows, rows + 1);
    });
  }
});

async function copy(t: Parameters<typeof temporaryDirectory>[0]): Promise<string> {
  const directory = temporaryDirectory(t);
  cpSync(template, directory, { recursive: true });
  return directory;
}

/** Runs an action that is killed at `point`, restarts the service, and checks its state. */
async function assertSurvives(
  t: Parameters<typeof temporaryDirectory>[0],
  point: string,
  action: (send: Send) => Promise<Response>,
  serving: string,
  env: Record<string, string> = {},
): Promise<void> {
  const directory = await copy(t);
  const server = await startServer(t, { MODEL_STORE: directory, FAILPOINT: point, ...env });
  await server.logged('model version serves');
  // A reply before the kill is also acceptable.
  const [, [code, signal]] = await Promise.all([
    action(client(server)).then(
      () => {},
      () => {},
    ),
    once(server.child, 'close') as Promise<[number | null, string | null]>,
  ]);
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the service was killed at the failpoint');

  const again = await startServer(t, { MODEL_STORE: directory, ...env });
  const line = await again.logged('model version serves');
  assert.equal(line['model_version'], serving);
  const broken = again.lines.filter(({ level }) => level >= 50);
  assert.deepEqual(broken, []);
  const send = client(again);
  const { predictions, model_version } = await predict(send);
  assert.equal(model_version, serving);
  assert.ok(Math.abs(predictions[0]![0]! - 18) < 15);
  const state = await models(send);
  const listed = state.models.map((each) => each.model_version);
  const store = new FileStore(join(directory, NAME));
  assert.deepEqual(listed, (await store.list()).reverse().map(String), 'each version has a card');
  // The archive verifies every checksum. The comparison opens the versions and replays their probes.
  for (const version of listed) assert.equal((await send('GET', `/models/${version}/archive`)).status, 200);
  assert.equal((await send('GET', `/models/${listed[0]}/compare/${listed.at(-1)}`)).status, 200);
  const { production, candidate, previous } = state.aliases;
  for (const alias of [production, candidate, previous])
    assert.ok(alias === null || listed.includes(alias), `alias ${alias}`);
  assert.equal(production, serving);
  const left = readdirSync(join(directory, NAME)).filter((each) => each.startsWith('.staging'));
  assert.deepEqual(left, [], 'no staging directory remains');

  const uploaded = await UPLOAD(send);
  assert.equal(uploaded.status, 201);
  const { model_version: next } = (await uploaded.json()) as { model_version: string };
  assert.ok(Number(next) > Math.max(3, ...listed.map(Number)), 'no version number is reused');
  assert.equal((await label(send, 18)).status, 200);
}
