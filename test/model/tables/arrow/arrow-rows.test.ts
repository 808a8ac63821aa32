import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Bool,
  DateDay,
  Decimal,
  Dictionary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  Null,
  TimestampMicrosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { TimeSlice } from '../../../../src/base/node/time-slice.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { readArrowRows } from '../../../../src/model/tables/arrow/arrow-rows.js';
import { arrowStream, column } from '../../../support/arrow.js';

const DAY = 86_400_000;
const COLUMNS: Column[] = [
  { name: 'size', type: 'number', missing: 0.1, range: [0, 9] },
  { name: 'city', type: 'category', missing: 0.1, levels: ['Köln', 'Bonn', '50667', 'true'], counts: [3, 2, 1, 1] },
  { name: 'sold', type: 'boolean', missing: 0.1, labels: ['no', 'yes'] },
  { name: 'day', type: 'timestamp', missing: 0.1, unit: 'day', origin: Date.UTC(2024, 0, 1), range: [0, 100] },
];
const model = { features: COLUMNS.map(({ name }) => name), columns: COLUMNS, maxRows: 100, allowMissing: false };

type Vectors = Record<string, Vector>;
const day = (date: number | null) => (date === null ? null : new Date(Date.UTC(2024, 0, 1) + date * DAY));
const good = (): Vectors => ({
  size: column([1, null, 3]),
  city: vectorFromArray(['Bonn', 'Rom', null], new Utf8()),
  sold: vectorFromArray([true, null, false], new Bool()),
  day: vectorFromArray([day(5), day(-1), null], new DateDay()),
});
/** Codes per column, null for NaN. */
async function codes(vectors: Vectors, reader = model): Promise<Record<string, (number | null)[]>> {
  const { rows, count } = await readArrowRows(arrowStream(vectors), reader, new TimeSlice());
  const { features } = reader;
  const values = (j: number) =>
    Array.from({ length: count }, (_, i) => {
      const code = rows[i * features.length + j]!;
      return Number.isNaN(code) ? null : code;
    });
  return Object.fromEntries(features.map((name, j) => [name, values(j)]));
}

const EXPECTED = { size: [1, null, 3], city: [1, 4, null], sold: [1, null, 0], day: [5, -1, null] };

test('texts, booleans and dates become codes of the columns of the model', async () => {
  assert.deepEqual(await codes(good()), EXPECTED);
});

const city = ['Bonn', 'Rom', null];
const SAME: [what: string, vectors: Vectors][] = [
  ['a dictionary', { city: vectorFromArray(city, new Dictionary(new Utf8(), new Int32())) }],
  [
    'a dictionary of large texts, with short indices',
    { city: vectorFromArray(city, new Dictionary(new LargeUtf8(), new Int16())) },
  ],
  ['large texts', { city: vectorFromArray(city, new LargeUtf8()) }],
  ['texts with spaces and a marker of a gap', { city: vectorFromArray([' Bonn', 'Rom ', 'NA'], new Utf8()) }],
  ['truth values as texts', { sold: vectorFromArray(['yes', null, 'False'], new Utf8()) }],
  ['truth values as numbers', { sold: column([1, null, 0]) }],
  ['numbers as texts', { size: vectorFromArray(['1', '', '3.0'], new Utf8()) }],
  [
    'numbers as decimals',
    { size: vectorFromArray([Uint32Array.of(100, 0, 0, 0), null, Uint32Array.of(300, 0, 0, 0)], new Decimal(2, 10)) },
  ],
  [
    'moments',
    {
      day: vectorFromArray([day(5)!.getTime() + DAY / 2, day(-1)!.getTime(), null], new TimestampMicrosecond('UTC')),
    },
  ],
  ['dates as texts', { day: vectorFromArray(['2024-01-06', '2023-12-31T22:00:00Z', null], new Utf8()) }],
];
for (const [what, vectors] of SAME) {
  test(`${what} have the same codes`, async () => {
    assert.deepEqual(await codes({ ...good(), ...vectors }), EXPECTED);
  });
}

test('a category takes numbers and truth values that are levels', async () => {
  assert.deepEqual((await codes({ ...good(), city: column([50_667, 1, null]) }))['city'], [2, 4, null]);
  assert.deepEqual((await codes({ ...good(), city: vectorFromArray([true, false, null], new Bool()) }))['city'], [
    3,
    4,
    null,
  ]);
});

test('a column of nulls is a column of gaps', async () => {
  const nulls = () => vectorFromArray([null, null, null], new Null());
  const all = await codes({ size: nulls(), city: nulls(), sold: nulls(), day: nulls() });
  assert.deepEqual(all, Object.fromEntries(model.features.map((name) => [name, [null, null, null]])));
});

test('batches may have dictionaries of their own', async () => {
  const type = new Dictionary(new Utf8(), new Int32());
  const batches = [
    ['Bonn', 'Rom', 'Köln'],
    ['Köln', null, 'Oslo'],
  ].map((texts) => ({
    ...good(),
    city: vectorFromArray(texts, type),
  }));
  const { rows } = await readArrowRows(arrowStream(...batches), model, new TimeSlice());
  assert.deepEqual(
    Array.from({ length: 6 }, (_, i) => rows[4 * i + 1]!),
    [1, 4, 0, 0, Number.NaN, 4],
  );
});

const REFUSED: [what: string, vectors: Vectors, message: RegExp][] = [
  [
    'a word as a number',
    { size: vectorFromArray(['1', 'two', '3'], new Utf8()) },
    /^instances\[1\]\["size"\]: expected a finite number, got "two"$/,
  ],
  [
    'a truth value as a number',
    { size: vectorFromArray([true, true, true], new Bool()) },
    /^instances\[0\]\["size"\]: .* got true$/,
  ],
  ['a number as a date', { day: column([1, 2, 3]) }, /^instances\[0\]\["day"\]: expected a date in ISO 8601, got 1$/],
  [
    'a date as a number',
    { size: good()['day']! },
    /^instances\[0\]\["size"\]: expected a finite number, got "2024-01-06T00:00:00.000Z"$/,
  ],
  [
    '2 as a truth value',
    { sold: column([1, 0, 2]) },
    /^instances\[2\]\["sold"\]: expected true, false, "yes" or "no", got 2$/,
  ],
  [
    'an infinite number',
    { size: column([1, Number.POSITIVE_INFINITY, 2]) },
    /^instances\[1\]\["size"\]: expected a finite number, got Infinity$/,
  ],
];
for (const [what, vectors, message] of REFUSED) {
  test(`${what} is refused with its place`, async () => {
    await assert.rejects(codes({ ...good(), ...vectors }), { code: 'INVALID_ROWS', message });
  });
}

test('columns in another order, and columns of other names, are read as their own schema says', async () => {
  const numbers = { features: ['a', 'b'], maxRows: 100, allowMissing: false };
  const read = async (vectors: Vectors) =>
    Array.from((await readArrowRows(arrowStream(vectors), numbers, new TimeSlice())).rows);
  const [one, two] = [column([1]), column([2])];
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await read({ a: one, b: two }), [1, 2]);
    assert.deepEqual(await read({ b: one, a: two }), [2, 1]);
    await assert.rejects(read({ a: one, c: two }), /feature "b" is missing/);
  }
});

for (const [name, type] of Object.entries({
  Int8,
  Int16,
  Int32,
  Int64,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Float32,
  Float64,
})) {
  test(`few and many values of ${name} are the same numbers`, async () => {
    const isBig = name.endsWith('Int64') || name === 'Uint64';
    const isSigned = !name.startsWith('Uint');
    const values = Array.from({ length: 50 }, (_, i) => (isSigned && i % 2 === 1 ? -i : i));
    const vector = (count: number) =>
      vectorFromArray(values.slice(0, count).map((value) => (isBig ? BigInt(value) : value)) as number[], new type());
    const numbers = { features: ['x'], maxRows: 100, allowMissing: false };
    for (const count of [1, 16, 17, 50]) {
      const { rows } = await readArrowRows(arrowStream({ x: vector(count) }), numbers, new TimeSlice());
      assert.deepEqual(Array.from(rows), values.slice(0, count));
    }
  });
}

test('a gap is refused where the training had none', async () => {
  const complete = { ...model, columns: COLUMNS.map((each) => ({ ...each, missing: 0 })) };
  await assert.rejects(codes(good(), complete), {
    code: 'INVALID_ROWS',
    message: /^instances\[1\]\["size"\]: .* got null;/,
  });
  assert.deepEqual(await codes(good(), { ...complete, allowMissing: true }), EXPECTED);
});
