import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeSlice } from '../../../../src/base/node/time-slice.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { readArrowRows } from '../../../../src/model/tables/arrow/arrow-rows.js';
import { bytesOf } from '../../../../src/model/tables/byte-source.js';
import { readParquetRows } from '../../../../src/model/tables/parquet/parquet-rows.js';
import { pyarrowFixture } from '../../../support/typed-values.js';

const number = (name: string): Column => ({ name, type: 'number', missing: 0.1, range: [0, 1] });
const category = (name: string, levels: string[]): Column => ({
  name,
  type: 'category',
  missing: 0.1,
  levels,
  counts: levels.map(() => 1),
});
const time = (name: string, unit: 'day' | 'minute'): Column => ({
  name,
  type: 'timestamp',
  missing: 0.1,
  unit,
  origin: Date.UTC(2000, 0, 1),
  range: [0, 1],
});
const COLUMNS: Column[] = [
  category('text', ['Köln', '東京']),
  category('dictionary_u8', ['b']),
  category('dictionary_numbers', ['9', '7']),
  { name: 'bool', type: 'boolean', missing: 0.1, labels: ['false', 'true'] },
  time('date32', 'day'),
  time('us_zone', 'minute'),
  number('decimal256'),
  number('uint64'),
  number('float16'),
  number('null'),
];

test('rows in Parquet have the codes of the same rows in Arrow', async () => {
  const model = { features: COLUMNS.map(({ name }) => name), columns: COLUMNS, maxRows: 100, allowMissing: false };
  const arrow = await readArrowRows(pyarrowFixture('types.arrow'), model, new TimeSlice());
  const distinct = COLUMNS.map((_, j) => new Set(Array.from({ length: 60 }, (__, i) => arrow.rows[10 * i + j])).size);
  // Of gaps, levels and levels that the training did not have; 50 numbers and a gap.
  assert.deepEqual(distinct, [4, 3, 4, 3, 5, 5, 3, 4, 51, 1]);
  for (const name of ['types.parquet', 'types-pages.parquet']) {
    assert.deepEqual(await readParquetRows(bytesOf(pyarrowFixture(name)), model), arrow, name);
  }
});

test('a feature of a type that is not read is refused by name', async () => {
  const model = { features: ['y', 'list'], maxRows: 100, allowMissing: false };
  await assert.rejects(readParquetRows(bytesOf(pyarrowFixture('types.parquet')), model), {
    code: 'INVALID_PARQUET',
    message: /column "list": expected numbers, texts, booleans, dates or times$/,
  });
});
