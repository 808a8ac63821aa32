import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ColumnOrder, Columns } from '../../../../src/model/tables/columns.js';
import { type JsonRows, jsonToTable } from '../../../../src/model/tables/json/json-table.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import { NO_PROC } from '../../../support/child-processes.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const INVALID = (message: string) => ({ name: 'DomainError', code: 'INVALID_ROWS', message });

test('rows as arrays, with one number per row as the target', (t) => {
  const { info, data } = read(t, {
    instances: [
      [1, 2],
      [3, 4],
    ],
    targets: [5, 6],
  });
  assert.deepEqual([info.features, info.targets], [['x0', 'x1'], ['y0']]);
  assert.deepEqual(data, { rows: 2, features: Float32Array.of(1, 2, 3, 4), targets: Float32Array.of(5, 6) });
});

test('rows as arrays, with an array of targets per row', (t) => {
  const { info, data } = read(t, {
    instances: [[1], [3]],
    targets: [
      [5, 7],
      [6, 8],
    ],
  });
  assert.deepEqual([info.features, info.targets], [['x0'], ['y0', 'y1']]);
  assert.deepEqual(data.targets, Float32Array.of(5, 7, 6, 8));
});

test('named rows hold their targets, in any order of keys', (t) => {
  const { info, data } = read(t, {
    instances: [
      { a: 1, y: 2, b: 3 },
      { b: 6, a: 4, y: 5 },
    ],
    target: ['y'],
  });
  assert.deepEqual([info.features, info.targets], [['a', 'b'], ['y']]);
  assert.deepEqual([data.features, data.targets], [Float32Array.of(1, 3, 4, 6), Float32Array.of(2, 5)]);
});

test('named rows are written in the order that `order` returns', (t) => {
  const { info, data } = read(t, { instances: [{ b: 1, a: 2, y: 3 }], target: ['y'] }, undefined, (found) => ({
    ...found,
    features: found.features.toSorted(),
  }));
  assert.deepEqual([info.features, data.features], [['a', 'b'], Float32Array.of(2, 1)]);
});

test('unnamed columns get the known names if their number matches', (t) => {
  const known: Columns = { features: ['a', 'b'], targets: ['y'] };
  const same = read(t, { instances: [[1, 2]], targets: [3] }, known);
  assert.deepEqual([same.info.features, same.info.targets], [['a', 'b'], ['y']]);
  const wider = read(t, { instances: [[1, 2, 3]], targets: [3] }, known);
  assert.deepEqual([wider.info.features, wider.info.targets], [['x0', 'x1', 'x2'], ['y']]);
});

test('null and an omitted column are gaps, and rows without a target are dropped', (t) => {
  const named = read(t, { instances: [{ a: 1, y: 2 }, { a: null, y: 2 }, { y: 2 }, { a: 5, y: 6 }], target: ['y'] });
  assert.deepEqual([named.info.rows, named.info.dropped, named.info.missing], [4, 0, { a: 2, y: 0 }]);
  assert.deepEqual(named.data.features, Float32Array.of(1, Number.NaN, Number.NaN, 5));
  const arrays = read(t, { instances: [[1], [null], [3], [4]], targets: [1, 2, null, 4] });
  assert.deepEqual([arrays.info.rows, arrays.info.missing], [3, { x0: 1, y0: 1 }]);
});

test('a number beyond float32 is a gap', (t) => {
  const { info } = read(t, { instances: [[1], JSON.parse('[1e999]'), [1e39], [4]], targets: [1, 2, 3, 4] });
  assert.deepEqual(
    [info.rows, info.missing, info.warnings['x0']],
    [4, { x0: 2, y0: 0 }, ['2 numbers are infinite or beyond float32, first Infinity (row 2): they count as gaps']],
  );
});

test('texts, booleans and dates have types, and nothing is coerced: a text of digits is a text', (t) => {
  const instances = Array.from({ length: 6 }, (_, i) => ({
    zip: ['01', '02'][i % 2],
    sold: i % 3 === 0,
    day: `2024-01-0${1 + i}`,
    mixed: i < 2 ? i : ['a', 'b'][i % 2],
    y: i * i,
  }));
  const { info, data } = read(t, { instances, target: ['y'] });
  assert.deepEqual(
    info.columns.map(({ type }) => type),
    ['category', 'boolean', 'timestamp', 'category'],
  );
  assert.deepEqual([...data.features.subarray(0, 4)], [0, 1, 0, 2]);
});

test('a text in a column of numbers, or a target that is no number, is refused with its place', (t) => {
  for (const value of ['3', 'x', true]) {
    const shown = JSON.stringify(String(value));
    const message = (name: string) =>
      new RegExp(`^column "${name}": 1 of 3 cells is neither a number .*: ${shown} \\(instances\\[2\\]\\)`);
    assert.throws(
      () =>
        read(t, {
          instances: [
            [1, 2],
            [3, 4],
            [5, value],
          ],
          targets: [1, 2, 3],
        }),
      {
        code: 'INVALID_ROWS',
        message: message('x1'),
      },
    );
    assert.throws(() => read(t, { instances: [[1], [2], [3]], targets: [1, 2, value] }), {
      code: 'INVALID_ROWS',
      message: message('y0'),
    });
  }
  assert.throws(
    () =>
      read(t, {
        instances: [
          { a: 1, y: 'u' },
          { a: 2, y: 'v' },
        ],
        target: ['y'],
      }),
    {
      code: 'INVALID_ROWS',
      message: 'target "y": expected numbers, got "u" (instances[0])',
    },
  );
});

test('arrays and objects are refused with their place', (t) => {
  for (const value of [[], [1], {}]) {
    const message = (place: string) =>
      `${place}: expected a number, a text, true, false or null, got ${JSON.stringify(value)}`;
    assert.throws(
      () =>
        read(t, {
          instances: [
            [1, 2],
            [3, value],
          ],
          targets: [1, 2],
        }),
      INVALID(message('instances[1][1]')),
    );
    const named = [
      { a: 1, y: 1 },
      { a: value, y: 1 },
    ];
    assert.throws(() => read(t, { instances: named, target: ['y'] }), INVALID(message('instances[1]["a"]')));
    assert.throws(() => read(t, { instances: [[1], [2]], targets: [1, value] }), INVALID(message('targets[1]')));
  }
});

test('rows in order keep their constant columns and counters, so that those of a prediction have as many', (t) => {
  const instances = Array.from({ length: 20 }, (_, i) => [i, 7, i % 3]);
  const targets = instances.map(([i]) => i!);
  assert.deepEqual(read(t, { instances, targets }).info.features, ['x0', 'x1', 'x2']);
  const named = instances.map(([a, b, c]) => ({ a, b, c, y: a }));
  const { info } = read(t, { instances: named, target: ['y'] });
  assert.deepEqual(
    [info.features, info.left_out],
    [
      ['c'],
      [
        { name: 'a', reason: 'a counter: 0, 1, 2, …' },
        { name: 'b', reason: 'constant: every row has 7' },
      ],
    ],
  );
});

test('no rows are refused', (t) => {
  assert.throws(() => read(t, { instances: [], targets: [] }), { code: 'INVALID_ROWS', message: /^instances\[0\]: / });
  assert.throws(() => read(t, { instances: [], target: ['y'] }), {
    code: 'INVALID_ROWS',
    message: /^instances\[0\]: /,
  });
});

test('rows that do not match each other are refused', (t) => {
  const refused: [JsonRows, string][] = [
    [{ instances: [[1], [2]], targets: [1] }, 'targets: expected one per row of instances (2), got 1'],
    [{ instances: [[1], [2, 3]], targets: [1, 2] }, 'instances[1]: expected 1 numbers, got 2'],
    [{ instances: [[1], 2], targets: [1, 2] }, 'instances[1]: expected an array of 1 numbers, got 2'],
    [{ instances: [[1], { a: 2 }], targets: [1, 2] }, 'instances[1]: expected an array of 1 numbers, got {"a":2}'],
    [{ instances: [[1], [2]], targets: [[1], 2] }, 'targets[1]: expected an array of 1 numbers, got 2'],
    [{ instances: [[1], [2]], targets: [[1], [2, 3]] }, 'targets[1]: expected 1 numbers, got 2'],
    [{ instances: [[1]], targets: [[]] }, 'targets[0]: expected at least one number, got []'],
    [{ instances: [[1]], target: ['y'] }, 'instances[0]: expected an object with the target, got [1]'],
    [
      { instances: [{ a: 1, y: 1 }, [1, 2]], target: ['y'] },
      'instances[1]: expected an object like the first, got [1,2]',
    ],
    [{ instances: [{ a: 1, y: 1 }, null], target: ['y'] }, 'instances[1]: expected an object like the first, got null'],
    [
      {
        instances: [
          { a: 1, y: 1 },
          { a: 1, b: 2, y: 3 },
        ],
        target: ['y'],
      },
      'instances[1]: unknown column "b"; the first row has "a", "y"',
    ],
  ];
  for (const [body, message] of refused) assert.throws(() => read(t, body), INVALID(message));
  for (const first of [[], {}, 5, null, 'x']) {
    assert.throws(() => read(t, { instances: [first], targets: [1] }), {
      code: 'INVALID_ROWS',
      message: /^instances\[0\]: expected an array of numbers, .*rows of named values need "target"$/,
    });
  }
});

test('a missing or repeated target is refused', (t) => {
  assert.throws(() => read(t, { instances: [{ a: 1 }], target: ['y'] }), { code: 'UNKNOWN_COLUMN' });
  assert.throws(() => read(t, { instances: [{ a: 1, y: 2 }], target: ['y', 'y'] }), { code: 'UNKNOWN_COLUMN' });
});

test('names that every object inherits are ordinary columns', (t) => {
  const instances = JSON.parse(
    '[{"__proto__": 1, "toString": 2, "y": 3}, {"y": 6, "toString": 5}, {"y": 7, "toString": 5, "__proto__": 4}]',
  );
  const { info, data } = read(t, { instances, target: ['y'] });
  assert.deepEqual([info.features, info.rows, info.dropped], [['__proto__', 'toString'], 3, 0]);
  assert.deepEqual(data.features, Float32Array.of(1, 2, Number.NaN, 5, 4, 5));
});

test('a column that the first row only inherits is unknown', (t) => {
  const instances = JSON.parse('[{"a": 1, "y": 2}, {"a": 1, "y": 2, "toString": 3}]');
  assert.throws(
    () => read(t, { instances, target: ['y'] }),
    INVALID('instances[1]: unknown column "toString"; the first row has "a", "y"'),
  );
});

test('refused rows leave no file open', { skip: NO_PROC }, (t) => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  assert.throws(() => read(t, { instances: [[1], ['x']], targets: [1, 2] }), { code: 'INVALID_ROWS' });
  assert.equal(open(), before);
});

function read(t: TestContext, json: JsonRows, known?: Columns, order: ColumnOrder = (columns) => columns) {
  const directory = temporaryDirectory(t);
  jsonToTable(json, directory, known, order);
  return readTable(directory);
}

test('the keys of a named row are listed a few times, however many columns there are', (t) => {
  let listings = 0;
  const named = (r: number) =>
    new Proxy(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`c${i}`, (i + 1) * r * r])), {
      ownKeys(row) {
        listings++;
        return Reflect.ownKeys(row);
      },
    });
  const instances = Array.from({ length: 20 }, (_, r) => named(r));
  const { info } = read(t, { instances, target: ['c0'] });
  assert.equal(info.features.length, 999);
  assert.ok(listings < 100, `${listings} listings of 20 rows`);
});

test('too many columns are refused before their cells are read', (t) => {
  const row = Object.fromEntries(Array.from({ length: 16_000 }, (_, i) => [`c${i}`, []]));
  assert.throws(() => read(t, { instances: [row], target: ['c0'] }), {
    code: 'UNKNOWN_COLUMN',
    message: 'expected at most 1000 columns, got 16000',
  });
});
