import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../../src/model/columns/column.js';
import {
  type CalendarEncoding,
  type EncodedColumn,
  inputsOf,
} from '../../../../src/model/columns/encoding/encoding.js';
import { MixedEncoder } from '../../../../src/model/columns/encoding/mixed-encoder.js';
import { fitEncodings } from '../../../../src/model/columns/fitting/fit-encoding.js';
import { createEncoder } from '../../../../src/model/network/encoder.js';
import { assertClose } from '../../../support/close-to.js';
import { mixedColumns, mixedRows } from '../../../support/mixed-table.js';

const ROWS = 3000;
const COLUMNS = mixedColumns(400);
const DATA = standardised(mixedRows(ROWS, 1, 400));
const FITTED = fitEncodings(COLUMNS, { ...DATA, outputs: 1 }, allRows(ROWS));

test('the inputs of a number, a category, a trend and a cycle have a variance of 1 in total', () => {
  const encoder = new MixedEncoder(FITTED);
  const inputs = new Float32Array(ROWS * encoder.inputs);
  encoder.encode(DATA.features, inputs, ROWS);
  const variances = Array.from({ length: encoder.inputs }, (_, i) => varianceOf(inputs, i, encoder.inputs));
  const means = Array.from({ length: encoder.inputs }, (_, i) => meanOf(inputs, i, encoder.inputs));
  assertClose(means.slice(0, -2), new Array(encoder.inputs - 2).fill(0), 1e-5, 'means');
  let from = 0;
  const totals = FITTED.map(({ encoding }) => {
    const own = variances.slice(from, from + inputsOf(encoding));
    from += own.length;
    return own.reduce((sum, variance) => sum + variance, 0);
  });
  // A number with gaps, a category of few levels, a boolean, a trend with weeks and years, and two statistics of 400 levels.
  assertClose(totals, [1, 1, 1, 3, 2], 0.02, 'variances');
});

test('few levels have an input each, rare ones share one with new ones, and many levels have statistics', () => {
  const column: Column = { name: 'c', type: 'category', missing: 0, levels: ['a', 'b', 'c', 'd', 'e'], counts: [] };
  const codes = Float32Array.from([0, 0, 0, 0, 1, 1, 1, 2, 2, 3]);
  const [fitted] = fitEncodings([column], { features: codes, targets: codes, outputs: 1 }, allRows(10));
  assert.deepEqual(fitted!.encoding, {
    method: 'one_hot',
    places: [0, 1, 2, 2, 2],
    other: 2,
    gap: -1,
    shares: [0.4, 0.3, 0.3],
  });
  const encode = encoderOf(fitted!);
  assert.deepEqual(encode(5), encode(3), 'a new level is as rare ones are');
  assert.deepEqual(encode(Number.NaN), [0, 0, 0], 'a gap that training did not have is the average row');
  assert.equal(FITTED[4]!.encoding.method, 'target');
});

test('more levels have an input each where they have many rows and an epoch stays short', () => {
  const methodOf = (levels: number, rows: number) => {
    const names = Array.from({ length: levels }, (_, i) => `${i}`);
    const column: Column = { name: 'c', type: 'category', missing: 0, levels: names, counts: names.map(() => 1) };
    const codes = Float32Array.from({ length: rows }, (_, i) => i % levels);
    return fitEncodings([column], { features: codes, targets: codes, outputs: 1 }, allRows(rows))[0]!.encoding.method;
  };
  assert.equal(methodOf(200, 1000), 'one_hot');
  assert.equal(methodOf(300, 2900), 'target');
  assert.equal(methodOf(300, 3100), 'one_hot');
  assert.equal(methodOf(300, 33_000), 'one_hot');
  assert.equal(methodOf(300, 34_000), 'target');
});

test('of very many levels in all, those of the columns that have most are statistics', () => {
  const columns = Array.from({ length: 30 }, (_, j): Column => {
    const levels = Array.from({ length: j < 20 ? 150 : 5 }, (__, i) => `${i}`);
    return { name: `c${j}`, type: 'category', missing: 0, levels, counts: levels.map(() => 4) };
  });
  const features = Float32Array.from({ length: 600 * 30 }, (_, i) => Math.floor(i / 30) % (i % 30 < 20 ? 150 : 5));
  const fitted = fitEncodings(columns, { features, targets: DATA.targets, outputs: 1 }, allRows(600));
  assert.deepEqual(
    fitted.map(({ encoding }) => encoding.method),
    columns.map((_, j) => (j < 20 ? 'target' : 'one_hot')),
  );
});

test('new levels and gaps without a place are the average row, and codes beyond the levels are new ones', () => {
  const encode = encoderOf(FITTED[1]!);
  assert.deepEqual(encode(3), [0, 0, 0]);
  for (const code of [4, 1e9, -1, Number.POSITIVE_INFINITY]) assert.deepEqual(encode(code), encode(3), `${code}`);
});

test('a gap is its mean and an indicator, in numbers, booleans and times', () => {
  const gappy = { ...FITTED[3]!, encoding: { ...FITTED[3]!.encoding, gaps: 0.2 } } as EncodedColumn;
  const missing = encoderOf(gappy)(Number.NaN);
  assert.deepEqual(missing.slice(0, -1), [0, 0, 0, 0, 0]);
  assert.ok(Math.abs(missing.at(-1)! - 0.8 / Math.sqrt(0.8)) < 1e-6);
  const size = encoderOf(FITTED[0]!);
  assert.equal(size(Number.NaN)[0], 0);
  assert.ok(size(Number.NaN)[1]! > 0.9 && size(1)[1]! < 0);
});

test('a week and a year return to where they began, and a time of day does not move the weekday', () => {
  const column: Column = {
    name: 't',
    type: 'timestamp',
    missing: 0,
    unit: 'minute',
    origin: Date.UTC(2024, 0, 1),
    range: [0, 800 * 1440],
  };
  const codes = Float32Array.from({ length: 2000 }, (_, i) => Math.floor((i * 800 * 1440) / 2000) + ((i * 37) % 1440));
  const [fitted] = fitEncodings([column], { features: codes, targets: codes, outputs: 1 }, allRows(2000));
  assert.equal(
    fitted!.encoding.method === 'calendar' && fitted!.encoding.cycles.map((c) => c.period).join(),
    'day,week,year',
  );
  const encode = encoderOf(fitted!);
  const minutes = (days: number, time = 0) => days * 1440 + time;
  assertClose(encode(minutes(7, 90)).slice(1, 5), encode(minutes(14, 90)).slice(1, 5), 1e-5);
  assertClose(encode(minutes(7, 90)).slice(3), encode(minutes(7, 900)).slice(3), 1e-6);
  assertClose(encode(minutes(10)).slice(5), encode(minutes(10 + 4 * 365 + 1)).slice(5), 0.02);
  const days = fitEncodings(
    [{ ...column, unit: 'day', range: [0, 9] }],
    { features: Float32Array.of(0, 9), targets: codes, outputs: 1 },
    allRows(2),
  );
  assert.ok(days[0]!.encoding.method === 'calendar' && days[0]!.encoding.cycles.length === 0, 'ten days have no week');
});

test('beyond the times of the training the trend stays at its end, and cycles go on', () => {
  const column: Column = {
    name: 't',
    type: 'timestamp',
    missing: 0,
    unit: 'day',
    origin: Date.UTC(2020, 0, 1),
    range: [0, 30_000],
  };
  const codes = Float32Array.from({ length: 2000 }, (_, i) => 100 + (i % 800));
  // A default date and a typing error are no times that a trend can be learned of.
  codes[17] = 30_000;
  codes[18] = 0;
  const [fitted] = fitEncodings([column], { features: codes, targets: codes, outputs: 1 }, allRows(2000));
  assert.deepEqual(fitted!.encoding.method === 'calendar' && fitted!.encoding.trend.range, [100, 899]);
  const encode = encoderOf(fitted!);
  const year = 52 * 7;
  assert.ok(encode(899)[0]! < 2 && encode(899)[0]! > encode(898)[0]!);
  assert.equal(encode(899 + year)[0], encode(899)[0]);
  assert.equal(encode(0)[0], encode(100)[0]);
  assertClose(encode(899 + year).slice(1, 3), encode(899).slice(1, 3), 1e-6);
  assert.notDeepEqual(encode(900).slice(1), encode(899).slice(1));
  // A version of an earlier release has no range, and predicts as it did.
  const { range: _, ...trend } = (fitted!.encoding as CalendarEncoding).trend;
  const former = encoderOf({ ...fitted!, encoding: { ...fitted!.encoding, trend } } as EncodedColumn);
  assert.deepEqual(former(500), encode(500));
  assert.ok(former(899 + year)[0]! > 1 + encode(899)[0]!);
});

test('after little more than a year a later date has the trend of the same day of the last year', () => {
  const origin = Date.UTC(2013, 0, 1);
  const column: Column = { name: 't', type: 'timestamp', missing: 0, unit: 'day', origin, range: [0, 364] };
  const codes = Float32Array.from({ length: 730 }, (_, i) => i % 365);
  const [fitted] = fitEncodings([column], { features: codes, targets: codes, outputs: 1 }, allRows(730));
  const encode = encoderOf(fitted!);
  const dayOf = (text: string) => (Date.parse(text) - origin) / 86_400_000;
  const trend = (text: string) => encode(dayOf(text))[0]!;
  const aDay = trend('2013-06-02') - trend('2013-06-01');
  for (const year of [2014, 2017, 2023, 2012, 2008]) {
    assert.ok(Math.abs(trend(`${year}-06-01`) - trend('2013-06-01')) < 2 * aDay, `${year}`);
  }
  assert.ok(trend('2013-12-31') - trend('2014-01-02') > 300 * aDay);
});

test('inputs are restored to the codes that they encode', () => {
  const encoder = new MixedEncoder(FITTED);
  const inputs = new Float32Array(ROWS * encoder.inputs);
  encoder.encode(DATA.features, inputs, ROWS);
  const restored = new Float32Array(ROWS * encoder.width);
  encoder.restore(inputs, restored, ROWS);
  for (const [i, code] of DATA.features.entries()) {
    // Levels of equal statistics cannot be told apart, and a gap is the mean or the nearest level.
    if (Number.isNaN(code) || i % 5 === 4) continue;
    assert.ok(
      Math.abs(restored[i]! - code) < 1e-5,
      `row ${Math.floor(i / 5)}, column ${i % 5}: ${restored[i]}, not ${code}`,
    );
  }
  restored.fill(0);
  encoder.restore(new Float32Array(encoder.inputs).fill(3e38), restored, 1);
  assert.ok(restored.subarray(0, 5).every(Number.isFinite) || restored[0] === Number.POSITIVE_INFINITY);
  assert.ok(Math.abs(restored[3]!) <= 2 ** 24, 'a time that a date can hold');
});

test('numbers over orders of magnitude have a second input; outliers and columns that are mostly 0 have none', () => {
  const fitted = (values: Float32Array) => {
    const column: Column = { name: 'x', type: 'number', missing: 0, range: [0, 1] };
    return fitEncodings([column], { features: values, targets: values, outputs: 1 }, allRows(values.length))[0]!
      .encoding;
  };
  const spread = (value: (u: number) => number) => Float32Array.from({ length: 500 }, (_, i) => value((i + 0.5) / 500));
  assert.equal(fitted(spread((u) => 10 ** (8 * u))).method, 'power');
  assert.equal(fitted(spread((u) => -(10 ** (8 * u)))).method, 'power');
  assert.equal(fitted(spread((u) => (u > 0.99 ? 1e6 : u))).method, 'standard');
  assert.equal(fitted(spread((u) => (u > 0.7 ? 10 ** (8 * u) : 0))).method, 'standard');
  assert.equal(fitted(spread((u) => -Math.log(1 - u))).method, 'standard');
});

test('plain numbers are standardised as without columns, bit for bit', () => {
  const columns: EncodedColumn[] = [0, 1].map((j) => ({
    name: `x${j}`,
    type: 'number',
    missing: 0,
    range: [0, 1],
    encoding: { method: 'standard', mean: 0.1 * j, scale: 3, gaps: 0 },
  }));
  const scaler = { mean: [0, 0.1], scale: [3, 3] };
  const rows = Float32Array.from({ length: 20 }, (_, i) => Math.sin(i));
  const encoded = [createEncoder(scaler), createEncoder(scaler, columns), new MixedEncoder(columns)].map((encoder) => {
    const to = new Float32Array(20);
    encoder.encode(rows, to, 10);
    return to;
  });
  assert.deepEqual(encoded[1], encoded[0]);
  assert.deepEqual(encoded[2], encoded[0]);
});

function allRows(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function encoderOf(column: EncodedColumn): (code: number) => number[] {
  const encoder = new MixedEncoder([column]);
  return (code) => {
    const to = new Float32Array(encoder.inputs);
    encoder.encode(Float32Array.of(code), to, 1);
    return Array.from(to);
  };
}

function standardised<T extends { targets: Float32Array }>(data: T): T {
  const [mean, deviation] = [meanOf(data.targets, 0, 1), Math.sqrt(varianceOf(data.targets, 0, 1))];
  return { ...data, targets: data.targets.map((y) => (y - mean) / deviation) };
}

function meanOf(values: Float32Array, at: number, width: number): number {
  let sum = 0;
  for (let i = at; i < values.length; i += width) sum += values[i]!;
  return (sum * width) / values.length;
}

function varianceOf(values: Float32Array, at: number, width: number): number {
  const mean = meanOf(values, at, width);
  let sum = 0;
  for (let i = at; i < values.length; i += width) sum += (values[i]! - mean) ** 2;
  return (sum * width) / values.length;
}
