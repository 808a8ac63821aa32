import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Aliases } from '../../../src/model/store/aliases.js';
import { FileStore } from '../../../src/model/store/file-store.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const NONE: Aliases = { generation: 0, production: null, candidate: null, previous: null };

test('a store has no aliases before the first change, and a change is read back by others, one generation later', async (t) => {
  const store = new FileStore(join(temporaryDirectory(t), 'not-yet'));
  assert.deepEqual(await store.aliases(), NONE);
  await publish(store, 2);
  const changed = await store.setAliases({ ...NONE, production: 2, previous: 1 });
  assert.deepEqual(changed, { generation: 1, production: 2, candidate: null, previous: 1 });
  assert.deepEqual(await new FileStore(store.location).aliases(), changed);
  assert.deepEqual(await store.list(), [1, 2]);
});

test('a change that follows an old reading is refused, and the aliases stay', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 2);
  const first = await store.setAliases({ ...NONE, production: 1 });
  await assert.rejects(store.setAliases({ ...NONE, production: 2 }), { code: 'ALIASES_CHANGED' });
  await assert.rejects(store.setAliases({ ...first, generation: 7 }), { code: 'ALIASES_CHANGED' });
  assert.deepEqual(await store.aliases(), first);
});

test('of many changes at once that follow the same reading, one wins', async (t) => {
  const location = temporaryDirectory(t);
  await publish(new FileStore(location), 9);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) => new FileStore(location).setAliases({ ...NONE, production: i + 1 })),
  );
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  assert.equal(won.length, 1);
  assert.deepEqual(await new FileStore(location).aliases(), won[0]!.value);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'ALIASES_CHANGED');
});

test('an alias cannot name what is not there, and one whose version was taken away by hand names nothing', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 2);
  await assert.rejects(store.setAliases({ ...NONE, candidate: 3 }), {
    code: 'VERSION_NOT_FOUND',
    message: /version 3/,
  });
  const aliases = await store.setAliases({ ...NONE, production: 2, previous: 1 });
  rmSync(join(store.location, '2'), { recursive: true });
  assert.deepEqual(await store.aliases(), { ...aliases, production: null });
});

test('old changes are tidied away, and who follows one of them is refused all the same', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 1);
  let aliases = NONE;
  for (let i = 0; i < 40; i++) aliases = await store.setAliases({ ...aliases, production: i % 2 ? null : 1 });
  assert.equal(aliases.generation, 40);
  assert.equal(readdirSync(join(store.location, '.aliases')).length, 32);

  // A writer that has slept since it read generation 3: it sees the directory as it was, and its number is free again.
  const late = new FileStore(store.location);
  const others = join(store.location, 'moved');
  renameSync(join(store.location, '.aliases'), others);
  mkdirSync(join(store.location, '.aliases'));
  writeEntry(store, 3, { ...NONE, removing: [] });
  const list = late.list.bind(late);
  late.list = async () => {
    rmSync(join(store.location, '.aliases'), { recursive: true });
    renameSync(others, join(store.location, '.aliases'));
    return list();
  };
  await assert.rejects(late.setAliases({ ...NONE, generation: 3, production: 1 }), { code: 'ALIASES_CHANGED' });
  assert.deepEqual(await store.aliases(), aliases);
  assert.equal(readdirSync(join(store.location, '.aliases')).length, 32);
});

test('if the newest change is unreadable, the one before it counts, and the next one follows both', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 2);
  const first = await store.setAliases({ ...NONE, production: 1 });
  for (const content of ['', '{', '[]', '{"production":"2","candidate":null,"previous":null,"removing":[]}', null]) {
    rmSync(join(store.location, '.aliases/2'), { recursive: true, force: true });
    writeEntry(store, 2, content);
    assert.deepEqual(await store.aliases(), { ...first, generation: 2 });
  }
  assert.equal((await store.setAliases({ ...first, generation: 2, production: 2 })).generation, 3);
  assert.equal((await store.aliases()).production, 2);
});

test('a version is removed, its files with it, unless an alias names it', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 4);
  const aliases = await store.setAliases({ ...NONE, production: 1, candidate: 2, previous: 3 });
  for (const [version, alias] of [
    [1, 'production'],
    [2, 'candidate'],
    [3, 'previous'],
  ] as const) {
    await assert.rejects(store.remove(version), {
      code: 'VERSION_IN_USE',
      message: new RegExp(`${version} is ${alias}`),
    });
  }
  await store.remove(4);
  assert.deepEqual(await store.list(), [1, 2, 3]);
  await assert.rejects(store.read(4), { code: 'VERSION_NOT_FOUND' });
  await assert.rejects(store.remove(4), { code: 'VERSION_NOT_FOUND' });
  const { generation, ...names } = await store.aliases();
  assert.deepEqual(names, { production: 1, candidate: 2, previous: 3 });
  assert.ok(generation > aliases.generation, 'who has read the aliases before cannot name it any more');
  assert.deepEqual(readdirSync(store.location).toSorted(), ['.aliases', '.numbers', '1', '2', '3']);
});

test('the number of a version that was removed is not given again, even if it was copied there by hand', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 3);
  await store.remove(3);
  await store.remove(2);
  assert.equal(await publish(store, 1), 4);
  mkdirSync(join(store.location, '40'));
  await store.remove(40);
  assert.equal(await publish(new FileStore(store.location), 1), 41);
  assert.deepEqual(await store.list(), [1, 4, 41]);
});

test('a version cannot be named while it is removed, whoever comes first', async (t) => {
  const location = temporaryDirectory(t);
  for (let i = 1; i <= 30; i++) {
    const store = new FileStore(location);
    const version = await publish(store, 1);
    const read = await store.aliases();
    const [named, removed] = await Promise.allSettled([
      store.setAliases({ ...read, candidate: version }),
      new FileStore(location).remove(version),
    ]);
    const there = (await store.list()).includes(version);
    assert.equal(there, named.status === 'fulfilled');
    assert.equal(there, removed.status === 'rejected');
    assert.equal((await store.aliases()).candidate === version, there);
  }
});

test('a sweep finishes a removal that was cut off before the version was taken out of the listing', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 2);
  writeEntry(store, 1, { production: 1, candidate: null, previous: null, removing: [2] });
  const aliases = await store.aliases();
  await assert.rejects(store.setAliases({ ...aliases, production: 2 }), { code: 'VERSION_NOT_FOUND' });
  assert.equal(await store.sweep(), 1);
  assert.deepEqual(await store.list(), [1]);
  assert.equal(await publish(store, 1), 3);
});

test('a file of a version is read by name, and is nothing if there is none of it', async (t) => {
  const store = new FileStore(temporaryDirectory(t));
  await publish(store, 1);
  assert.equal(String(await store.readFile(1, 'card.json')), 'card');
  assert.equal(await store.readFile(1, 'upload.json'), undefined);
  await assert.rejects(store.readFile(2, 'card.json'), { code: 'VERSION_NOT_FOUND' });
});

test('a watch reports changes by other processes: by event or, without events, at the next poll', async (t) => {
  for (const [there, interval] of [
    [true, 2 ** 30],
    [false, 20],
  ] as const) {
    const store = new FileStore(temporaryDirectory(t));
    await publish(store, 1);
    if (there) mkdirSync(join(store.location, '.aliases'));
    const seen = new Promise<void>((resolve) => {
      const end = store.watch(async () => {
        if ((await store.aliases()).production === 1) resolve();
      }, interval);
      t.after(end);
    });
    // What waits for nothing but the watch would end the process.
    const alive = setInterval(() => {}, 1000);
    await new FileStore(store.location).setAliases({ ...NONE, production: 1 });
    await seen;
    clearInterval(alive);
  }
});

test('the health of a store reports whether it is writable and its free space', async (t) => {
  const location = join(temporaryDirectory(t), 'not/yet');
  const { writable, reason, free_bytes } = await new FileStore(location).health();
  assert.deepEqual([writable, reason, readdirSync(location)], [true, null, []]);
  assert.ok(free_bytes! > 0);
  writeFileSync(join(location, 'file'), '');
  const bad = await new FileStore(join(location, 'file')).health();
  assert.equal(bad.writable, false);
  assert.match(bad.reason!, /ENOTDIR|EEXIST/);
});

test('two processes publish and change the aliases a hundred times at once: one wins each time, none loses a version', async (t) => {
  const location = temporaryDirectory(t);
  const rounds = 100;
  const children = [racer(location), racer(location)];
  const answers = (children: ChildProcess[]) =>
    Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as Answer));
  await answers(children);
  const store = new FileStore(location);
  for (let round = 1; round <= rounds; round++) {
    const { generation } = await store.aliases();
    const published = answers(children);
    for (const child of children) child.send({ generation });
    const [a, b] = await published;
    assert.notEqual(a!.version, b!.version);
    assert.deepEqual([a!.outcome, b!.outcome].toSorted(), ['ALIASES_CHANGED', 'won'], `round ${round}`);
    const winner = a!.outcome === 'won' ? a! : b!;
    const { production, generation: next } = await store.aliases();
    assert.deepEqual([production, next], [winner.version, generation + 1]);
  }
  for (const child of children) child.disconnect();
  assert.deepEqual(
    await store.list(),
    Array.from({ length: 2 * rounds }, (_, i) => i + 1),
  );
});

interface Answer {
  readonly version: number;
  readonly outcome: string;
}

/** A process that publishes a version and makes it production whenever it receives the generation to follow. */
function racer(location: string): ChildProcess {
  const script = `
    import { mkdirSync, writeFileSync } from 'node:fs';
    import { FileStore } from ${JSON.stringify(new URL('../../../src/model/store/file-store.js', import.meta.url).href)};
    const store = new FileStore(${JSON.stringify(location)});
    process.on('message', async ({ generation }) => {
      const stage = await store.stage();
      mkdirSync(stage + '/version');
      writeFileSync(stage + '/version/card.json', String(process.pid));
      const version = await store.publish(stage);
      await store.discard(stage);
      const next = { generation, production: version, candidate: null, previous: null };
      const outcome = await store.setAliases(next).then(() => 'won', ({ code }) => code);
      process.send({ version, outcome });
    });
    process.send('ready');`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Publishes `count` small versions. Returns the last number. */
async function publish(store: FileStore, count: number): Promise<number> {
  let version = 0;
  for (let i = 0; i < count; i++) {
    const stage = await store.stage();
    mkdirSync(join(stage, 'version'));
    writeFileSync(join(stage, 'version/card.json'), 'card');
    version = await store.publish(stage);
    await store.discard(stage);
  }
  return version;
}

/** Writes a change of the aliases past the store; null is an entry without content. */
function writeEntry(store: FileStore, number: number, content: unknown): void {
  const entry = join(store.location, '.aliases', String(number));
  mkdirSync(entry, { recursive: true });
  if (content === null) return;
  writeFileSync(join(entry, 'content.json'), typeof content === 'string' ? content : JSON.stringify(content));
}
