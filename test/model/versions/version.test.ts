import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import type { EngineFactory } from '../../../src/model/network/engine.js';
import { Predictor } from '../../../src/model/network/predictor.js';
import { sealCard, sha256 } from '../../../src/model/versions/card.js';
import { type NewVersion, openVersion, type VersionFiles, writeVersion } from '../../../src/model/versions/version.js';
import { sampleVersion } from '../../support/sample-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const FILES = ['card.json', 'model.json', 'probe.json', 'weights.bin'];

test('a written version opens with the same card and the same predictions', async (t) => {
  const createEngine = await loadEngine('kernel');
  const version = sampleVersion();
  const { card, predictor } = openVersion(write(t, version, createEngine), createEngine);
  const rows = Float32Array.of(1, -20, 3, -19, -5, 0);
  const expected = new Predictor(createEngine(version.shape, version.weights), version.scalers).predict(rows, 3);
  assert.deepEqual(predictor.predict(rows, 3), expected);
  assert.deepEqual(predictor.engine.shape, version.shape);
  assert.deepEqual(predictor.scalers, version.scalers);
  const { schema, scalers: _s, network: _n, baseline, files, checksum: _c, ...said } = card;
  assert.deepEqual(said, version.card);
  assert.deepEqual([schema, baseline], [1, null]);
  assert.deepEqual(Object.keys(files), ['model.json', 'weights.bin', 'probe.json']);
});

test('a version is a card, a network, its weights and a probe, and the card lists the sizes of the others', async (t) => {
  const files = write(t, sampleVersion(), await loadEngine('kernel'));
  assert.deepEqual([...files.keys()].toSorted(), FILES);
  const card = JSON.parse(text(files, 'card.json')) as { files: Record<string, unknown> };
  for (const name of FILES.slice(1)) {
    const content = files.get(name)!;
    assert.deepEqual(card.files[name], { bytes: content.byteLength, sha256: sha256(content) });
  }
});

test('a baseline is a file like any other: listed on the card, and refused if it was changed', async (t) => {
  const createEngine = await loadEngine('kernel');
  const [count, random] = [30, createRandom(1)];
  const normal = (length: number) => Float32Array.from({ length }, () => random.normal());
  const heldOut = { count, rows: normal(2 * count), outputs: normal(count), errors: normal(count).map(Math.abs) };
  const baseline = makeBaseline(heldOut, ['a', 'b'], ['y'], 1);
  const files = write(t, { ...sampleVersion(), baseline }, createEngine);
  const { card, predictor } = openVersion(files, createEngine);
  predictor.close();
  assert.deepEqual(card.baseline, { rows: 30, conditional: false });
  assert.deepEqual(JSON.parse(text(files, 'baseline.json')), baseline);
  refused(new Map(files).set('baseline.json', Buffer.from('{}')), createEngine, 'baseline.json');
  const gone = new Map(files);
  gone.delete('baseline.json');
  refused(gone, createEngine, 'baseline.json');
});

test('the same network is written as the same bytes', async (t) => {
  const createEngine = await loadEngine('kernel');
  assert.deepEqual(write(t, sampleVersion(), createEngine), write(t, sampleVersion(), createEngine));
});

test('a changed byte in any file is refused with the name of the file', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  for (const name of FILES) {
    const content = files.get(name)!;
    for (const at of [0, 1, Math.floor(content.length / 2), content.length - 2, content.length - 1]) {
      const changed = Uint8Array.from(content);
      changed[at]! ^= 1;
      refused(new Map(files).set(name, changed), createEngine, name);
    }
  }
});

test('a file that is missing, empty, truncated or extended is refused by name', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  for (const name of FILES) {
    const content = files.get(name)!;
    const gone = new Map(files);
    gone.delete(name);
    refused(gone, createEngine, name);
    for (const size of [0, 1, Math.floor(content.length / 2), content.length - 1]) {
      refused(new Map(files).set(name, content.slice(0, size)), createEngine, name);
    }
    refused(new Map(files).set(name, Buffer.concat([content, Buffer.from('0')])), createEngine, name);
  }
});

test('files from another version are refused', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(1), createEngine);
  const others = write(t, sampleVersion(2), createEngine);
  for (const name of ['weights.bin', 'probe.json']) {
    refused(new Map(files).set(name, others.get(name)!), createEngine, name);
  }
});

test('files that the card does not list are ignored', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  openVersion(new Map(files).set('notes.txt', Buffer.from('x')), createEngine).predictor.close();
});

test('an engine that computes something else is refused by the probe, and closed', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  let closed = 0;
  const wrong: EngineFactory = (shape, weights) => {
    const engine = createEngine(shape, weights);
    // One bias of the last head, off by a thousandth of a standard deviation.
    engine.setWeights(weights.map((weight, i) => (i === weights.length - 1 ? weight + 0.001 : weight)));
    const close = engine.close.bind(engine);
    return Object.assign(engine, {
      close: () => {
        closed++;
        close();
      },
    });
  };
  assert.throws(() => openVersion(files, wrong), {
    code: 'INVALID_VERSION',
    message: /^probe\.json: errors\[\d+\] was /,
  });
  assert.equal(closed, 1);
});

test('the rounding of another engine is accepted', async (t) => {
  const files = write(t, sampleVersion(), await loadEngine('kernel'));
  openVersion(files, await loadEngine('cpu')).predictor.close();
});

test('a probe that proves nothing is refused, even with the right checksum', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  const probe = JSON.parse(text(files, 'probe.json')) as Record<'rows' | 'outputs' | 'errors', number[]>;
  const empty = { rows: [], outputs: [], errors: [] };
  const forged = [
    'x',
    'null',
    '[]',
    '{}',
    JSON.stringify(empty),
    JSON.stringify({ ...probe, outputs: [] }),
    JSON.stringify({ ...probe, rows: probe.rows.slice(1) }),
    JSON.stringify({ ...probe, rows: [...probe.rows, 1] }),
    JSON.stringify({ ...probe, errors: probe.errors.map(String) }),
    JSON.stringify({ ...probe, outputs: probe.outputs.map(() => null) }),
  ];
  for (const content of forged) refused(forge(files, 'probe.json', Buffer.from(content)), createEngine, 'probe.json');
});

test('weights of another length are refused, even with the right checksum', async (t) => {
  const createEngine = await loadEngine('kernel');
  const files = write(t, sampleVersion(), createEngine);
  const weights = files.get('weights.bin')!;
  for (const content of [weights.slice(4), new Uint8Array(0), Buffer.concat([weights, weights])]) {
    refused(forge(files, 'weights.bin', content), createEngine, 'weights.bin');
  }
});

test('the probe holds made-up rows of the scaler, not rows of the data', async (t) => {
  const version = sampleVersion();
  const probe = JSON.parse(text(write(t, version, await loadEngine('kernel')), 'probe.json')) as { rows: number[] };
  const { mean, scale } = version.scalers.features;
  const standardised = probe.rows.map((value, i) => (value - mean[i % 2]!) / scale[i % 2]!);
  assert.equal(standardised.length, 32);
  assert.ok(standardised.every((value) => Math.abs(value) < 5));
  assert.equal(new Set(standardised).size, 32);
});

test('a model whose predictions float32 cannot hold is not written', async (t) => {
  const createEngine = await loadEngine('kernel');
  const version = sampleVersion();
  const broken: NewVersion[] = [
    { ...version, weights: version.weights.map(() => Number.NaN) },
    { ...version, scalers: { ...version.scalers, targets: { mean: [3.4e38], scale: [3.4e38] } } },
    { ...version, scalers: { ...version.scalers, features: { mean: [0, 3.4e38], scale: [1, 3.4e38] } } },
  ];
  for (const model of broken) {
    const directory = join(temporaryDirectory(t), 'version');
    assert.throws(() => writeVersion(directory, model, createEngine), { code: 'TRAINING_DIVERGED' });
    assert.throws(() => readdirSync(directory), { code: 'ENOENT' });
  }
});

function write(t: TestContext, version: NewVersion, createEngine: EngineFactory): Map<string, Uint8Array> {
  const directory = join(temporaryDirectory(t), 'version');
  writeVersion(directory, version, createEngine);
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}

function refused(files: VersionFiles, createEngine: EngineFactory, name: string): void {
  assert.throws(
    () => openVersion(files, createEngine),
    (error: Error & { code?: string }) => error.code === 'INVALID_VERSION' && error.message.startsWith(name),
    name,
  );
}

/** Replaces a file and its checksum on the card. */
function forge(files: Map<string, Uint8Array>, name: string, content: Uint8Array): VersionFiles {
  const { checksum: _, ...card } = JSON.parse(text(files, 'card.json'));
  const known = { ...card.files, [name]: { bytes: content.byteLength, sha256: sha256(content) } };
  const sealed = JSON.stringify(sealCard({ ...card, files: known }));
  return new Map(files).set(name, content).set('card.json', Buffer.from(sealed));
}

function text(files: VersionFiles, name: string): string {
  return Buffer.from(files.get(name)!).toString();
}
