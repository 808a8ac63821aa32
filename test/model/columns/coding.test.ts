import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOfText, codeOfValue, Uncodable, valueOfCode } from '../../../src/model/columns/coding.js';
import type {
  BooleanColumn,
  CategoryColumn,
  NumberColumn,
  TimestampColumn,
} from '../../../src/model/columns/column.js';
import { readTime } from '../../../src/model/columns/times.js';

const NUMBER: NumberColumn = { type: 'number', name: 'size', missing: 0, range: [0, 10] };
const COLOR: CategoryColumn = { type: 'category', name: 'color', missing: 0, levels: ['red', 'blue'], counts: [3, 2] };
const DOORS: CategoryColumn = {
  type: 'category',
  name: 'doors',
  missing: 0,
  levels: ['4.0', '2.0', '05'],
  counts: [3, 2, 1],
};
const SOLD: BooleanColumn = { type: 'boolean', name: 'sold', missing: 0, labels: ['no', 'yes'] };
const DAY: TimestampColumn = {
  type: 'timestamp',
  name: 'day',
  missing: 0,
  unit: 'day',
  origin: Date.parse('2024-01-01'),
  range: [0, 365],
};
const MINUTE: TimestampColumn = { ...DAY, name: 'at', unit: 'minute' };

/** Returns `uncodable` for what a column cannot take. */
function plain(code: number | Uncodable): number | string {
  return code instanceof Uncodable ? 'uncodable' : code;
}

test('a number column takes numbers and null, and no text', () => {
  const values = [1.5, 0, -3e38, null, '1', '', 'NaN', true, [], {}, Number.POSITIVE_INFINITY, 1e39];
  const expected = [1.5, 0, -3e38, Number.NaN, ...new Array(8).fill('uncodable')];
  assert.deepEqual(
    values.map((value) => plain(codeOfValue(NUMBER, value))),
    expected,
  );
});

test('a category takes texts, numbers and booleans as text; a new level has the code behind the last', () => {
  assert.deepEqual(
    ['red', 'blue', ' blue', 'green', 'Red'].map((value) => codeOfValue(COLOR, value)),
    [0, 1, 1, 2, 2],
  );
  assert.deepEqual(
    [4, '4', '4.0', '4.00', 2, 5, '5', '05'].map((value) => codeOfValue(DOORS, value)),
    [0, 0, 0, 0, 1, 3, 3, 2],
  );
  const truth = { ...COLOR, levels: ['True', 'maybe', 'false'] };
  assert.deepEqual(
    [true, false, 'maybe'].map((value) => codeOfValue(truth, value)),
    [0, 2, 1],
  );
  for (const value of [[], {}, ['red'], { toString: 1 }]) assert.equal(plain(codeOfValue(COLOR, value)), 'uncodable');
});

test('the names of properties that objects inherit are levels like others', () => {
  for (const level of ['__proto__', 'constructor', 'toString']) assert.equal(codeOfValue(COLOR, level), 2);
  assert.equal(codeOfValue({ ...COLOR, levels: ['__proto__', 'constructor'] }, 'constructor'), 1);
});

test('the markers of pandas are gaps in texts, unless they are levels', () => {
  for (const marker of ['', ' ', 'NA', 'N/A', 'NaN', 'nan', 'null', 'None', '?', '-', '#N/A', '<NA>']) {
    for (const column of [NUMBER, COLOR, SOLD, DAY])
      assert.equal(plain(codeOfText(column, marker)), Number.NaN, marker);
  }
  assert.equal(codeOfText({ ...COLOR, levels: ['red', 'NA'] }, 'NA'), 1);
});

test('a boolean column takes true and false in every spelling, and its own labels', () => {
  const yes = [true, 1, 'yes', 'YES', 'true', 'True', '1', ' yes ', 'WAHR', 'oui', 't'];
  const no = [false, 0, 'no', 'No', 'False', '0', 'Falsch', 'non', 'f'];
  assert.deepEqual(
    yes.map((value) => codeOfValue(SOLD, value)),
    yes.map(() => 1),
  );
  assert.deepEqual(
    no.map((value) => codeOfValue(SOLD, value)),
    no.map(() => 0),
  );
  for (const value of [2, 'maybe', [], {}, { toString: 1 }]) assert.equal(plain(codeOfValue(SOLD, value)), 'uncodable');
});

test('a timestamp column takes dates and times in ISO 8601', () => {
  assert.equal(codeOfValue(DAY, '2024-01-31'), 30);
  assert.equal(codeOfValue(DAY, '2023-12-31T23:59:59Z'), -1);
  assert.equal(codeOfValue(MINUTE, '2024-01-01 01:30'), 90);
  assert.equal(codeOfValue(MINUTE, '2024-01-01T01:30:59.999+01:00'), 30);
  assert.equal(codeOfValue(MINUTE, '2024-01-01T01:30:00-0030'), 120);
  for (const value of [
    1704067200000,
    true,
    '1.2.2024',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-1-1',
    'x',
    {},
  ]) {
    assert.equal(plain(codeOfValue(DAY, value)), 'uncodable', JSON.stringify(value));
  }
  assert.equal(readTime('2024-02-29'), Date.UTC(2024, 1, 29));
});

test('numbers are read in the notation of their column', () => {
  const euros: NumberColumn = { ...NUMBER, notation: { decimal: ',', thousands: '.', unit: '€' } };
  const cells = ['1.234,50 €', '€ 12', '-1.000,5', '\u22123,25', '(12,5)', '999', '1234,5', '１２'];
  assert.deepEqual(
    cells.map((cell) => codeOfText(euros, cell)),
    [1234.5, 12, -1000.5, -3.25, -12.5, 999, 1234.5, 12],
  );
  for (const cell of ['1.2', '1,234.5', '12.34,5', '1..000', '--1', 'x', '1 2', '€', '1e']) {
    assert.equal(plain(codeOfText(euros, cell)), 'uncodable', cell);
  }
  const spaced: NumberColumn = { ...NUMBER, notation: { decimal: '.', thousands: ' ' } };
  assert.deepEqual(
    ['1 234.5', '1\u00a0234', '1\u202f234\u202f567'].map((cell) => codeOfText(spaced, cell)),
    [1234.5, 1234, 1234567],
  );
  assert.deepEqual(
    ['1.5', ' 1e3', '="12"', '.5', '+7'].map((cell) => codeOfText(NUMBER, cell)),
    [1.5, 1000, 12, 0.5, 7],
  );
  for (const cell of ['0x1F', '1,5', '1_000', 'Infinity', '1e999', '12abc', `${'1'.repeat(1e6)}x`]) {
    assert.equal(plain(codeOfText(NUMBER, cell)), 'uncodable', cell.slice(0, 20));
  }
});

test('codes become values again', () => {
  assert.deepEqual(
    [0, 1, 2, Number.NaN].map((code) => valueOfCode(COLOR, code)),
    ['red', 'blue', undefined, null],
  );
  assert.deepEqual(
    [0, 1].map((code) => valueOfCode(SOLD, code)),
    [false, true],
  );
  assert.equal(valueOfCode(DAY, 30), '2024-01-31');
  assert.equal(valueOfCode(MINUTE, 90), '2024-01-01T01:30:00Z');
  assert.equal(valueOfCode(DAY, 1e12), null);
});
