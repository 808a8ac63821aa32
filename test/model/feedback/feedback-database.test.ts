import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'libsql';
import { FeedbackDatabase } from '../../../src/model/feedback/feedback-database.js';
import type { FeedbackBounds } from '../../../src/model/feedback/feedback-pruning.js';
import type { LabelledBatch } from '../../../src/model/feedback/labelled-batch.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const COLUMNS = { features: ['a', 'b'], targets: ['y'] };
const OTHERS = { features: ['a', 'c'], targets: ['y'] };
const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;

function open(t: Parameters<typeof temporaryDirectory>[0], bounds: Partial<FeedbackBounds> = {}) {
  const clock = { now: 1_700_000_000_000 };
  const path = join(temporaryDirectory(t), 'deep', 'feedback.db');
  const reopen = () => {
    const database = new FeedbackDatabase(path, { rows: 1000, days: 30, ...bounds }, () => clock.now);
    t.after(() => database.close());
    return database;
  };
  return { database: reopen(), clock, path, reopen };
}

/** Rows with distinct numbers: `[i, i / 3]`, target `-i`, predicted `-i + 1`. */
function batch(from: number, rows: number, columns = COLUMNS, model = 'm'): LabelledBatch {
  const numbers = Array.from({ length: rows }, (_, i) => from + i);
  return {
    columns,
    model,
    rows,
    features: Float32Array.from(numbers.flatMap((i) => [i, i / 3])),
    targets: Float32Array.from(numbers, (i) => -i),
    outputs: Float32Array.from(numbers, (i) => -i + 1),
  };
}

const addBatch = (database: FeedbackDatabase, ...args: Parameters<FeedbackDatabase['add']>) =>
  database.transaction(() => database.add(...args));
const add = (database: FeedbackDatabase, rows: LabelledBatch) => addBatch(database, rows).kept;
/** The answer to a prediction, of `rows` rows of the batch. */
const answer = (id: string, rows: number, digest = 'd') => ({ id, rows, digest });
const isKnown = (database: FeedbackDatabase, ids: string[]) =>
  database.predictions(ids).map((found) => found && Object.keys(found).join());
const wait = (database: FeedbackDatabase, id: string, rows: number) =>
  database.transaction(() => database.addWaiting(id, batch(0, rows)));
/** Targets of the rows that are there, their signs changed. */
const kept = (database: FeedbackDatabase, columns = COLUMNS) =>
  Array.from(database.chunk(columns, 0, database.newest(), 10_000).targets, (y) => -y);

test('rows come back bit for bit and in order, also after the file is opened again; each set of columns has its own', (t) => {
  const { database, reopen } = open(t);
  const first = { ...batch(1, 2), features: Float32Array.of(Number.NaN, 0.1, 3e38, -0) };
  assert.equal(add(database, first), 2);
  assert.equal(add(database, batch(10, 3, OTHERS)), 3);
  assert.equal(add(database, batch(3, 1)), 3);
  database.close();
  const again = reopen();
  const { features, targets, rows } = again.chunk(COLUMNS, 0, again.newest(), 100);
  assert.equal(rows, 3);
  assert.deepEqual(features, Float32Array.of(...first.features, 3, 1));
  assert.deepEqual(targets, Float32Array.of(-1, -2, -3));
  assert.deepEqual(kept(again, OTHERS), [10, 11, 12]);
});

test('chunks follow each other up to the row that was the newest, and skip the rows of other columns', (t) => {
  const { database } = open(t);
  add(database, batch(1, 3));
  add(database, batch(50, 2, OTHERS));
  add(database, batch(4, 2));
  const newest = database.newest();
  add(database, batch(6, 1));
  const first = database.chunk(COLUMNS, 0, newest, 4);
  assert.deepEqual(first.targets, Float32Array.of(-1, -2, -3, -4));
  const second = database.chunk(COLUMNS, first.last, newest, 4);
  assert.deepEqual(second.targets, Float32Array.of(-5));
  assert.equal(database.chunk(COLUMNS, second.last, newest, 4).rows, 0);
});

test('the latest rows that a model has predicted come without those of another', (t) => {
  const { database, clock } = open(t);
  add(database, batch(1, 3, COLUMNS, 'old'));
  add(database, batch(4, 2, COLUMNS, 'new'));
  clock.now += 1000;
  add(database, batch(6, 2, COLUMNS, 'new'));
  const recent = database.recent(COLUMNS, 'new', 3);
  assert.equal(recent.kept, 7);
  assert.deepEqual(recent.targets, Float32Array.of(-5, -6, -7));
  assert.deepEqual(recent.outputs, Float32Array.of(-4, -5, -6));
  assert.deepEqual(recent.times, [clock.now - 1000, clock.now, clock.now]);
});

test('no more rows are kept than the bound: the oldest go, whatever their columns', (t) => {
  const { database } = open(t, { rows: 5 });
  add(database, batch(1, 3, OTHERS));
  assert.equal(add(database, batch(4, 4)), 4);
  assert.deepEqual(kept(database, OTHERS), [3]);
  assert.equal(add(database, batch(8, 9)), 5);
  assert.deepEqual(kept(database), [12, 13, 14, 15, 16]);
  assert.deepEqual(kept(database, OTHERS), []);
});

test('rows and waiting predictions go when they are too old, and a clock that went back takes nothing', (t) => {
  const { database, clock } = open(t, { days: 2 });
  add(database, batch(1, 1));
  wait(database, 'early', 1);
  clock.now += DAY;
  add(database, batch(2, 1));
  clock.now += DAY;
  assert.deepEqual([add(database, batch(3, 1)), isKnown(database, ['early'])], [3, ['columns,rows,features']]);
  clock.now += 1;
  assert.equal(add(database, batch(4, 1)), 4, 'they are looked at twice');
  clock.now += 2 * HOUR;
  assert.deepEqual([add(database, batch(5, 1)), add(database, batch(6, 1))], [5, 6]);
  clock.now += HOUR;
  assert.equal(add(database, batch(7, 1)), 6);
  assert.deepEqual(isKnown(database, ['early']), [undefined]);
  clock.now -= 100 * DAY;
  assert.equal(add(database, batch(8, 1)), 7);
  assert.deepEqual(kept(database), [2, 3, 4, 5, 6, 7, 8]);
});

test('the names of columns go with their last row', (t) => {
  const { database, clock, path } = open(t, { days: 2 });
  add(database, batch(1, 1, OTHERS));
  clock.now += DAY;
  add(database, batch(2, 1));
  const other = new Database(path);
  t.after(() => other.close());
  const names = () => other.prepare('select names from columns').all().length;
  assert.equal(names(), 2);
  for (const hours of [25, 2]) {
    clock.now += hours * HOUR;
    database.transaction(() => {});
  }
  assert.equal(names(), 1);
  assert.equal(add(database, batch(3, 1, OTHERS)), 1);
  assert.equal(add(database, batch(4, 1)), 2);
});

test('a clock that is ahead for a moment takes nothing, even if the file is opened again meanwhile', (t) => {
  const { database, clock, reopen } = open(t);
  add(database, batch(1, 3));
  wait(database, 'id', 1);
  database.close();
  for (const days of [40, 4000]) {
    const early = reopen();
    clock.now += days * DAY;
    add(early, batch(4, 1));
    early.close();
    const again = reopen();
    clock.now += HOUR - 1;
    add(again, batch(5, 1));
    clock.now -= days * DAY;
    add(again, batch(6, 1));
    assert.deepEqual(kept(again).slice(0, 3), [1, 2, 3]);
    assert.deepEqual(isKnown(again, ['id']), ['columns,rows,features']);
    again.close();
  }
});

test('a prediction waits until it is answered, once; predictions beyond the bound of rows wait no more', (t) => {
  const { database } = open(t, { rows: 5 });
  wait(database, 'one', 2);
  wait(database, 'two', 3);
  assert.deepEqual(database.predictions(['two', 'one']), [
    { columns: COLUMNS, rows: 3, features: batch(0, 3).features },
    { columns: COLUMNS, rows: 2, features: batch(0, 2).features },
  ]);
  wait(database, 'three', 1);
  assert.deepEqual(isKnown(database, ['two', 'one']), ['columns,rows,features', undefined]);
  assert.deepEqual(addBatch(database, batch(0, 3), [answer('two', 3)]), {
    kept: 3,
    outcomes: ['stored'],
    isRepeated: false,
  });
  assert.deepEqual(database.predictions(['two']), [{ digest: 'd' }]);
  const mixed = [answer('two', 1), answer('one', 1), answer('three', 1), answer('two', 1, 'other')];
  assert.deepEqual(addBatch(database, batch(10, 4), mixed), {
    kept: 4,
    outcomes: ['repeated', 'not_found', 'stored', 'conflict'],
    isRepeated: false,
  });
  assert.deepEqual(kept(database), [0, 1, 2, 12], 'only the rows of what waited');
});

test('a request with the same key is stored once, one with another body is refused', (t) => {
  const { database, reopen } = open(t);
  const request = { key: 'k', digest: 'd', note: '{"rows":2}' };
  assert.equal(database.earlier('k', 'd'), undefined);
  assert.deepEqual(addBatch(database, batch(0, 2), undefined, request), { kept: 2, outcomes: [], isRepeated: false });
  add(database, batch(2, 1));
  database.close();
  const again = reopen();
  assert.deepEqual(addBatch(again, batch(0, 2), undefined, request), { kept: 2, outcomes: [], isRepeated: true });
  assert.deepEqual(again.earlier('k', 'd'), { note: '{"rows":2}', kept: 2 });
  const reused = { code: 'IDEMPOTENCY_KEY_REUSED' };
  assert.throws(() => addBatch(again, batch(5, 1), undefined, { ...request, digest: 'other' }), reused);
  assert.throws(() => again.earlier('k', 'other'), reused);
  assert.deepEqual(kept(again), [0, 1, 2]);
});

test('answers and keys are remembered within the bounds of the rows', (t) => {
  const { database, clock } = open(t, { rows: 5, days: 2 });
  const ids = Array.from({ length: 8 }, (_, i) => `id ${i}`);
  for (const [i, id] of ids.entries()) {
    wait(database, id, 1);
    addBatch(database, batch(i, 1), [answer(id, 1)]);
    addBatch(database, batch(i, 1), undefined, { key: id, digest: 'd', note: '' });
  }
  const remembered = () => [
    ids.filter((id) => database.predictions([id])[0] !== undefined),
    ids.filter((id) => database.earlier(id, 'd') !== undefined),
  ];
  assert.deepEqual(remembered(), [ids.slice(3), ids.slice(3)]);
  for (const hours of [48, 2, 2]) {
    clock.now += hours * HOUR;
    database.transaction(() => {});
  }
  assert.deepEqual(remembered(), [[], []]);
});

test('what fails within a transaction leaves nothing, and the rest of it is kept', (t) => {
  const { database } = open(t);
  database.transaction(() => {
    database.attempt(() => database.add(batch(1, 1)));
    const failing = () => {
      database.add(batch(2, 1));
      throw new Error('afterwards');
    };
    assert.throws(() => database.attempt(failing), /afterwards/);
    database.attempt(() => database.add(batch(3, 1)));
  });
  assert.deepEqual(kept(database), [1, 3]);
});

test('a file that is no database, or of another schema, is refused and left as it is', (t) => {
  const later = open(t);
  later.database.close();
  const other = new Database(later.path);
  other.exec('pragma user_version = 2');
  other.close();
  assert.throws(later.reopen, /schema 2/);

  const garbage = join(temporaryDirectory(t), 'feedback.db');
  writeFileSync(garbage, 'x'.repeat(5000));
  assert.throws(() => new FeedbackDatabase(garbage, { rows: 1, days: 1 }), { code: 'SQLITE_NOTADB' });
  assert.equal(readFileSync(garbage, 'utf8'), 'x'.repeat(5000));
});

/** The same columns, of which the second is a category of these levels. */
const category = (...levels: string[]) =>
  ({ ...COLUMNS, codebook: [{ type: 'number' }, { type: 'category', levels }] }) as const;
/** Rows of one level, whose targets are their numbers. */
const coded = (columns: ReturnType<typeof category>, code: number, from: number, rows = 1): LabelledBatch => {
  const batchOf = batch(from, rows);
  return { ...batchOf, columns, features: Float32Array.from(batchOf.features, (x, i) => (i % 2 ? code : x)) };
};

test('rows that are coded in several ways are counted together, and come with what their codes mean', (t) => {
  const { database, path, reopen } = open(t);
  const [first, second] = [category('red', 'blue'), category('blue', 'red', 'green')];
  add(database, batch(1, 2));
  assert.equal(add(database, coded(first, 0, 3)), 1);
  assert.equal(add(database, coded(second, 0, 4, 2)), 3);
  assert.equal(add(database, coded(first, 1, 6)), 4);
  assert.equal(database.count(COLUMNS), 2, 'rows of numbers are apart');
  assert.deepEqual(kept(database), [1, 2]);
  assert.deepEqual(database.recent(first, 'm', 10).kept, 4);
  database.close();
  const levels = [];
  const again = reopen();
  for (let last = 0; last < again.newest(); ) {
    const chunk = again.chunk(second, last, again.newest(), 10);
    const [, color] = chunk.codebook!;
    assert.ok(color?.type === 'category');
    for (let r = 0; r < chunk.rows; r++) levels.push(color.levels[chunk.features[2 * r + 1]!]);
    last = chunk.last;
  }
  assert.deepEqual(levels, ['red', 'blue', 'blue', 'blue']);
  const other = new Database(path);
  t.after(() => other.close());
  const keys = (other.prepare('select names from columns order by id').all() as { names: string }[]).map(
    (row) => row.names,
  );
  assert.equal(keys[0], '[["a","b"],["y"]]', 'as earlier releases wrote it');
});

test('texts of unknown levels are kept with their rows, up to a bound, and go with the last of them', (t) => {
  const { database, clock, path } = open(t, { days: 2, rows: 5000 });
  const columns = category('red');
  const unknown = (texts: string[]) => texts.map((text, row) => ({ row, feature: 1, text }));
  add(database, { ...coded(columns, 1, 0, 3), unknown: unknown(['green', 'blue', 'green']) });
  add(database, { ...coded(columns, 1, 3, 2), unknown: unknown(['blue']) });
  const texts = () => {
    const { codebook, features, rows } = database.chunk(columns, 0, database.newest(), 5000);
    const { levels } = codebook![1] as { levels: readonly string[] };
    return Array.from({ length: rows }, (_, r) => levels[features[2 * r + 1]!]);
  };
  assert.deepEqual(texts(), ['green', 'blue', 'green', 'blue', '']);
  const many = Array.from({ length: 1200 }, (_, i) => `level ${i}`);
  add(database, { ...coded(columns, 1, 5, 1200), unknown: unknown(many) });
  assert.equal(texts().filter((text) => text?.startsWith('level')).length, 998);
  assert.equal(texts().at(-1), '');
  const other = new Database(path);
  t.after(() => other.close());
  for (const hours of [49, 2, 49, 2]) {
    clock.now += hours * HOUR;
    database.transaction(() => {});
  }
  assert.deepEqual(other.prepare('select * from levels').all(), []);
});

test('predictions of one model share what their codes mean, so that a thousand of them are no larger', (t) => {
  const { database } = open(t);
  const columns = category('red', 'blue');
  for (const id of ['a', 'b']) database.transaction(() => database.addWaiting(id, coded(columns, 1, 0, 2)));
  const [a, b] = database.predictions(['a', 'b']);
  assert.ok(a && 'columns' in a && b && 'columns' in b);
  assert.deepEqual(a.columns, columns);
  assert.equal(a.columns, b.columns);
});
