import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Headers } from 'tar-stream';
import { createRandom } from '../../../src/base/statistics/random.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import type { IntervalsFile } from '../../../src/model/intervals/intervals-file.js';
import { packArchive, unpackArchive, verifyUpload } from '../../../src/model/versions/archive.js';
import { parseCard, sealCard, sha256 } from '../../../src/model/versions/card.js';
import { writeVersion } from '../../../src/model/versions/version.js';
import { archiveOf, type Entry, extendedArchive, tarGz } from '../../support/archives.js';
import { sampleVersion } from '../../support/sample-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const LIMIT = 2 ** 20;
const createEngine = await loadEngine('kernel');

test('a packed version is unpacked unchanged, and passes verification', async (t) => {
  const files = sampleFiles(t);
  const archive = await buffer(await packArchive(files));
  const unpacked = await unpackArchive(Readable.from([archive]), LIMIT);
  assert.equal([...unpacked.keys()].at(-1), 'card.json');
  assert.deepEqual(sorted(unpacked), sorted(files));
  assert.deepEqual(verifyUpload(unpacked, createEngine), parseCard(String(files.get('card.json'))));
  assert.deepEqual(await buffer(await packArchive(files)), archive);
});

test('tar reads our archives, and we read those of tar, with and without a folder entry', async (t) => {
  const files = sampleFiles(t);
  const directory = temporaryDirectory(t);
  const tar = (...args: string[]) => {
    const { status, stderr } = spawnSync('tar', args, { cwd: directory, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  writeFileSync(join(directory, 'ours.tar.gz'), await buffer(await packArchive(files)));
  mkdirSync(join(directory, 'version'));
  tar('-xzf', 'ours.tar.gz', '-C', 'version');
  assert.deepEqual(readdirSync(join(directory, 'version')).toSorted(), [...files.keys()].toSorted());
  tar('-czf', 'folder.tar.gz', '-C', 'version', '.');
  tar('-czf', 'files.tar.gz', '--format=pax', '-C', 'version', ...files.keys());
  for (const name of ['folder.tar.gz', 'files.tar.gz']) {
    const unpacked = await unpackArchive(Readable.from([readFileSync(join(directory, name))]), LIMIT);
    assert.deepEqual(sorted(unpacked), sorted(files), name);
  }
});

test('an archive of one folder, with what macOS adds, is read; of two folders, or with others in it, it is refused', async (t) => {
  const files = sampleFiles(t);
  const read = async (entries: readonly Entry[]) =>
    sorted(await unpackArchive(Readable.from([await tarGz([...entries])]), LIMIT));
  const within = (folder: string) =>
    Array.from(files, ([name, content]): Entry => ({ header: { name: `${folder}/${name}` }, content }));
  const folder = (name: string): Entry => ({ header: { name, type: 'directory' } });
  const attributes = Array.from(files.keys(), (name): Entry => ({ header: { name: `v 3/._${name}` } }));
  const others = [{ header: { name: 'v 3/.DS_Store' } }, { header: { name: '__MACOSX/v 3/._x' } }, ...attributes];
  for (const entries of [
    within('v3'),
    [folder('v3/'), ...within('v3')],
    [folder('./'), folder('./v3/'), ...within('./v3')],
    [folder('__MACOSX/'), folder('v 3/'), ...others, ...within('v 3')],
    [{ header: { name: '._v 3' } }, ...within('v 3')],
  ]) {
    assert.deepEqual(await read(entries), sorted(files), JSON.stringify(entries[0]));
  }
  for (const [entries, message] of [
    [[...within('a'), { header: { name: 'b/x.json' } }], /"b\/x\.json": expected a plain file name/],
    [[...within('a'), { header: { name: 'x.json' } }], /"x\.json": expected a plain file name/],
    [within('..'), /expected a plain file name/],
    [within('.'), undefined],
    [within('a/b'), /expected a plain file name/],
    [within('a\\b'), /expected a plain file name/],
    [within(''), /expected a plain file name/],
    [[folder('a/'), folder('a/b/'), ...within('a')], /"a\/b\/": expected a plain file name/],
    [[{ header: { name: '._link', type: 'symlink', linkname: '/etc/passwd' } }], /got a symlink/],
  ] as [Entry[], RegExp | undefined][]) {
    if (message) await assert.rejects(read(entries), { code: 'INVALID_ARCHIVE', message });
    else assert.deepEqual(await read(entries), sorted(files));
  }
});

test('entries that are not plain files at the top level, or appear twice, are refused by name', async (t) => {
  const files = sampleFiles(t);
  const honest = Array.from(files, ([name, content]): Entry => ({ header: { name }, content }));
  const hostile: [Headers, RegExp][] = [
    [{ name: '../escape' }, /"\.\.\/escape": expected a plain file name, such as card.json, at the top/],
    [{ name: '/etc/passwd' }, /"\/etc\/passwd": expected a plain file name/],
    [{ name: 'a/../../b' }, /expected a plain file name/],
    [{ name: './../c' }, /expected a plain file name/],
    [{ name: 'C:\\d' }, /expected a plain file name/],
    [{ name: '.hidden' }, /expected a plain file name/],
    [{ name: '..' }, /expected a plain file name/],
    [{ name: 'x'.repeat(300) }, /expected a plain file name/],
    [{ name: 'folder/', type: 'directory' }, /"folder\/": expected a plain file name/],
    [{ name: 'folder/card.json' }, /"folder\/card\.json": expected a plain file name/],
    [{ name: 'weights', type: 'symlink', linkname: '/etc/passwd' }, /"weights": expected a plain file, got a symlink/],
    [{ name: 'weights', type: 'link', linkname: 'card.json' }, /expected a plain file, got a link/],
    [{ name: 'tape', type: 'character-device', devmajor: 1, devminor: 3 }, /got a character-device/],
    [{ name: 'disk', type: 'block-device', devmajor: 8, devminor: 0 }, /got a block-device/],
    [{ name: 'pipe', type: 'fifo' }, /got a fifo/],
    [{ name: 'card.json' }, /"card.json": it appears twice/],
    [{ name: './WEIGHTS.bin' }, /"\.\/WEIGHTS\.bin": it appears twice/],
  ];
  for (const [header, message] of hostile) {
    const archive = await tarGz([...honest, { header }]);
    const refused = { code: 'INVALID_ARCHIVE', message };
    await assert.rejects(unpackArchive(Readable.from([archive]), LIMIT), refused, JSON.stringify(header));
  }
  const many = await tarGz(Array.from({ length: 17 }, (_, i) => ({ header: { name: `f${i}` } })));
  await assert.rejects(unpackArchive(Readable.from([many]), LIMIT), { message: /at most 16 files/ });
});

test('an archive that unpacks to more than the limit is refused before it has been unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * LIMIT));
  const large = await tarGz([{ header: { name: 'weights.bin' }, content: Buffer.alloc(LIMIT + 1) }]);
  for (const archive of [bomb, large]) {
    assert.ok(archive.length < LIMIT);
    await assert.rejects(unpackArchive(Readable.from([archive]), LIMIT), {
      code: 'TOO_LARGE',
      message: `archive: expected at most ${LIMIT} bytes when unpacked`,
    });
  }
});

test('an archive of folders, of a huge header, or of a size that is no number is refused early', async () => {
  const refused = (archive: Buffer, message: RegExp) =>
    assert.rejects(unpackArchive(Readable.from([archive]), 2 ** 26), { code: 'INVALID_ARCHIVE', message });
  const folders = Array.from({ length: 1000 }, (): Entry => ({ header: { name: './', type: 'directory' } }));
  await refused(await tarGz(folders), /expected at most 16 files/);
  const long = Buffer.alloc(4 * 2 ** 20, '9 a=b=c=\n');
  await refused(await extendedArchive(long), /expected at most 1048576 bytes beside the files/);
  for (const size of ['none', '-1', '9'.repeat(20)]) {
    const record = ` size=${size}\n`;
    const header = Buffer.from(`${record.length + 2}${record}`);
    await refused(await extendedArchive(header), /"card\.json": its size is not valid|not a complete tar\.gz/);
  }
});

test('an incomplete tar.gz is refused, wherever it was cut', async (t) => {
  const archive = await archiveOf(sampleFiles(t));
  const rejected = (bytes: Uint8Array, message: RegExp) =>
    assert.rejects(unpackArchive(Readable.from([bytes]), LIMIT), { code: 'INVALID_ARCHIVE', message });
  await rejected(Buffer.alloc(0), /not a complete tar\.gz|card\.json: the file is missing/);
  await rejected(Buffer.from('card'), /not a complete tar\.gz/);
  await rejected(gzipSync('no tar at all, but of more than one block'.repeat(30)), /not a complete tar\.gz/);
  await rejected(gzipSync(''), /card\.json: the file is missing/);
  for (let share = 1; share < 20; share++) {
    await rejected(archive.subarray(0, Math.floor((archive.length * share) / 20)), /not a complete tar\.gz/);
  }
  for (const cut of [1, 4, 8]) await rejected(archive.subarray(0, -cut), /not a complete tar\.gz/);
  const tar = gunzipSync(archive);
  await rejected(gzipSync(tar.subarray(0, 700)), /not a complete tar\.gz/);
});

test('an archive stream that fails is reported with its own error', async (t) => {
  const archive = await archiveOf(sampleFiles(t));
  const broken = Readable.from(
    (async function* () {
      yield archive.subarray(0, 100);
      throw new Error('connection reset');
    })(),
  );
  await assert.rejects(unpackArchive(broken, LIMIT), { code: 'INVALID_ARCHIVE', message: /connection reset/ });
});

test('files that do not match their card are refused by name, whichever was changed', async (t) => {
  const files = sampleFiles(t);
  const card = parseCard(String(files.get('card.json')));
  const refused = (changes: Record<string, Uint8Array | string | undefined>, message: RegExp) => {
    const changed = new Map(files);
    for (const [name, content] of Object.entries(changes)) {
      if (content === undefined) changed.delete(name);
      else changed.set(name, Buffer.from(content));
    }
    assert.throws(() => verifyUpload(changed, createEngine), { code: 'INVALID_ARCHIVE', message });
  };
  /** Seals a changed card again, with the checksums of the changed files. */
  const resealed = (contents: Record<string, string | Uint8Array>, change: object = {}): string => {
    const { checksum: _, ...rest } = card;
    const changed = Object.entries(contents).map(([name, content]) => [
      name,
      { bytes: Buffer.from(content).byteLength, sha256: sha256(content) },
    ]);
    return JSON.stringify(sealCard({ ...rest, files: { ...card.files, ...Object.fromEntries(changed) }, ...change }));
  };

  for (const name of files.keys()) {
    const content = Buffer.from(files.get(name)!);
    content[content.length >> 1]! ^= 1;
    refused({ [name]: content }, new RegExp(name.replace('.', '\\.')));
    refused({ [name]: undefined }, new RegExp(`${name}: .*missing`));
  }
  refused({ 'extra.sh': 'rm -rf /' }, /extra\.sh: the card does not list it/);
  refused({ constructor: 'x' }, /constructor: the card does not list it/);
  const mark = { 'upload.json': '{}' };
  refused({ ...mark, 'card.json': resealed(mark) }, /upload\.json: the name is reserved for the store/);
  const { 'weights.bin': weights, ...others } = card.files;
  refused({ 'card.json': resealed({}, { files: others }) }, /weights\.bin: the card does not list it/);
  refused(
    { 'card.json': resealed({}, { files: { ...others, 'weights.bin': { ...weights, bytes: 1 } } }) },
    /weights\.bin/,
  );
  refused({ 'card.json': resealed({}, { targets: ['y', 'z'] }) }, /scalers/);
  refused({ 'card.json': resealed({}, { network: { hidden: [5], auxiliary_weight: 1 } }) }, /weights\.bin: expected/);

  const model = String(files.get('model.json')).replace('weights.bin', 'https://x');
  refused(
    { 'model.json': model, 'card.json': resealed({ 'model.json': model }) },
    /model\.json: not the card.s network/,
  );
  refused({ 'model.json': '{', 'card.json': resealed({ 'model.json': '{' }) }, /model\.json: not JSON/);
  const heavier = Buffer.from(files.get('weights.bin')!);
  heavier.writeFloatLE(heavier.readFloatLE(0) + 1, 0);
  refused({ 'weights.bin': heavier, 'card.json': resealed({ 'weights.bin': heavier }) }, /probe\.json: /);
  const probe = '{"rows":[],"outputs":[],"errors":[]}';
  refused({ 'probe.json': probe, 'card.json': resealed({ 'probe.json': probe }) }, /probe\.json: /);
  refused({ 'baseline.json': '{}', 'card.json': resealed({ 'baseline.json': '{}' }) }, /baseline\.json/);
  const swapped = String(files.get('baseline.json')).replace('"name":"a"', '"name":"z"');
  refused(
    { 'baseline.json': swapped, 'card.json': resealed({ 'baseline.json': swapped }) },
    /baseline\.json\/features: expected "a", "b", got "z", "b"/,
  );
  const time = '{"type":"timestamp","feature":"a","cycle":null,"unit":"day","origin":0}';
  const typed = String(files.get('baseline.json')).replace('"name":"a"', `"name":"a","watched":${time}`);
  refused(
    { 'baseline.json': typed, 'card.json': resealed({ 'baseline.json': typed }) },
    /baseline\.json\/features: expected a as number, got timestamp/,
  );
  refused({ 'card.json': resealed({}, { baseline: null }) }, /baseline\.json: the card describes none/);

  const annotations: [unknown, RegExp][] = [
    ['{', /annotations\.json: not JSON/],
    [{ description: 1, tags: [], notes: {} }, /annotations\.json\/description/],
    [{ description: null, tags: [], notes: { other: 'x' } }, /annotations\.json/],
    [{ description: 'x'.repeat(2 ** 19), tags: [], notes: {} }, /annotations\.json: expected at most 262144 bytes/],
  ];
  for (const [content, message] of annotations) {
    refused({ 'annotations.json': typeof content === 'string' ? content : JSON.stringify(content) }, message);
  }
  const own = { 'annotations.json': '{"description":null,"tags":[],"notes":{}}' };
  refused({ ...own, 'card.json': resealed(own) }, /annotations\.json: the card must not list it/);

  const { difficulty } = INTERVALS.targets[0]!;
  const intervals: [unknown, RegExp][] = [
    ['{', /intervals\.json: not JSON/],
    [{ ...INTERVALS, rows: 4 }, /intervals\.json: the card describes 3 calibration rows, but the file has 4/],
    [{ ...INTERVALS, targets: [] }, /intervals\.json\/targets/],
    [{ ...INTERVALS, targets: [{ difficulty, scores: [1, 2, 1e39] }] }, /intervals\.json\/targets\/0\/scores\/2/],
    [{ ...INTERVALS, targets: [{ difficulty, scores: [3, 2, 1] }] }, /expected an ascending order/],
    [{ ...INTERVALS, targets: [{ difficulty: { ...difficulty, range: [1, 0] }, scores: [1] }] }, /difficulty\/range/],
    [{ ...INTERVALS, targets: [{ difficulty: { ...difficulty, range: [0, 1e3] }, scores: [1] }] }, /difficulty/],
    [{ ...INTERVALS, targets: [{ difficulty: { ...difficulty, knots: [0] }, scores: [1] }] }, /difficulty/],
    [{ ...INTERVALS, more: 'x'.repeat(2 ** 22) }, /intervals\.json: expected at most 4194304 bytes/],
  ];
  for (const [content, message] of intervals) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    refused({ 'intervals.json': text, 'card.json': resealed({ 'intervals.json': text }) }, message);
  }
  refused({ 'card.json': resealed({}, { intervals: undefined }) }, /intervals\.json: the card describes none/);
  const { 'intervals.json': _, ...unlisted } = card.files;
  refused(
    { 'intervals.json': undefined, 'card.json': resealed({}, { files: unlisted }) },
    /intervals\.json: the card describes 3 calibration rows, but the file is missing/,
  );

  const evaluation = { schema: 1, rows: 20, targets: [{ name: 'other' }] };
  const contents: [unknown, RegExp][] = [
    ['{', /evaluation\.json: not JSON/],
    [{ ...evaluation, schema: 2, targets: [] }, /evaluation\.json\/schema/],
    [evaluation, /evaluation\.json\/targets\/0/],
    [{ ...evaluation, more: 'x'.repeat(2 ** 20) }, /evaluation\.json: expected at most 524288 bytes/],
  ];
  for (const [content, message] of contents) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    refused({ 'evaluation.json': text, 'card.json': resealed({ 'evaluation.json': text }) }, message);
  }
});

test('a card whose parts name other columns, or whose parts are longer than this program writes, is refused', (t) => {
  const files = sampleFiles(t);
  const { checksum: _, ...card } = parseCard(String(files.get('card.json')));
  const refused = (change: object, message: RegExp, others: Record<string, string> = {}) => {
    const listed = Object.entries(others).map(([name, text]) => [name, { bytes: text.length, sha256: sha256(text) }]);
    const sealed = sealCard({ ...card, files: { ...card.files, ...Object.fromEntries(listed) }, ...change });
    const changed = new Map([...files, ['card.json', Buffer.from(JSON.stringify(sealed))]]);
    for (const [name, text] of Object.entries(others)) changed.set(name, Buffer.from(text));
    assert.throws(() => verifyUpload(changed, createEngine), { code: 'INVALID_ARCHIVE', message });
  };
  const { metrics, data } = card;
  const { y } = metrics.targets;
  refused({ metrics: { ...metrics, targets: {} } }, /card\.json\/metrics\/targets: target "y" is missing/);
  refused({ metrics: { ...metrics, targets: { y, z: y } } }, /metrics\/targets: "z" is not a target/);
  refused({ data: { ...data, missing: { z: 1 } } }, /data\/missing: "z" is not a column/);
  refused({ features: ['a', 'a'] }, /features: column "a" appears twice/);
  refused({ features: ['a', 'y'] }, /features: column "y" appears twice/);

  refused(
    { history: Array(1001).fill(card.history[0]) },
    /card\.json\/history: expected at most 1000 epochs, got 1001/,
  );
  refused({ software: { node: 'x'.repeat(2 ** 20) } }, /card\.json: expected at most 1048576 bytes/);
  const long = 'x'.repeat(257);
  const baseline = String(files.get('baseline.json')).replaceAll('"name":"a"', `"name":"${long}"`);
  refused({ features: [long, 'b'], data: { ...data, missing: {} } }, /a name of at most 256 characters, got 257/, {
    'baseline.json': baseline,
  });
  const numbers = (count: number) => Array<number>(count).fill(0);
  const probe = JSON.stringify({ rows: numbers(130), outputs: numbers(65), errors: numbers(65) });
  refused({}, /probe\.json: expected at most 64 rows, got 65/, { 'probe.json': probe });
});

test('a card that demands gigabytes of the engine is refused, even with its weights', (t) => {
  const files = new Map(sampleFiles(t));
  const { checksum: _, ...card } = parseCard(String(files.get('card.json')));
  const hidden = [1, 2 ** 18];
  const weights = Buffer.alloc(4 * (3 + 2 * 2 ** 18 + 3 * (2 ** 18 + 1)));
  files.set('weights.bin', weights);
  const listed = { ...card.files, 'weights.bin': { bytes: weights.length, sha256: sha256(weights) } };
  const sealed = sealCard({ ...card, files: listed, network: { ...card.network, hidden } });
  files.set('card.json', Buffer.from(JSON.stringify(sealed)));
  assert.throws(() => verifyUpload(files, createEngine), { code: 'INVALID_ARCHIVE', message: /at most 65536 units/ });
});

test('a version with a changed file is not packed', async (t) => {
  const files = new Map(sampleFiles(t));
  files.set('weights.bin', Buffer.alloc(files.get('weights.bin')!.byteLength));
  await assert.rejects(packArchive(files), { code: 'INVALID_VERSION', message: /weights\.bin/ });
});

const INTERVALS: IntervalsFile = {
  schema: 1,
  rows: 3,
  targets: [
    {
      difficulty: { knots: [0, 0, 0, 0, 0], coefficients: [0, 0, 0, 0, 0, 0, 0, 1], range: [-1, 1] },
      scores: [1, 2, 3],
    },
  ],
};

/** Writes a small version with a baseline, and returns its files. */
function sampleFiles(t: TestContext): ReadonlyMap<string, Uint8Array> {
  const random = createRandom(3);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const heldOut = {
    count: 50,
    rows: numbers(100),
    outputs: numbers(50),
    errors: numbers(50).map((value) => value ** 2),
  };
  const baseline = makeBaseline(heldOut, ['a', 'b'], ['y'], 1);
  const directory = join(temporaryDirectory(t), 'version');
  writeVersion(directory, { ...sampleVersion(), baseline, intervals: INTERVALS }, createEngine);
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}

function sorted(files: ReadonlyMap<string, Uint8Array>): [string, Buffer][] {
  return Array.from(files, ([name, content]): [string, Buffer] => [name, Buffer.from(content)]).sort();
}
