import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileStore } from '../../../src/model/store/file-store.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('a store that does not exist yet is empty, and is made by the first stage', async (t) => {
  const location = join(temporaryDirectory(t), 'not/yet');
  const store = new FileStore(location);
  assert.deepEqual([await store.list(), await store.sweep(), existsSync(location)], [[], 0, false]);
  await store.discard(await store.stage());
  assert.deepEqual(readdirSync(location), []);
});

test('versions are published under the next number and read back', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  for (const number of [1, 2, 3]) {
    const stage = await store.stage();
    fill(stage, { 'card.json': `card ${number}`, 'weights.bin': 'w' });
    assert.equal(await store.publish(stage), number);
    await store.discard(stage);
  }
  assert.deepEqual(await store.list(), [1, 2, 3]);
  const files = await store.read(2);
  assert.deepEqual([...files.keys()].toSorted(), ['card.json', 'weights.bin']);
  assert.equal(Buffer.from(files.get('card.json')!).toString(), 'card 2');
  assert.deepEqual(readdirSync(store.location).toSorted(), ['.numbers', '1', '2', '3']);
});

test('versions are listed as numbers in their order, and nothing else is listed', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const others = ['0', '01', '-1', '1.5', '1e3', 'v2', '.staging-x', 'README.md', '9999999999999999999999', '2~', ' 3'];
  for (const name of ['9', '10', '2', ...others]) mkdirSync(join(store.location, name));
  assert.deepEqual(await store.list(), [2, 9, 10]);
  const stage = await store.stage();
  fill(stage, { 'card.json': '' });
  assert.equal(await store.publish(stage), 11);
});

test('a document is read as it was last written, and is no version and no stage', async (t) => {
  const store = new FileStore(join(temporaryDirectory(t), 'not-yet'));
  assert.equal(await store.readDocument('aliases.json'), undefined);
  await store.writeDocument('aliases.json', 'one');
  await store.writeDocument('aliases.json', 'two');
  assert.equal(await new FileStore(store.location).readDocument('aliases.json'), 'two');
  assert.deepEqual([await store.list(), await store.sweep()], [[], 0]);
});

test('a document that is written by many at once is one of theirs, whole, and nothing else is left', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(contents.map((content) => store.writeDocument('state', content)));
  assert.ok(contents.includes((await store.readDocument('state'))!));
  const files = readdirSync(store.location, { recursive: true }).map(String);
  assert.equal(files.filter((name) => name.includes('state')).length, 1);
});

test('a number is not given twice while its version is there, whatever went before it', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const publish = async () => {
    const stage = await store.stage();
    fill(stage, { 'card.json': '' });
    return store.publish(stage);
  };
  for (const number of [1, 2, 3]) assert.equal(await publish(), number);
  rmSync(join(store.location, '2'), { recursive: true });
  assert.equal(await publish(), 4);
});

test('a version that is not there is not found', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await assert.rejects(store.read(7), { code: 'VERSION_NOT_FOUND', message: /^version 7 / });
});

/** Stages a version in a store below `directory`, and prints how that went. */
const STAGE = `
  const { FileStore } = await import(process.argv[1]);
  const done = new FileStore(process.argv[2] + '/new/store').stage();
  console.log(await done.then(() => 'staged', ({ code }) => code));`;

test('a read-only file system is reported as one', async (t) => {
  const directory = temporaryDirectory(t);
  const mounted = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"';
  const unshare = ['--user', '--map-root-user', '--mount', 'sh', '-c', mounted, 'sh', directory];
  if (spawnSync('unshare', [...unshare, 'true']).status !== 0) {
    t.skip('SKIPPED: no read-only file system can be mounted here (unshare --user --mount)');
    return;
  }
  const module = new URL('../../../src/model/store/file-store.js', import.meta.url).href;
  const node = [process.execPath, '--input-type=module', '--eval', STAGE, module, directory];
  assert.equal(spawnSync('unshare', [...unshare, ...node], { encoding: 'utf8' }).stdout, 'EROFS\n');
});

test('what is staged is not listed before it is published, and a discarded stage leaves nothing', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const stage = await store.stage();
  assert.deepEqual(readdirSync(stage), []);
  assert.notEqual(await store.stage(), stage);
  fill(stage, { 'card.json': '{' });
  assert.deepEqual(await store.list(), []);
  await store.discard(stage);
  await store.discard(stage);
  assert.ok(!existsSync(stage));
});

test('a stage without a version cannot be published', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await assert.rejects(store.publish(await store.stage()), { code: 'ENOENT' });
  assert.deepEqual(await store.list(), []);
});

test('a number that was taken since the listing is passed over, and the version under it stays', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const [first, second] = [await store.stage(), await store.stage()];
  fill(first, { 'card.json': 'first' });
  fill(second, { 'card.json': 'second' });
  await store.publish(first);
  const list = store.list.bind(store);
  let listings = 0;
  store.list = async () => (listings++ === 0 ? [] : list());
  assert.equal(await store.publish(second), 2);
  assert.equal(String((await store.read(1)).get('card.json')), 'first');
  assert.equal(String((await store.read(2)).get('card.json')), 'second');
});

test('processes that publish at once get numbers of their own, and every version is whole', async (t) => {
  const location = temporaryDirectory(t);
  const publishers = Array.from({ length: 3 }, (_, i) => publisher(location, i, 20));
  await Promise.all(publishers.map((child) => once(child, 'message')));
  for (const child of publishers) child.send('go');
  const answers = (await Promise.all(publishers.map((child) => once(child, 'message')))) as [number[]][];
  const expected = Array.from({ length: 60 }, (_, i) => i + 1);
  assert.deepEqual(
    answers.flatMap(([numbers]) => numbers).toSorted((a, b) => a - b),
    expected,
  );
  const store = new FileStore(location);
  assert.deepEqual(await store.list(), expected);
  const contents = await Promise.all(expected.map(async (number) => (await store.read(number)).get('card.json')));
  assert.equal(new Set(contents.map(String)).size, expected.length);
});

test('a sweep removes the stages of dead processes and of this one, which is their successor', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(dead, 'exit');
  const own = join(store.location, `.staging-${hostname()}-${process.pid}-00ff`);
  fill(own, { 'weights.bin': 'half' });
  const used = await store.stage();
  const deads = join(store.location, `.staging-${hostname()}-${dead.pid}-00ff`);
  mkdirSync(join(deads, 'table'), { recursive: true });
  assert.equal(await store.sweep(), 2);
  assert.ok(!existsSync(own) && !existsSync(deads) && existsSync(used), 'but none that it has made itself');
});

test('a sweep spares versions, strangers, and the stages of the living', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const living = `.staging-${hostname()}-${process.ppid}-00ff`;
  const elsewhere = '.staging-another-host-1-00ff';
  const names = ['1', '2', 'README.md', '.staging', '.staging-x', '.git', living, elsewhere];
  for (const name of names) mkdirSync(join(store.location, name));
  assert.equal(await store.sweep(), 0);
  assert.deepEqual(readdirSync(store.location).toSorted(), names.toSorted());
});

test('a stage of another host goes when it is a day old', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const [old, young] = ['.staging-pod-a-1-1-00ff', '.staging-pod-b-2-1-00ff'].map((name) => join(store.location, name));
  for (const stage of [old!, young!]) mkdirSync(stage);
  const now = Date.now() / 1000;
  utimesSync(old!, now, now - 25 * 3600);
  utimesSync(young!, now, now - 23 * 3600);
  assert.equal(await store.sweep(), 1);
  assert.deepEqual([existsSync(old!), existsSync(young!)], [false, true]);
});

test('a stage that another replica has swept meanwhile is passed over', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  // A link to nowhere is listed and cannot be looked at, like a stage that has gone since the listing.
  symlinkSync(join(store.location, 'gone'), join(store.location, '.staging-other-1-00ff'));
  assert.equal(await store.sweep(), 0);
});

test('replicas that start at once may sweep the same stages', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  const old = Date.now() / 1000 - 25 * 3600;
  for (let i = 0; i < 50; i++) {
    const stage = join(store.location, `.staging-other-1-${i}`);
    mkdirSync(stage);
    writeFileSync(join(stage, 'x'), '');
    utimesSync(stage, old, old);
  }
  await Promise.all(Array.from({ length: 8 }, () => new FileStore(store.location).sweep()));
  assert.deepEqual(readdirSync(store.location), []);
});

/** Writes the staged version's files. */
function fill(stage: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(stage, 'version'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(stage, 'version', name), content);
}

/** A process that stages `count` versions, reports it, and on a message publishes them and prints their numbers. */
function publisher(location: string, name: number, count: number): ChildProcess {
  const script = `
    import { mkdirSync, writeFileSync } from 'node:fs';
    import { FileStore } from ${JSON.stringify(new URL('../../../src/model/store/file-store.js', import.meta.url).href)};
    const store = new FileStore(${JSON.stringify(location)});
    const stages = [];
    for (let i = 0; i < ${count}; i++) {
      const stage = await store.stage();
      mkdirSync(stage + '/version');
      writeFileSync(stage + '/version/card.json', '${name} ' + i);
      stages.push(stage);
    }
    process.once('message', async () => {
      const numbers = [];
      for (const stage of stages) numbers.push(await store.publish(stage));
      process.send(numbers, () => process.disconnect());
    });
    process.send('ready');`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
