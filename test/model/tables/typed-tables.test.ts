import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DateMillisecond, vectorFromArray } from 'apache-arrow';
import { valueOfCode } from '../../../src/model/columns/coding.js';
import { arrowToTable } from '../../../src/model/tables/arrow/arrow-table.js';
import { parquetToTable } from '../../../src/model/tables/parquet/parquet-table.js';
import type { TableChoices } from '../../../src/model/tables/table-choices.js';
import { readTable } from '../../../src/model/tables/table-file.js';
import { arrowStream, column } from '../../support/arrow.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// The neighbours are written by scripts/data/table-neighbours.py.
const TABLES = fileURLToPath(new URL('../../../../test/fixtures/tables/', import.meta.url));

/** Reads a table, and gives its columns' values as JSON has them; those of the target are numbers. */
async function read(t: TestContext, name: string, choices: TableChoices = {}) {
  const directory = temporaryDirectory(t);
  const toTable = name.endsWith('.parquet') ? parquetToTable : arrowToTable;
  await toTable(
    resolve(TABLES, name),
    directory,
    ['y'],
    (columns) => columns,
    () => {},
    { choices },
  );
  const { info, data } = readTable(directory);
  const width = info.features.length;
  const values = Object.fromEntries(
    info.columns.map((column, j) => [
      column.name,
      Array.from({ length: info.rows }, (_, i) => valueOfCode(column, data.features[i * width + j]!)),
    ]),
  );
  const types = Object.fromEntries(info.columns.map((column) => [column.name, column.type]));
  const leftOut = Object.fromEntries(info.left_out.map((each) => [each.name, each.reason]));
  return { info, values, types, leftOut, y: [...data.targets] };
}

const sum = (values: readonly unknown[]) => values.reduce((total: number, value) => total + Number(value), 0);
const NUMBERS = { size: 'number', price: 'number', age: 'number' };
/** Sums of the columns of the 400 rows that most of the files have, by pyarrow. */
const SUMS = { size: 9937.293678, price: 349_817.993423, age: 6081, y: 43_053.010192 };

const CASES: [name: string, types: object, more: Record<string, unknown[]>][] = [
  ['a_file.arrow', NUMBERS, {}],
  ['a_lz4.arrows', NUMBERS, {}],
  ['a_decimal.arrows', NUMBERS, {}],
  ['a_bool.arrows', { ...NUMBERS, sold: 'boolean' }, { sold: [true, false, true, false, true, true] }],
  ['a_dictionary.arrows', { ...NUMBERS, age: 'category' }, { age: ['16', '0', '21', '14', '24', '17'] }],
  ['p_bool.parquet', { ...NUMBERS, sold: 'boolean' }, { sold: [true, false, true, false, true, true] }],
  [
    'p_category_text.parquet',
    { ...NUMBERS, city: 'category' },
    { city: ['town0', 'town0', 'town1', 'town2', 'town0', 'town1'] },
  ],
  ['p_date32.parquet', { ...NUMBERS, d: 'timestamp' }, { d: ['2022-01-08', '2022-01-09', '2022-01-10', '2022-01-11'] }],
  ['p_decimal.parquet', NUMBERS, {}],
  ['p_nulltype.parquet', NUMBERS, {}],
  ['p_text_numbers.parquet', NUMBERS, { price: [1431.3, 1450.26].map(Math.fround) }],
];
for (const [name, types, more] of CASES) {
  test(`${name} has the rows and values of its frame`, async (t) => {
    const { info, values, types: found, leftOut, y } = await read(t, name);
    assert.deepEqual([found, info.rows, info.dropped], [types, 400, 0]);
    assert.deepEqual(leftOut, name === 'p_nulltype.parquet' ? { nothing: 'it has no value in any row' } : {});
    for (const [column, total] of Object.entries(SUMS)) {
      // Half a cent, where prices are rounded to a cent.
      const tolerance = column === 'price' ? 400 * 0.005 : 0.01;
      const got = sum(column === 'y' ? y : values[column]!);
      assert.ok(Math.abs(got - total) < tolerance, `${column}: ${got}, expected ${total}`);
    }
    for (const [column, first] of Object.entries(more)) {
      assert.deepEqual(values[column]!.slice(0, first.length), first, column);
    }
  });
}

test('a filtered frame keeps neither its index nor a row too few, and features= brings the index back', async (t) => {
  for (const [name, rows, numbers] of [
    ['p_filtered_index.parquet', 348, NUMBERS],
    ['leak_default.parquet', 1129, { a: 'number', b: 'number' }],
  ] as const) {
    const { info, types, leftOut } = await read(t, name);
    assert.deepEqual([info.rows, types], [rows, numbers]);
    assert.deepEqual(leftOut, { __index_level_0__: 'the index of the data frame' });
    const features = ['__index_level_0__', ...Object.keys(numbers)];
    const { types: all } = await read(t, name, { features });
    assert.deepEqual(all, { ...numbers, __index_level_0__: 'number' });
  }
});

/** What is expected of the last column; its first values, its gaps, and why columns are left out. */
interface Neighbour {
  readonly type?: string;
  readonly first?: unknown[];
  readonly gaps?: number;
  readonly leftOut?: object;
  readonly rows?: number;
}
const INDEX = 'the index of the data frame';
const NEIGHBOURS: Record<string, Neighbour> = {
  'bool_nulls.arrows': { type: 'boolean', first: [true, null, false, true], gaps: 10 },
  'bool_constant.arrows': { leftOut: { sold: 'constant: every row has "true"' } },
  'bool_nullable.parquet': { type: 'boolean', first: [true, null, true, false], gaps: 10 },
  'bool_text.parquet': { type: 'boolean', first: [true, false, false, true] },
  'decimal256.arrows': { type: 'number', gaps: 10 },
  'decimal_thousands.arrows': { type: 'number', first: [260_000, 475_000] },
  'decimal_integer.parquet': { type: 'number', first: [260.79, 475.72].map(Math.fround) },
  'decimal_object.parquet': { type: 'number', gaps: 10 },
  'dictionary_large.arrows': { type: 'category', first: ['Bonn', null, 'Ulm', 'Bonn'], gaps: 10 },
  'dictionary_replaced.arrows': { type: 'category', first: ['Bonn', 'Köln', 'Ulm', 'Bonn'] },
  'category_integers.parquet': { type: 'category', first: ['50667', '53111', '7743', '50667'] },
  'category_arrow.parquet': { type: 'category', first: ['Bonn', 'Köln', 'Ulm', 'Bonn'] },
  'feather.arrow': { type: 'category', first: ['Bonn', 'Köln', 'Ulm', 'Bonn'] },
  'file_deltas.arrow': { type: 'category', first: ['Bonn', 'Köln', 'Ulm', 'Bonn'] },
  'zstd_text.arrows': { type: 'category', first: ['Bonn', null, 'Ulm', 'Bonn'], gaps: 10 },
  'lz4_incompressible.arrows': { type: 'number' },
  'index_named.parquet': { leftOut: { id: INDEX } },
  'index_levels.parquet': { leftOut: { group: INDEX, __index_level_1__: INDEX } },
  'index_without_notes.parquet': { leftOut: { __index_level_0__: INDEX }, rows: 51 },
  'index_range.parquet': { rows: 40 },
  'date_zone.parquet': { type: 'timestamp', first: ['2024-03-30T05:00:00Z', '2024-03-30T06:30:00Z'] },
  'date_text.parquet': { type: 'timestamp', first: ['2024-02-01', '2024-02-02'] },
  'nothing_numbers.parquet': { leftOut: { nothing: 'it has no value in any row' } },
  'nothing_text.parquet': { leftOut: { nothing: 'it has no value in any row' } },
  'text_decimal_comma.parquet': { type: 'number', first: [2607.6, 4757.7].map(Math.fround) },
  'text_gaps.parquet': { type: 'number', gaps: 10 },
};
for (const [name, { type, first = [], gaps = 0, leftOut: expected = {}, rows = 60 }] of Object.entries(NEIGHBOURS)) {
  test(`${name} is read as its writer meant it`, async (t) => {
    const { info, values, types, leftOut } = await read(t, `neighbours/${name}`);
    assert.deepEqual([leftOut, info.rows, info.dropped], [expected, rows, 0]);
    const last = info.columns.at(-1)!;
    assert.deepEqual(Object.values(types), ['number', 'number', ...(type ? [type] : [])]);
    // A column of numbers is plain, whatever is in others.
    assert.equal(
      info.columns.slice(0, 2).some((column) => 'notation' in column),
      false,
    );
    if (!type) return;
    assert.deepEqual(values[last.name]!.slice(0, first.length), first);
    assert.equal(values[last.name]!.filter((value) => value === null).length, gaps);
  });
}

test('words in a column of numbers in text are refused with their rows', async (t) => {
  await assert.rejects(read(t, 'neighbours/text_words.parquet'), {
    code: 'INVALID_PARQUET',
    message: /column "price": 2 of 60 cells are neither .*: "on request" \(row 8\)/,
  });
  const { types } = await read(t, 'neighbours/text_words.parquet', { drop: ['price'] });
  assert.deepEqual(types, { size: 'number', age: 'number' });
});

test('a type that is not read is refused if it is asked for, and what the caller says of a column is done', async (t) => {
  const types = '../pyarrow/types.parquet';
  await assert.rejects(read(t, types, { features: ['int8', 'list'] }), {
    code: 'UNKNOWN_COLUMN',
    message: 'column "list" cannot be read: values of type List are not learned from',
  });
  await assert.rejects(read(t, '../pyarrow/types.arrow', { features: ['int8', 'duration'] }), {
    code: 'UNKNOWN_COLUMN',
    message: 'column "duration" cannot be read: values of type Duration are not learned from',
  });
  const asked = await read(t, 'a_dictionary.arrows', { types: { age: 'number' } });
  assert.deepEqual([asked.types, sum(asked.values['age']!)], [NUMBERS, SUMS.age]);
  const zip = await read(t, 'a_file.arrow', { types: { age: 'category' } });
  assert.deepEqual([zip.types['age'], zip.values['age']!.slice(0, 3)], ['category', ['16', '0', '21']]);
});

test('a time that is the same in every row is left out, as any other constant', async (t) => {
  const path = join(temporaryDirectory(t), 'constant.arrow');
  const rows = Array.from({ length: 20 }, (_, i) => i * i);
  const at = (time: (i: number) => number) =>
    vectorFromArray(
      rows.map((i) => new Date(time(i))),
      new DateMillisecond(),
    );
  const table = {
    x: column(rows),
    same: at(() => Date.UTC(2024)),
    day: at((i) => Date.UTC(2024, 0, i)),
    y: column(rows),
  };
  writeFileSync(path, arrowStream(table));
  const { types, leftOut } = await read(t, path);
  assert.deepEqual(types, { x: 'number', day: 'timestamp' });
  assert.deepEqual(leftOut, { same: 'constant: every row has the same time' });
});
