import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRows } from '../../../../src/model/tables/json/json-rows.js';
import { isFloat32, listed } from '../../../../src/model/tables/rows.js';

/** Reads rows for a model of numbers. */
const read = (instances: readonly unknown[], features: readonly string[]) =>
  readRows(instances, { features, maxRows: 10, allowMissing: false }).rows;

const INVALID = (message: string) => ({ name: 'DomainError', code: 'INVALID_ROWS', message });

test('arrays are read in feature order and objects by name, mixed, into one row-major array', () => {
  const rows = read([[1, 2], { b: 4, a: 3 }, [-0.5, 6e-7]], ['a', 'b']);
  assert.ok(rows instanceof Float32Array);
  assert.deepEqual(rows, Float32Array.of(1, 2, 3, 4, -0.5, 6e-7));
});

test('no instances result in an empty array', () => {
  assert.equal(read([], ['a', 'b']).length, 0);
});

test('a value that is not a finite number is refused with its place, never coerced', () => {
  const corrupt: [unknown, string][] = [
    ['abc', '"abc"'],
    ['3', '"3"'],
    [null, 'null'],
    [true, 'true'],
    [[3], '[3]'],
    [{}, '{}'],
    [Number.NaN, 'NaN'],
    [JSON.parse('1e999'), 'Infinity'],
    [undefined, 'undefined'],
  ];
  for (const [value, shown] of corrupt) {
    assert.throws(
      () =>
        read(
          [
            [1, 2],
            [3, value],
          ],
          ['a', 'b'],
        ),
      INVALID(`instances[1][1]: expected a finite number, got ${shown}`),
    );
    assert.throws(
      () => read([[1, 2], { a: 3, b: value }], ['a', 'b']),
      INVALID(`instances[1]["b"]: expected a finite number, got ${shown}`),
    );
  }
});

test('a row of another width is refused', () => {
  assert.throws(() => read([[1, 2, 3]], ['a', 'b']), INVALID('instances[0]: expected 2 numbers ("a", "b"), got 3'));
  assert.throws(() => read([[1, 2], []], ['a', 'b']), INVALID('instances[1]: expected 2 numbers ("a", "b"), got 0'));
});

test('a row that is neither array nor object is refused', () => {
  for (const row of [null, 5, 'x', true]) {
    assert.throws(() => read([row], ['a']), {
      code: 'INVALID_ROWS',
      message: `instances[0]: expected an array of numbers or an object of features, got ${JSON.stringify(row)}`,
    });
  }
});

test('a missing feature is refused by name', () => {
  assert.throws(() => read([{ a: 1 }], ['a', 'b']), INVALID('instances[0]: feature "b" is missing'));
});

test('other named columns are ignored, and each is counted once', () => {
  const model = { features: ['a', 'b'], maxRows: 10, allowMissing: false };
  const rows = [{ a: 1, b: 2, c: 'x' }, { d: [], b: 4, a: 3, c: {} }, JSON.parse('{"a": 5, "b": 6, "__proto__": 7}')];
  assert.deepEqual(readRows(rows, model), { rows: Float32Array.of(1, 2, 3, 4, 5, 6), ignored: 3 });
});

test('names that every object inherits are ordinary features', () => {
  const names = ['__proto__', 'constructor', 'toString'];
  const row: unknown = JSON.parse('{"toString": 3, "__proto__": 1, "constructor": 2}');
  assert.deepEqual(read([row], names), Float32Array.of(1, 2, 3));
  for (const name of names) {
    assert.throws(() => read([{}], [name]), INVALID(`instances[0]: feature "${name}" is missing`));
  }
});

test('a number that is not finite as float32 is refused', () => {
  const max = 2 ** 128 - 2 ** 104;
  assert.equal(Math.fround(max), max);
  for (const value of [0, -0, max, -max, 1e-300]) assert.ok(isFloat32(value), String(value));
  for (const value of [3.5e38, -3.5e38, 2 ** 128, Number.NaN, Number.NEGATIVE_INFINITY, '1', null, undefined, 1n]) {
    assert.ok(!isFloat32(value), String(value));
  }
});

test('a list of names ends after eight', () => {
  assert.equal(listed(['a', 'b"']), '"a", "b\\""');
  assert.equal(listed('abcdefgh'.split('')), '"a", "b", "c", "d", "e", "f", "g", "h"');
  assert.equal(listed('abcdefghij'.split('')), '"a", "b", "c", "d", "e", "f", "g", "h" and 2 more');
});
