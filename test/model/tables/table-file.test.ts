import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Columns, splitColumns } from '../../../src/model/tables/columns.js';
import { readTable, TableWriter } from '../../../src/model/tables/table-file.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const COLUMNS: Columns = { features: ['a', 'b'], targets: ['y'] };

test('rows are read back as written, with features and targets apart', (t) => {
  const directory = join(temporaryDirectory(t), 'made/on/demand');
  const info = write(directory, COLUMNS, [
    [1, 2, 3],
    [-0.5, 1e-30, 3.4e38],
  ]);
  const table = readTable(directory);
  assert.deepEqual(table.info, info);
  assert.deepEqual(table.data, {
    rows: 2,
    features: Float32Array.of(1, 2, -0.5, 1e-30),
    targets: Float32Array.of(3, 3.4e38),
  });
  assert.deepEqual([info.rows, info.dropped, info.missing], [2, 0, { a: 0, b: 0, y: 0 }]);
});

test('a feature that is missing or not finite is NaN; a row without a target is dropped and counted', (t) => {
  const directory = temporaryDirectory(t);
  const info = write(directory, COLUMNS, [
    [1, 2, 3],
    [null, Number.NaN, 3],
    [4, 5, 6],
    [7, 8, Number.POSITIVE_INFINITY],
    [9, 10, null],
    [1e39, 1, 1],
  ]);
  assert.deepEqual([info.rows, info.dropped, info.missing], [4, 2, { a: 2, b: 1, y: 2 }]);
  const { data } = readTable(directory);
  const gap = Number.NaN;
  assert.deepEqual(data.features, Float32Array.of(1, 2, gap, gap, 4, 5, gap, 1));
  assert.deepEqual(data.targets, Float32Array.of(3, 3, 6, 1));
  assert.deepEqual(info.columns, [
    { name: 'a', type: 'number', missing: 1 / 2, range: [1, 4] },
    { name: 'b', type: 'number', missing: 1 / 4, range: [1, 5] },
  ]);
});

test('half of the rows may lack a target; one more is refused with the worst target', (t) => {
  const columns: Columns = { features: ['a'], targets: ['y', 'z'] };
  const rows = [
    [1, 2, 3],
    [4, 5, null],
  ];
  assert.equal(write(temporaryDirectory(t), columns, rows).rows, 1);
  assert.throws(() => write(temporaryDirectory(t), columns, [...rows, [null, null, null]]), {
    code: 'TOO_MANY_MISSING',
    message:
      '2 of 3 rows have a missing or non-numeric target, most of them in column "z" (2 rows); ' +
      'training needs at least half of the rows complete',
  });
});

test('a table without complete rows is refused; a table without rows is empty', (t) => {
  assert.throws(() => write(temporaryDirectory(t), COLUMNS, [[1, 2, null]]), {
    code: 'TOO_MANY_MISSING',
    message: /column "y"/,
  });
  const directory = temporaryDirectory(t);
  assert.equal(write(directory, COLUMNS, []).rows, 0);
  assert.equal(readTable(directory).data.features.length, 0);
});

test('a table many times the size of the buffer retains every row in order', (t) => {
  const directory = temporaryDirectory(t);
  const rows = 100_000;
  const writer = new TableWriter(directory, COLUMNS);
  for (let i = 0; i < rows; i++) writer.add((column) => (i % 3 === 0 && column === 2 ? null : 3 * i + column));
  const info = writer.finish();
  const { data } = readTable(directory);
  assert.equal(info.dropped, Math.ceil(rows / 3));
  assert.equal(data.rows, rows - info.dropped);
  assert.deepEqual([data.features.length, data.targets.length], [2 * data.rows, data.rows]);
  for (let i = 0, at = 0; i < rows; i++) {
    if (i % 3 === 0) continue;
    if (data.features[2 * at] !== 3 * i || data.features[2 * at + 1] !== 3 * i + 1 || data.targets[at] !== 3 * i + 2) {
      assert.fail(`row ${i}`);
    }
    at++;
  }
});

test('the buffer does not grow with the number of columns', (t) => {
  const features = Array.from({ length: 999 }, (_, i) => `x${i}`);
  // Buffers of earlier tests, if freed meanwhile, would hide this one.
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const before = process.memoryUsage().arrayBuffers;
  const writer = new TableWriter(temporaryDirectory(t), { features, targets: ['y'] });
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 4 * 2 ** 20, `${grown} bytes`);
  writer.add(() => null);
  writer.add((column) => column);
  assert.deepEqual([writer.finish().rows], [1]);
});

test('too many columns are refused before a file is created', (t) => {
  const features = Array.from({ length: 1000 }, (_, i) => `x${i}`);
  const directory = join(temporaryDirectory(t), 'table');
  assert.throws(() => new TableWriter(directory, { features, targets: ['y'] }), {
    code: 'UNKNOWN_COLUMN',
    message: 'expected at most 1000 columns, got 1001',
  });
  assert.equal(existsSync(directory), false);
});

test('a name that is too long is refused before a file is created', (t) => {
  const directory = join(temporaryDirectory(t), 'table');
  assert.throws(() => new TableWriter(directory, { features: ['x'.repeat(257)], targets: ['y'] }), {
    code: 'UNKNOWN_COLUMN',
    message: /^column "x+…: expected a name of at most 256 characters, got 257$/,
  });
  assert.equal(existsSync(directory), false);
  new TableWriter(directory, { features: ['x'.repeat(256)], targets: ['y'] }).close();
});

test('the fingerprint depends on names, numbers and their order, but not on dropped rows', (t) => {
  const fingerprint = (columns: Columns, rows: (number | null)[][]) =>
    write(temporaryDirectory(t), columns, rows).fingerprint;
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const first = fingerprint(COLUMNS, rows);
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(fingerprint(COLUMNS, rows), first);
  assert.equal(fingerprint(COLUMNS, [...rows, [9, 8, null]]), first);
  const others = [
    fingerprint(COLUMNS, rows.toReversed()),
    fingerprint(COLUMNS, [[1, 2, 3]]),
    fingerprint({ features: ['a', 'c'], targets: ['y'] }, rows),
    fingerprint({ features: ['a'], targets: ['b', 'y'] }, rows),
    fingerprint(COLUMNS, [
      [1, 2, 3],
      [4, 5, 6.0001],
    ]),
  ];
  assert.equal(new Set([first, ...others]).size, 6);
});

test('names that every object inherits are ordinary columns', (t) => {
  const directory = temporaryDirectory(t);
  const columns: Columns = { features: ['__proto__', 'constructor'], targets: ['toString'] };
  write(directory, columns, [
    [1, 2, 3],
    [null, 5, 6],
  ]);
  const { info } = readTable(directory);
  assert.deepEqual(Object.entries(info.missing), [
    ['__proto__', 1],
    ['constructor', 0],
    ['toString', 0],
  ]);
  assert.equal(Object.getPrototypeOf(info.missing), Object.prototype);
});

test('a writer may be closed more than once, even after it has finished', (t) => {
  const writer = new TableWriter(temporaryDirectory(t), COLUMNS);
  writer.finish();
  writer.close();
  writer.close();
});

test('a table whose description is missing or truncated is not read', (t) => {
  const directory = temporaryDirectory(t);
  const writer = new TableWriter(directory, COLUMNS);
  writer.add(() => 1);
  writer.close();
  assert.throws(() => readTable(directory), { code: 'ENOENT' });
  write(directory, COLUMNS, [[1, 2, 3]]);
  const description = join(directory, 'table.json');
  truncateSync(description, readFileSync(description).length - 1);
  assert.throws(() => readTable(directory), SyntaxError);
});

test('a table whose numbers were truncated or extended is not read', (t) => {
  for (const name of ['features.f32', 'targets.f32']) {
    const directory = temporaryDirectory(t);
    write(directory, COLUMNS, [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const path = join(directory, name);
    const { length } = readFileSync(path);
    for (const size of [0, length - 1, length - 4, length + 4]) {
      truncateSync(path, size);
      assert.throws(() => readTable(directory), { message: `${path}: expected ${length} bytes, got ${size}` });
    }
  }
});

test('columns are split into features and targets in the order of each', () => {
  assert.deepEqual(splitColumns(['a', 'y', 'b', 'z'], ['z', 'y']), { features: ['a', 'b'], targets: ['z', 'y'] });
});

test('a target that is not a column, is named twice or leaves no feature is refused', () => {
  assert.throws(() => splitColumns(['a', 'b'], ['y']), {
    code: 'UNKNOWN_COLUMN',
    message: 'target "y" is not a column; the columns are "a", "b"',
  });
  assert.throws(() => splitColumns(['a', 'y'], ['y', 'y']), {
    code: 'UNKNOWN_COLUMN',
    message: 'target "y" is named twice',
  });
  assert.throws(() => splitColumns(['y'], ['y']), {
    code: 'UNKNOWN_COLUMN',
    message: 'there is no feature column besides the target "y"',
  });
  assert.throws(() => splitColumns(['a', 'b'], ['constructor']), { code: 'UNKNOWN_COLUMN' });
});

function write(directory: string, columns: Columns, rows: readonly (readonly (number | null)[])[]) {
  const writer = new TableWriter(directory, columns);
  try {
    for (const row of rows) writer.add((column) => row[column]!);
    return writer.finish();
  } finally {
    writer.close();
  }
}
