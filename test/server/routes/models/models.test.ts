import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileStore } from '../../../../src/model/store/file-store.js';
import { Catalog } from '../../../../src/server/service/versions/catalog.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

/** Answers of the application, as status and body. */
function client({ app }: TestApp) {
  return async (method: 'GET' | 'POST' | 'DELETE', url: string) => {
    const { statusCode, body } = await app.inject({ method, url });
    return [statusCode, body === '' ? '' : JSON.parse(body)];
  };
}

/** An application with `count` versions, of which the first is production. */
async function appOf(t: Parameters<typeof buildTestApp>[0], count: number): Promise<TestApp> {
  const parts = await buildTestApp(t);
  for (let seed = 2; seed <= count; seed++) await publishUntrained(parts.store, ['a', 'b', 'c'], ['y'], seed);
  return parts;
}

async function predict({ app }: TestApp) {
  const reply = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.equal(reply.statusCode, 200, reply.body);
  return reply.json();
}

test('versions are listed, newest first, with their metadata; each card is the one that GET /model showed', async (t) => {
  const parts = await appOf(t, 2);
  const { app, store, service } = parts;
  const archive = (await app.inject({ url: '/models/2/archive' })).rawPayload;
  const headers = { 'content-type': 'application/gzip' };
  assert.equal((await app.inject({ method: 'POST', url: '/models', headers, payload: archive })).statusCode, 201);
  const ask = client(parts);
  await ask('POST', '/models/2/activate');

  const [status, { aliases, serving, models }] = await ask('GET', '/models');
  assert.equal(status, 200);
  assert.deepEqual(aliases, { generation: 2, production: '2', candidate: null, previous: '1' });
  assert.equal(serving, '2');
  assert.deepEqual(
    models.map(({ model_version, origin, aliases, serving }: Record<string, unknown>) => [
      model_version,
      origin,
      aliases,
      serving,
    ]),
    [
      ['3', 'upload', [], false],
      ['2', 'training', ['production'], true],
      ['1', 'training', ['previous'], false],
    ],
  );
  const { card } = service.serving;
  const bytes = ['model.json', 'weights.bin', 'probe.json'].reduce(
    (sum, name) => sum + readFileSync(join(store.location, '2', name)).length,
    0,
  );
  const { created_at, metrics, rows, gate, ...rest } = models[1];
  assert.deepEqual(
    { created_at, metrics, rows, gate },
    {
      created_at: card.created_at,
      metrics: card.metrics,
      rows: card.data.rows,
      gate: null,
    },
  );
  assert.equal(rest.bytes, bytes);
  const { engine: _, input_schema: __, signature: ___, ...serves } = (await ask('GET', '/model'))[1];
  const nothing = { description: null, tags: [], notes: {} };
  assert.deepEqual(await ask('GET', '/models/2'), [200, { ...serves, ...nothing }]);
  assert.deepEqual([rest.description, rest.tags], [null, []]);
});

test('an activation makes a version production, the former one previous, and a rollback goes back and forth', async (t) => {
  const parts = await appOf(t, 3);
  const ask = client(parts);
  const first = await predict(parts);
  assert.deepEqual(await ask('POST', '/models/3/activate'), [200, { model_version: '3', former_version: '1' }]);
  const third = await predict(parts);
  assert.equal(third.model_version, '3');
  assert.notDeepEqual(third.predictions, first.predictions);
  assert.deepEqual(await ask('POST', '/models/rollback'), [200, { model_version: '1', former_version: '3' }]);
  assert.deepEqual(await predict(parts), first);
  assert.deepEqual(await ask('POST', '/models/rollback'), [200, { model_version: '3', former_version: '1' }]);
  assert.deepEqual(await predict(parts), third);
  assert.deepEqual(await ask('POST', '/models/3/activate'), [200, { model_version: '3', former_version: '3' }]);
  const { production, previous } = await parts.store.aliases();
  assert.deepEqual([production, previous], [3, 1], 'the same version again leaves the way back');
});

test('there is nothing to roll back to at first', async (t) => {
  const ask = client(await appOf(t, 2));
  const [status, { code, error }] = await ask('POST', '/models/rollback');
  assert.deepEqual([status, code], [409, 'NO_PREVIOUS_VERSION'], error);
});

test('a version without an alias is removed with its files; one that is in use is not', async (t) => {
  const parts = await appOf(t, 4);
  const ask = client(parts);
  await ask('POST', '/models/2/activate');
  assert.deepEqual(await ask('DELETE', '/models/3'), [204, '']);
  assert.deepEqual(await parts.store.list(), [1, 2, 4]);
  for (const [version, alias] of [
    ['1', 'previous'],
    ['2', 'production|serves'],
  ]) {
    const [status, { code, error }] = await ask('DELETE', `/models/${version}`);
    assert.deepEqual([status, code], [409, 'VERSION_IN_USE']);
    assert.match(error, new RegExp(alias!));
  }
  assert.equal((await ask('GET', '/models'))[1].models.length, 3);
  assert.equal(await publishUntrained(parts.store, ['a'], ['y']), 5, 'the number 3 is not used again');
});

test('a version that stands in for a broken production is not removed either', async (t) => {
  const parts = await appOf(t, 2);
  await parts.store.setAliases({ generation: 1, production: 2, candidate: null, previous: null });
  rmSync(join(parts.store.location, '2/weights.bin'));
  await parts.loader.activateStored();
  const ask = client(parts);
  assert.equal((await predict(parts)).model_version, '1');
  assert.deepEqual((await ask('DELETE', '/models/1'))[1].code, 'VERSION_IN_USE');
  const { generation, ...named } = await parts.store.aliases();
  assert.deepEqual(
    named,
    { production: 2, candidate: null, previous: 1 },
    'no other process removes it, and it is where a rollback goes',
  );
  await parts.loader.activateStored();
  assert.equal((await parts.store.aliases()).generation, generation);
});

test('missing versions and names that are not numbers have different errors', async (t) => {
  const ask = client(await appOf(t, 1));
  for (const [method, path] of [
    ['GET', '/models/V'],
    ['POST', '/models/V/activate'],
    ['DELETE', '/models/V'],
    ['GET', '/models/V/compare/1'],
    ['GET', '/models/1/compare/V'],
  ] as const) {
    for (const [version, status, code] of [
      ['9', 404, 'VERSION_NOT_FOUND'],
      ['0', 400, 'INVALID_REQUEST'],
      ['x', 400, 'INVALID_REQUEST'],
      ['..%2f1', 400, 'INVALID_REQUEST'],
      ['1'.repeat(16), 400, 'INVALID_REQUEST'],
    ] as const) {
      const [found, body] = await ask(method, path.replace('V', version));
      assert.deepEqual([found, body.code], [status, code], `${method} ${path} ${version}: ${body.error}`);
    }
  }
  assert.equal((await ask('DELETE', '/models'))[0], 405);
  assert.equal((await ask('GET', '/models/1/activate'))[0], 405);
});

test('a flipped byte in any file of a version is a clear error, and the old version serves on', async (t) => {
  const parts = await buildTestApp(t);
  const trained = await parts.app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=1&replace=true&promote=always',
    payload: {
      instances: Array.from({ length: 300 }, (_, i) => [i % 7, i % 11, i % 13]),
      targets: Array(300)
        .fill([1])
        .map((_, i) => [i % 5]),
    },
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const ask = client(parts);
  await ask('POST', '/models/1/activate');
  const before = await predict(parts);
  const { aliases } = (await ask('GET', '/models'))[1];
  const names = [...(await parts.store.read(2)).keys()];
  assert.deepEqual(names.toSorted(), [
    ...['baseline.json', 'card.json', 'evaluation.json', 'intervals.json', 'model.json', 'probe.json', 'weights.bin'],
  ]);
  for (const name of names) {
    const path = join(parts.store.location, '2', name);
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[flipped.length >> 1]! ^= 1;
    writeFileSync(path, flipped);
    for (const url of ['/models/2/activate', '/models/rollback']) {
      const [status, { code, error }] = await ask('POST', url);
      assert.deepEqual([status, code], [409, 'INVALID_VERSION'], name);
      assert.match(error, new RegExp(`^${name.replace('.', '\\.')}`));
    }
    assert.equal((await ask('GET', '/models/1/compare/2'))[0], 409);
    if (name === 'card.json') {
      assert.equal((await ask('GET', '/models/2'))[0], 409);
      // As by a process that has not read it before.
      const listed = await new Catalog(parts.store, parts.log).list();
      assert.deepEqual(
        listed.map(({ version }) => version),
        [1],
      );
    }
    writeFileSync(path, whole);
    assert.deepEqual(await predict(parts), before);
    assert.deepEqual((await ask('GET', '/models'))[1].aliases, aliases);
  }
  assert.deepEqual((await ask('POST', '/models/2/activate'))[1].model_version, '2');

  const archive = (await parts.app.inject({ url: '/models/2/archive' })).rawPayload;
  const headers = { 'content-type': 'application/gzip' };
  assert.equal((await parts.app.inject({ method: 'POST', url: '/models', headers, payload: archive })).statusCode, 201);
  const uploaded = await parts.store.read(3);
  assert.deepEqual([...uploaded.keys()].toSorted(), [...names, 'upload.json'].toSorted());
  assert.equal(uploaded.get('upload.json')!.length, 0, 'the one file without a checksum has no byte');
  assert.equal((await ask('GET', '/models'))[1].models[0].origin, 'upload');
});

test('a version with a broken card is not listed, the log says why, once, and the others are', async (t) => {
  const parts = await appOf(t, 2);
  writeFileSync(join(parts.store.location, '2/card.json'), '{}');
  const ask = client(parts);
  for (let i = 0; i < 2; i++) assert.deepEqual((await ask('GET', '/models'))[1].models.length, 1);
  const said = parts.logged.filter(({ msg }) => msg === 'model version is broken and is not listed');
  assert.deepEqual(
    said.map(({ model_version }) => model_version),
    ['2'],
  );
});

test('a version that cannot be read is reported as broken, not as missing, and its absence from the list is logged', async (t) => {
  const parts = await appOf(t, 2);
  const { location } = parts.store;
  rmSync(join(location, '2/card.json'));
  mkdirSync(join(location, '2/card.json'));
  const ask = client(parts);
  for (const [method, url] of [
    ['GET', '/models/2'],
    ['GET', '/models/2/archive'],
    ['POST', '/models/2/activate'],
  ] as const) {
    const [status, { code, error }] = await ask(method, url);
    assert.deepEqual([status, code], [409, 'INVALID_VERSION'], url);
    assert.equal(error, 'version 2: its files cannot be read (EISDIR)');
  }
  assert.equal((await ask('GET', '/models'))[1].models.length, 1);
  assert.ok(parts.logged.some(({ msg }) => msg === 'model version is broken and is not listed'));
});

test('two versions are compared: metrics side by side, predictions of the probe rows of both', async (t) => {
  const parts = await appOf(t, 2);
  // The same columns in another order, as an upload from elsewhere may have them.
  const other = await publishUntrained(parts.store, ['c', 'a', 'b'], ['y'], 3);
  const ask = client(parts);
  for (const [a, b] of [
    ['1', '2'],
    ['1', String(other)],
  ] as const) {
    const [status, { versions, metrics, predictions, importance }] = await ask('GET', `/models/${a}/compare/${b}`);
    assert.equal(status, 200);
    assert.equal(importance, null, 'neither was trained');
    assert.deepEqual(versions, [a, b]);
    assert.deepEqual(metrics.loss, [1.05, 1.05]);
    assert.deepEqual(metrics.targets.y.rmse, [1, 1]);
    assert.deepEqual([predictions.features, predictions.targets], [['a', 'b', 'c'], ['y']]);
    assert.equal(predictions.rows.length, 32);
    const named = predictions.rows.map(([a, b, c]: number[]) => ({ a, b, c }));
    for (const [i, version] of [a, b].entries()) {
      await ask('POST', `/models/${version}/activate`);
      const reply = await parts.app.inject({ method: 'POST', url: '/predict', payload: { instances: named } });
      assert.deepEqual(float32(predictions.outputs[i]), float32(reply.json().predictions));
    }
    const differences = predictions.outputs[1].map(([y]: [number], i: number) => y - predictions.outputs[0][i][0]);
    const { mean, largest } = predictions.difference.y;
    assert.ok(Math.abs(mean - differences.reduce((sum: number, d: number) => sum + d, 0) / 32) < 1e-9);
    assert.ok(Math.abs(largest - Math.max(...differences.map(Math.abs))) < 1e-9);
    assert.ok(largest > 0);
  }
});

test('versions of other columns are compared by their metrics alone', async (t) => {
  const parts = await appOf(t, 1);
  const other = await publishUntrained(parts.store, ['a', 'b'], ['z']);
  const [status, { metrics, predictions }] = await client(parts)('GET', `/models/1/compare/${other}`);
  assert.deepEqual([status, predictions], [200, null]);
  assert.deepEqual(
    [metrics.targets.y.mae, metrics.targets.z.mae],
    [
      [1, null],
      [null, 1],
    ],
  );
});

test('of two services on one store that activate at once one wins, and the other follows', async (t) => {
  const parts = await appOf(t, 3);
  const slow = await buildTestApp(t, []);
  // The same store for both; the second reads the aliases, and then the first is faster.
  const shared = new FileStore(parts.store.location);
  Object.assign(slow.loader, { options: { ...Reflect.get(slow.loader, 'options'), store: shared } });
  const read = shared.read.bind(shared);
  shared.read = async (version) => {
    shared.read = read;
    await parts.loader.activate(2);
    return read(version);
  };
  const [status, { code }] = await client(slow)('POST', '/models/3/activate');
  assert.deepEqual([status, code], [409, 'ALIASES_CHANGED']);
  assert.equal(slow.service.servingIfReady, undefined, 'it never served what did not become production');
  await slow.loader.follow();
  assert.deepEqual([slow.service.serving.version, parts.service.serving.version], [2, 2]);
  assert.deepEqual(await predict(slow), await predict(parts));
});

test('an activation is not refused because something else than production has changed meanwhile', async (t) => {
  const { store, loader } = await appOf(t, 3);
  const read = store.read.bind(store);
  store.read = async (version) => {
    await store.remove(3);
    store.read = read;
    return read(version);
  };
  assert.deepEqual(await loader.activate(2), { version: 2, former: 1 });
});

test('who follows a production that is broken serves on, says so once, and follows when it is whole again', async (t) => {
  const parts = await appOf(t, 2);
  const path = join(parts.store.location, '2/weights.bin');
  const whole = readFileSync(path);
  writeFileSync(path, '');
  const { generation } = await parts.store.aliases();
  await parts.store.setAliases({ generation, production: 2, candidate: null, previous: 1 });
  for (let i = 0; i < 3; i++) await parts.loader.follow();
  assert.equal((await predict(parts)).model_version, '1');
  const said = parts.logged.filter(({ msg }) => String(msg).startsWith('the new production version cannot be served'));
  assert.equal(said.length, 1);
  writeFileSync(path, whole);
  await parts.loader.follow();
  assert.equal((await predict(parts)).model_version, '2');
});

test('who cannot read the aliases serves on, says so once, and follows when they can be read again', async (t) => {
  const parts = await appOf(t, 2);
  const path = join(parts.store.location, '.aliases');
  const { generation } = await parts.store.aliases();
  await parts.store.setAliases({ generation, production: 2, candidate: null, previous: 1 });
  renameSync(path, `${path}-away`);
  writeFileSync(path, '');
  for (let i = 0; i < 3; i++) await parts.loader.follow();
  assert.equal((await predict(parts)).model_version, '1');
  const said = parts.logged.filter(({ msg }) => String(msg).startsWith('the new production version cannot be served'));
  assert.equal(said.length, 1);
  rmSync(path);
  renameSync(`${path}-away`, path);
  await parts.loader.follow();
  assert.equal((await predict(parts)).model_version, '2');
});

test('the newest versions are kept after a training and an upload, and older ones if they serve or have an alias', async (t) => {
  const parts = await buildTestApp(t, ['a', 'b', 'c'], {}, { KEEP_VERSIONS: '2' });
  const { app, store, jobs } = parts;
  for (let seed = 2; seed <= 6; seed++) await publishUntrained(store, ['a', 'b', 'c'], ['y'], seed);
  await store.setAliases({ ...(await store.aliases()), candidate: 3 });
  const payload = (await app.inject({ url: '/models/1/archive' })).rawPayload;
  const headers = { 'content-type': 'application/gzip' };
  await app.inject({ method: 'POST', url: '/models', headers, payload });
  assert.deepEqual(await store.list(), [1, 3, 6, 7]);

  const instances = Array.from({ length: 50 }, (_, i) => [i % 7, i % 11, i % 13]);
  const targets = instances.map(([a]) => [a]);
  const job = await app.inject({ method: 'POST', url: '/train?epochs=1', payload: { instances, targets } });
  await jobs.finished(job.json().id);
  // An upload's removal comes after that of the training.
  await app.inject({ method: 'POST', url: '/models', headers, payload });
  const left = await store.list();
  assert.deepEqual(left.slice(-2), [8, 9]);
  assert.ok(left.includes(1), 'it is production or previous');
});

function float32(rows: number[][]): number[] {
  return rows.flat().map(Math.fround);
}
