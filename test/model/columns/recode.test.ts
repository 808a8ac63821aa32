import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../src/model/columns/column.js';
import { changedTypes, recoder, valuesOfCodes } from '../../../src/model/columns/recode.js';

const color = (...levels: string[]): Column => ({
  name: 'color',
  type: 'category',
  missing: 0,
  levels,
  counts: levels.map(() => 1),
});
const day = (origin: number): Column => ({
  name: 'day',
  type: 'timestamp',
  missing: 0,
  unit: 'day',
  origin,
  range: [0, 9],
});
const minute = (origin: number): Column => ({ ...day(origin), unit: 'minute' }) as Column;
const size: Column = { name: 'size', type: 'number', missing: 0, range: [0, 1] };

test('rows are recoded by text and by instant; what a model does not know is a new level', () => {
  const from = [color('red', 'green', 'violet'), day(Date.UTC(2024, 0, 11)), size];
  const to = [color('green', 'red'), day(Date.UTC(2024, 0, 1)), size];
  const rows = Float32Array.of(0, 0, 0.5, 1, 5, Number.NaN, 2, -3, 1, 3, Number.NaN, 2, Number.NaN, 1, 3);
  recoder(from, to)(rows);
  assert.deepEqual(Array.from(rows), [1, 10, 0.5, 0, 15, Number.NaN, 2, 7, 1, 2, Number.NaN, 2, Number.NaN, 11, 3]);
});

test('days become minutes, and minutes become days', () => {
  const rows = Float32Array.of(2);
  recoder([day(Date.UTC(2024, 0, 1))], [minute(Date.UTC(2024, 0, 2))])(rows);
  assert.deepEqual(Array.from(rows), [1440]);
  rows[0] = 1439;
  recoder([minute(Date.UTC(2024, 0, 2))], [day(Date.UTC(2024, 0, 1))])(rows);
  assert.deepEqual(Array.from(rows), [1]);
});

test('columns of other types are named, and without columns all are numbers', () => {
  const features = ['color', 'size'];
  assert.deepEqual(changedTypes(features, [color('a'), size], undefined), [
    { name: 'color', table: 'category', model: 'number' },
  ]);
  assert.deepEqual(changedTypes(features, [color('a'), size], [color('b'), size]), []);
  assert.deepEqual(changedTypes(features, undefined, undefined), []);
});

test('codes are shown as values, and what has none as null', () => {
  const columns = [color('red', 'green'), day(Date.UTC(2024, 0, 1)), size];
  assert.deepEqual(valuesOfCodes(columns, [1, 31, 0.5]), ['green', '2024-02-01', 0.5]);
  assert.deepEqual(valuesOfCodes(columns, [2, Number.NaN, Number.NaN]), [null, null, null]);
  assert.deepEqual(valuesOfCodes(columns, [0, 1e30, 1]), ['red', null, 1]);
});
