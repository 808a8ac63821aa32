import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvToTable } from '../../../../src/model/tables/csv/csv-table.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const MIB = 2 ** 20;

/** Reads a CSV of `rows` rows and returns its table, with the growth of the heap at its largest. */
async function readLarge(directory: string, header: string, rows: number, row: (i: number) => string) {
  let largest = 0;
  const before = process.memoryUsage().heapUsed;
  function* chunks() {
    yield Buffer.from(`${header}\n`);
    for (let i = 0; i < rows; i++) {
      yield Buffer.from(`${row(i)}\n`);
      if (i % 1000 === 0) largest = Math.max(largest, process.memoryUsage().heapUsed - before);
    }
  }
  const table = await csvToTable(chunks(), directory, ['y']);
  return { table, largest };
}

test('columns of a different text in every row are left out, and take little memory', async (t) => {
  const { table, largest } = await readLarge(
    temporaryDirectory(t),
    'id,name,a,y',
    200_000,
    (i) => `u${i},${i} of many,${i % 7},${i % 5}`,
  );
  assert.deepEqual([table.features, table.rows], [['a'], 200_000]);
  assert.deepEqual(
    table.left_out.map(({ name }) => name),
    ['id', 'name'],
  );
  assert.ok(largest < 300 * MIB, `${largest / MIB} MiB`);
});

test('a thousand columns of texts share the memory of their texts', async (t) => {
  const header = [...Array.from({ length: 997 }, (_, i) => `c${i}`), 'a', 'b', 'y'].join();
  const row = (i: number) =>
    [...Array.from({ length: 997 }, (_, j) => `text ${i} of ${j}`), i % 7, ['u', 'v'][i % 2], i % 5].join();
  const { table, largest } = await readLarge(temporaryDirectory(t), header, 1500, row);
  assert.deepEqual([table.features, table.rows, table.left_out.length], [['a', 'b'], 1500, 997]);
  assert.ok(largest < 600 * MIB, `${largest / MIB} MiB`);
});

test('texts of half a megabyte are no levels', async (t) => {
  const { table } = await readLarge(
    temporaryDirectory(t),
    'text,a,y',
    30,
    (i) => `${String.fromCharCode(97 + (i % 3)).repeat(500_000)},${i % 7},${i % 5}`,
  );
  assert.deepEqual(
    [table.features, table.left_out],
    [['a'], [{ name: 'text', reason: 'it has more distinct texts than can be learned' }]],
  );
});
