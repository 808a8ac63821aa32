import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import Database from 'libsql';
import { FeedbackStore } from '../../../src/model/feedback/feedback-store.js';
import type { FeedbackChunk, KeyedRequest, LabelledBatch } from '../../../src/model/feedback/labelled-batch.js';
import { childOf } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const COLUMNS = { features: ['a'], targets: ['y'] };

/** Adds rows. Returns the number of rows that are stored then. */
async function add(store: FeedbackStore, rows: LabelledBatch, request?: KeyedRequest): Promise<number> {
  return (await store.call('add', rows, undefined, request)).kept;
}

function openStore(t: TestContext, directory: string, rows = 100_000): FeedbackStore {
  const store = new FeedbackStore(directory, { rows, days: 30 });
  t.after(() => store.close());
  return store;
}

function batch(from: number, rows: number): LabelledBatch {
  const numbers = Float32Array.from({ length: rows }, (_, i) => from + i);
  return { columns: COLUMNS, model: 'm', rows, features: numbers, targets: numbers, outputs: numbers };
}

async function targetsOf(store: FeedbackStore): Promise<number[]> {
  const chunks: FeedbackChunk[] = [];
  for await (const chunk of store.rows(COLUMNS)) chunks.push(chunk);
  return chunks.flatMap(({ targets }) => [...targets]);
}

test('nothing is made before it is needed, and closing what was never used does nothing', async (t) => {
  const directory = join(temporaryDirectory(t), 'feedback');
  const store = openStore(t, directory);
  assert.equal(store.exists, false);
  await store.close();
  assert.equal(store.exists, false);
  await assert.rejects(store.call('newest'), { code: 'FEEDBACK_UNAVAILABLE' });
});

test('many that come together are all kept, in order, and read in pieces; one that fails takes no other with it', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openStore(t, directory);
  const request = (i: number) => ({ key: String(i), digest: 'd', note: '' });
  const adding = Array.from({ length: 1200 }, (_, i) => add(store, batch(2 * i, 2), request(i)));
  const failing = assert.rejects(add(store, batch(0, 1), { ...request(1), digest: 'other' }), {
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  const counts = await Promise.all(adding);
  await failing;
  assert.deepEqual(
    counts,
    Array.from({ length: 1200 }, (_, i) => 2 * (i + 1)),
  );
  await store.close();
  const numbers = Array.from({ length: 2400 }, (_, i) => i);
  assert.deepEqual(await targetsOf(openStore(t, directory)), numbers);
});

test('calls made before a close are completed', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openStore(t, directory);
  const adding = [add(store, batch(0, 1)), add(store, batch(1, 1))];
  const closing = store.close();
  assert.deepEqual(await Promise.all(adding), [1, 2]);
  await closing;
  assert.deepEqual(await targetsOf(openStore(t, directory)), [0, 1]);
});

test('two that write to one file at once lose nothing', async (t) => {
  const directory = temporaryDirectory(t);
  const stores = [openStore(t, directory), openStore(t, directory)];
  await Promise.all(
    stores.map(async (store, s) => {
      for (let i = 0; i < 50; i++) await add(store, batch(100 * s + i, 1));
    }),
  );
  const found = (await targetsOf(stores[0]!)).sort((a, b) => a - b);
  assert.deepEqual(found, [...Array(50).keys(), ...Array.from({ length: 50 }, (_, i) => 100 + i)]);
});

test('a new file that another process is just making is waited for', async (t) => {
  const directory = temporaryDirectory(t);
  const other = new Database(join(directory, 'feedback.db'));
  t.after(() => other.close());
  other.exec('begin immediate');
  // Long enough for the process to meet it; should it come later, it has nothing to wait for.
  void setTimeout(500).then(() => other.exec('commit'));
  assert.equal(await add(openStore(t, directory), batch(0, 1)), 1);
});

test('a damaged file is reported and left alone; once it has been moved away, feedback works again', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'feedback.db');
  writeFileSync(file, 'no database at all, '.repeat(500));
  const store = openStore(t, directory);
  const damaged = { code: 'FEEDBACK_UNAVAILABLE', message: /its file is damaged/ };
  await assert.rejects(add(store, batch(0, 1)), damaged);
  await assert.rejects(store.call('count', COLUMNS), damaged);
  renameSync(file, join(directory, 'damaged'));
  assert.equal(await add(store, batch(0, 1)), 1);
});

test('a directory that cannot be made is reported', async (t) => {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, '');
  for (const directory of [join(file, 'feedback'), '/proc/feedback']) {
    const store = openStore(t, directory);
    await assert.rejects(add(store, batch(0, 1)), {
      code: 'FEEDBACK_UNAVAILABLE',
      message: /cannot be opened for writing/,
    });
  }
});

test('on a full disk and on a read-only one what was kept stays, and feedback goes on when they are not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rr-disk-'));
  const stores = [1, 2].map(() => new FeedbackStore(directory, { rows: 100_000, days: 30 }));
  t.after(async () => {
    for (const store of stores) await store.close();
    spawnSync('umount', [directory]);
    rmSync(directory, { recursive: true });
  });
  const mount = (...args: string[]) => spawnSync('mount', [...args, directory], { encoding: 'utf8' });
  const { status, stderr } = mount('-t', 'tmpfs', '-o', 'size=512k', 'tmpfs');
  if (status !== 0) return t.skip(`no small disk can be mounted: ${stderr}`);

  const [store, readOnly] = stores as [FeedbackStore, FeedbackStore];
  let kept = 0;
  const fill = async () => {
    for (;;) kept = await add(store, batch(kept, 500));
  };
  await assert.rejects(fill, { code: 'FEEDBACK_UNAVAILABLE', message: /the disk is full/ });
  assert.ok(kept >= 500, `${kept} rows`);
  assert.equal(mount('-o', 'remount,size=4m').status, 0);
  assert.deepEqual(await targetsOf(store), [...Array(kept).keys()]);
  assert.equal(await add(store, batch(kept, 500)), kept + 500);
  await store.close();

  assert.equal(mount('-o', 'remount,ro').status, 0);
  await assert.rejects(add(readOnly, batch(0, 1)), {
    code: 'FEEDBACK_UNAVAILABLE',
    message: /cannot be opened for writing|is not writable/,
  });
  assert.equal(mount('-o', 'remount,rw').status, 0);
  assert.equal(await add(readOnly, batch(0, 1)), kept + 501);
});

test('bytes that end the process of the database end nothing else', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openStore(t, directory);
  await store.call('addWaiting', 'id', batch(0, 1));
  await store.close();
  const file = join(directory, 'feedback.db');
  const names = Buffer.from('[["a"],["y"]]');
  const bytes = readFileSync(file);
  // No UTF-8: the library does not expect that of a text, and calls it a defect of its own.
  for (let at = bytes.indexOf(names); at >= 0; at = bytes.indexOf(names, at + 1)) bytes.fill(0xff, at, at + 2);
  writeFileSync(file, bytes);
  const again = openStore(t, directory);
  await assert.rejects(again.call('predictions', ['id']), {
    code: 'FEEDBACK_UNAVAILABLE',
    message: /its process ended$/,
  });
  renameSync(file, join(directory, 'damaged'));
  assert.equal(await add(again, batch(0, 1)), 1);
});

/** Asks two things at once when no file can be opened any more, and one when that is over. Tells what came of each. */
const WITHOUT_DESCRIPTORS = `
  import { closeSync, openSync } from 'node:fs';
  const [module, directory] = process.argv.slice(1);
  const { FeedbackStore } = await import(module);
  const store = new FeedbackStore(directory, { rows: 10, days: 30 });
  const reported = (outcomes) => console.log(JSON.stringify(outcomes.map(({ value, reason }) => value ?? reason.code)));
  const ask = () => store.call('newest');
  const open = [];
  try {
    for (;;) open.push(openSync('/dev/null'));
  } catch {}
  const outcomes = await Promise.allSettled([ask(), ask()]);
  open.forEach((file) => closeSync(file));
  reported(outcomes);
  reported(await Promise.allSettled([ask()]));
  await store.close();
`;

test('without a free file descriptor feedback is unavailable, nothing crashes, and it works again once there is one', (t) => {
  const module = new URL('../../../src/model/feedback/feedback-store.js', import.meta.url).href;
  const command = 'ulimit -n 200 && exec "$0" --input-type=module -e "$@"';
  const args = [process.execPath, WITHOUT_DESCRIPTORS, module, temporaryDirectory(t)];
  const { stdout, stderr } = spawnSync('sh', ['-c', command, ...args], { encoding: 'utf8' });
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [['FEEDBACK_UNAVAILABLE', 'FEEDBACK_UNAVAILABLE'], [0]],
    stderr,
  );
});

test('a process that hangs is killed after a while: its calls are refused, and the next process goes on', async (t) => {
  const store = openStore(t, temporaryDirectory(t));
  await add(store, batch(0, 1));
  process.kill(await childOf(process.pid), 'SIGSTOP');
  const started = performance.now();
  const refused = { code: 'FEEDBACK_UNAVAILABLE', message: /its process does not answer$/ };
  await Promise.all([
    assert.rejects(add(store, batch(1, 1)), refused),
    // This one waited behind the first.
    store.call('count', COLUMNS).then(
      (rows) => assert.equal(rows, 1),
      ({ code }) => assert.equal(code, 'FEEDBACK_UNAVAILABLE'),
    ),
  ]);
  const elapsed = performance.now() - started;
  assert.ok(elapsed > 3000 && elapsed < 8000, `${elapsed} ms`);
  while ((await add(store, batch(2, 1)).catch(() => 0)) === 0) await setTimeout(20);
  assert.deepEqual(await targetsOf(store), [0, 2]);
});

test('closing is not delayed by a process that hangs, whether it has work or not', async (t) => {
  for (const hasWork of [true, false]) {
    const store = openStore(t, temporaryDirectory(t));
    await add(store, batch(0, 1));
    const pid = await childOf(process.pid);
    process.kill(pid, 'SIGSTOP');
    const adding = hasWork && assert.rejects(add(store, batch(1, 1)), { code: 'FEEDBACK_UNAVAILABLE' });
    const started = performance.now();
    await store.close();
    await adding;
    assert.ok(performance.now() - started < 4000, `${performance.now() - started} ms`);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  }
});

test('a file that is moved away while it is open is left whole, and a new one is made', async (t) => {
  const directory = temporaryDirectory(t);
  const moved = temporaryDirectory(t);
  const store = openStore(t, directory);
  await add(store, batch(0, 2));
  renameSync(join(directory, 'feedback.db'), join(moved, 'feedback.db'));
  assert.equal(await add(store, batch(5, 1)), 1);
  await store.close();
  assert.deepEqual(await targetsOf(openStore(t, directory)), [5]);
  assert.deepEqual(await targetsOf(openStore(t, moved)), [0, 1]);
});
