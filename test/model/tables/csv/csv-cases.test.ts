import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { valueOfCode } from '../../../../src/model/columns/coding.js';
import type { Column } from '../../../../src/model/columns/column.js';
import { csvToTable } from '../../../../src/model/tables/csv/csv-table.js';
import type { TableChoices } from '../../../../src/model/tables/table-choices.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

// 400 rows each, of which all but base.csv have one peculiarity.
const TABLES = fileURLToPath(new URL('../../../../../test/fixtures/tables/', import.meta.url));

/** Reads a CSV, and gives its columns' values as JSON has them; those of the target are numbers. */
async function read(t: TestContext, content: string | Uint8Array, choices: TableChoices = {}, targets = ['y']) {
  const directory = temporaryDirectory(t);
  await csvToTable([Buffer.from(content)], directory, targets, undefined, { choices });
  const { info, data } = readTable(directory);
  const width = info.features.length;
  const values: Record<string, unknown[]> = {};
  info.columns.forEach((column, j) => {
    values[column.name] = Array.from({ length: info.rows }, (_, i) =>
      valueOfCode(column, data.features[i * width + j]!),
    );
  });
  const types = info.columns.map(({ name, type }) => `${name}:${type}`).join();
  const column = (name: string): Column => info.columns.find((each) => each.name === name)!;
  const leftOut = info.left_out.map(({ name, reason }) => `${name}: ${reason}`);
  return { info, values, types, column, leftOut, y: [...data.targets] };
}

const file = (name: string) => readFileSync(join(TABLES, name));

/** The cells of base.csv. */
const BASE = file('base.csv')
  .toString()
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number));
const [SIZE, PRICE, AGE, Y] = [0, 1, 2, 3].map((j) => BASE.map((row) => row[j]!)) as [
  number[],
  number[],
  number[],
  number[],
];

function assertClose(actual: readonly unknown[] | undefined, expected: readonly number[], tolerance: number): void {
  assert.equal(actual?.length, expected.length);
  const wrong = expected.findIndex((value, i) => !(Math.abs(Number(actual![i]) - value) <= tolerance));
  assert.equal(wrong, -1, `row ${wrong}: expected ${expected[wrong]}, got ${String(actual![wrong])}`);
}

const NUMBERS = 'size:number,price:number,age:number';
const CASES: [name: string, types: string, more: (table: Awaited<ReturnType<typeof read>>) => void][] = [
  ['base.csv', NUMBERS, ({ info }) => assert.deepEqual([info.notices, info.left_out], [[], []])],
  [
    'boolean.csv',
    'size:number,price:number,sold:boolean',
    ({ values, column }) => {
      assert.deepEqual(values['sold']!.slice(0, 5), [true, false, false, true, false]);
      assert.deepEqual(column('sold'), { name: 'sold', type: 'boolean', missing: 0, labels: ['False', 'True'] });
    },
  ],
  [
    'currency.csv',
    NUMBERS,
    ({ info, column }) => {
      assert.deepEqual(
        { ...column('price'), range: [] },
        {
          ...{ name: 'price', type: 'number', missing: 0, range: [] },
          notation: { decimal: '.', unit: '$' },
        },
      );
      assert.match(info.warnings['price']![0]!, /another notation: "\$1301.66" \(line 2\), "\$813.92" \(line 3\), /);
    },
  ],
  [
    'date_column.csv',
    `date:timestamp,${NUMBERS}`,
    ({ values }) => assert.deepEqual(values['date']!.slice(0, 3), ['2024-01-01', '2024-01-02', '2024-01-03']),
  ],
  ['excel_text_number.csv', NUMBERS, () => {}],
  [
    'missing_markers.csv',
    NUMBERS,
    ({ info, column }) => assert.deepEqual([info.missing['age'], column('age').missing], [16, 16 / 400]),
  ],
  [
    'pandas_index.csv',
    NUMBERS,
    ({ leftOut }) => assert.deepEqual(leftOut, ['Unnamed: 0: an index: it has no name, and counts']),
  ],
  [
    'percent.csv',
    NUMBERS,
    ({ column }) => assert.deepEqual((column('age') as { notation?: object }).notation, { decimal: '.', unit: '%' }),
  ],
  [
    'semicolon_decimal_comma.csv',
    NUMBERS,
    ({ info }) => assert.deepEqual(info.notices, ['cells are separated by semicolons']),
  ],
  ['tab.csv', NUMBERS, ({ info }) => assert.deepEqual(info.notices, ['cells are separated by tabs'])],
  [
    'text_column.csv',
    `${NUMBERS},city:category`,
    ({ values }) => assert.deepEqual(values['city']!.slice(0, 5), ['town0', 'town0', 'town0', 'town2', 'town3']),
  ],
  [
    'thousands.csv',
    NUMBERS,
    ({ column }) =>
      assert.deepEqual((column('price') as { notation?: object }).notation, { decimal: '.', thousands: ',' }),
  ],
  ['trailing_delimiter.csv', NUMBERS, ({ info }) => assert.deepEqual(info.left_out, [])],
  [
    'utf16le_bom_tab.csv',
    NUMBERS,
    ({ info }) => assert.deepEqual(info.notices, ['cells are separated by tabs', 'the encoding is utf-16le']),
  ],
  [
    'win1252_header.csv',
    'größe:number,price:number,age:number',
    ({ info }) => assert.deepEqual(info.notices, ['the encoding is windows-1252']),
  ],
];
for (const [name, types, more] of CASES) {
  test(`${name} is read as it is meant`, async (t) => {
    const table = await read(t, file(name));
    assert.equal(table.types, types);
    assert.deepEqual([table.info.rows, table.info.dropped], [400, 0]);
    assertClose(table.values['size'] ?? table.values['größe'], SIZE, 1e-5);
    assertClose(table.values['price'], PRICE, 0.0051);
    if (table.values['age']) {
      const ages = table.values['age'];
      assertClose(
        ages.map((age, i) => age ?? AGE[i]),
        AGE,
        0,
      );
    }
    assertClose(table.y, Y, 1e-4);
    more(table);
  });
}

/** Makes a table of 40 rows: `cell` writes the column `v`. */
function rowsOf(cell: (i: number) => string, delimiter = ',', header = ['v', 'w', 'y']): string {
  const rows = Array.from({ length: 40 }, (_, i) =>
    [cell(i), String((i * 7) % 11), String((i * i) % 17)].join(delimiter),
  );
  return `${[header.join(delimiter), ...rows].join('\n')}\n`;
}

const number = (i: number) => 950.5 + 37 * ((i * 13) % 40);
const groups = (value: number, thousands: string, decimal: string) =>
  value
    .toFixed(2)
    .replace('.', decimal)
    .replace(/\B(?=(\d{3})+(?!\d))/g, thousands);

const NOTATIONS: [
  what: string,
  cell: (i: number) => string,
  notation: object | undefined,
  value?: (i: number) => number,
][] = [
  ['pounds before the number', (i) => `£${number(i).toFixed(2)}`, { decimal: '.', unit: '£' }],
  [
    'euros behind a number with a decimal comma',
    (i) => `"${groups(number(i), '.', ',')} €"`,
    { decimal: ',', thousands: '.', unit: '€' },
  ],
  ['dollars in groups', (i) => `"US$${groups(number(i), ',', '.')}"`, { decimal: '.', thousands: ',', unit: 'US$' }],
  [
    'the code of a currency',
    (i) => `CHF ${groups(number(i), "'", '.')}`,
    { decimal: '.', thousands: "'", unit: 'CHF' },
  ],
  [
    'percent with a space',
    (i) => `${(number(i) / 10).toFixed(2)} %`,
    { decimal: '.', unit: '%' },
    (i) => number(i) / 10,
  ],
  [
    'percent with a decimal comma',
    (i) => `"${(i + 0.5).toFixed(1).replace('.', ',')}%"`,
    { decimal: ',', unit: '%' },
    (i) => i + 0.5,
  ],
  ['typographic apostrophes', (i) => groups(number(i), '’', '.'), { decimal: '.', thousands: "'" }],
  ['narrow no-break spaces', (i) => `"${groups(number(i), '\u202f', ',')}"`, { decimal: ',', thousands: ' ' }],
  ['underscores', (i) => groups(number(i), '_', '.'), { decimal: '.', thousands: '_' }],
  [
    'losses in parentheses',
    (i) => (i % 3 ? number(i).toFixed(2) : `(${number(i).toFixed(2)})`),
    { decimal: '.', parentheses: true },
    (i) => (i % 3 ? 1 : -1) * number(i),
  ],
  ['the minus sign of typesetters', (i) => `\u2212${number(i).toFixed(2)}`, undefined, (i) => -number(i)],
  [
    'full-width digits',
    (i) => [...String(i + 20)].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join(''),
    undefined,
    (i) => i + 20,
  ],
  ['formulas of Excel', (i) => `"=""${number(i).toFixed(2)}"""`, undefined],
  ['quoted numbers', (i) => `"${number(i).toFixed(2)}"`, undefined],
];
for (const [what, cell, notation, value = number] of NOTATIONS) {
  test(`${what} are numbers, if the whole column is so`, async (t) => {
    const { types, values, column, info } = await read(t, rowsOf(cell));
    assert.equal(types, 'v:number,w:number');
    assert.deepEqual((column('v') as { notation?: object }).notation, notation);
    assertClose(
      values['v'],
      Array.from({ length: 40 }, (_, i) => value(i)),
      1e-4 * 2500,
    );
    assertClose(
      values['v'],
      Array.from({ length: 40 }, (_, i) => Math.fround(value(i))),
      1e-3,
    );
    assert.equal(info.rows, 40);
  });
}

const REFUSED: [what: string, cell: (i: number) => string, message: RegExp][] = [
  [
    'two currencies',
    (i) => (i === 7 ? '€5.00' : `$${i}.00`),
    /"€5.00" \(line 9\); types=v:category takes it as text, drop=v/,
  ],
  ['numbers with and without percent', (i) => (i < 3 ? '0.24' : `${i}%`), /3 of 40 cells are .*"0.24" \(line 2\)/],
  [
    'decimal points and commas',
    (i) => (i % 8 === 7 ? `"${i},5"` : `${i}.5`),
    /"7,5" \(line 9\), "15,5" \(line 17\), "23,5" \(line 25\) ….*decimal=/,
  ],
  ['groups that are not of three digits', (i) => (i === 3 ? '"12,34"' : `"1,${100 + i}.5"`), /"12,34" \(line 5\)/],
  ['units that are no currency', (i) => (i === 0 ? '12 km' : String(i * 1.5)), /"12 km" \(line 2\)/],
  [
    'dates of which day and month could be confused',
    (i) => `0${1 + (i % 9)}/0${1 + (i % 7)}/2024`,
    /look like dates.*types=v:category/,
  ],
  [
    'days among dates',
    (i) => (i === 9 ? 'soon' : `2024-03-${10 + (i % 20)}`),
    /1 of 40 cells is neither a date in ISO 8601.*"soon" \(line 11\)/,
  ],
];
for (const [what, cell, message] of REFUSED) {
  test(`a column of ${what} is refused with the cells, their lines and a way out`, async (t) => {
    await assert.rejects(read(t, rowsOf(cell)), { code: 'INVALID_CSV', message });
    assert.equal((await read(t, rowsOf(cell), { drop: ['v'] })).types, 'w:number');
    assert.equal((await read(t, rowsOf(cell), { types: { v: 'category' } })).types, 'v:category,w:number');
  });
}

test('a number that could have a decimal comma or groups is refused, unless the table or the caller says which', async (t) => {
  const either = (i: number) => `${1 + (i % 9)},${100 + i}`;
  await assert.rejects(read(t, rowsOf(either, ';')), {
    code: 'INVALID_CSV',
    message: /"1,100" \(line 2\).*could have a decimal comma.*decimal=, or decimal=\./,
  });
  assert.equal((await read(t, rowsOf(either, ';'), { decimal: ',' })).values['v']![1], Math.fround(2.101));
  assert.equal((await read(t, rowsOf(either, ';'), { decimal: '.' })).values['v']![1], 2101);
  // Another column has decimal commas that can be nothing else, or decimal points.
  const beside = (text: string) => rowsOf((i) => `${either(i)};${text}`, ';', ['v', 'u', 'w', 'y']);
  assert.equal((await read(t, beside('0,5'), { features: ['u', 'v'] })).values['v']![1], Math.fround(2.101));
  assert.equal((await read(t, beside('0.5'), { features: ['u', 'v'] })).values['v']![1], 2101);
});

test('points between groups are read as groups if the table has decimal commas', async (t) => {
  const text = rowsOf((i) => `${1 + (i % 9)}.${100 + i};${i},25`, ';', ['v', 'u', 'w', 'y']);
  const { values } = await read(t, text);
  assert.deepEqual([values['v']![1], values['u']![1]], [2101, 1.25]);
});

const ENCODED: [what: string, bytes: Uint8Array, choices?: TableChoices][] = [
  ['UTF-8 with a mark', Buffer.from(`\ufeff${rowsOf(() => '1.5', ',', ['größe', 'w', 'y'])}`)],
  [
    'UTF-16 LE without a mark',
    Buffer.from(
      rowsOf(() => '1.5', '\t', ['größe', 'w', 'y']),
      'utf16le',
    ),
  ],
  ['UTF-16 BE with a mark', Buffer.from(`\ufeff${rowsOf(() => '1.5', ';', ['größe', 'w', 'y'])}`, 'utf16le').swap16()],
  [
    'Windows-1252 of a declared charset',
    Buffer.from(
      rowsOf(() => '1.5', ',', ['größe', 'w', 'y']),
      'latin1',
    ),
    { charset: 'ISO-8859-1' },
  ],
  ['a sep= line', Buffer.from(`sep=|\r\n${rowsOf(() => '1.5', '|', ['größe', 'w', 'y'])}`)],
  [
    'comments above the header',
    Buffer.from(`# exported 2024\n# by hand\n${rowsOf(() => '1.5', ',', ['größe', 'w', 'y'])}`),
  ],
];
for (const [what, bytes, choices] of ENCODED) {
  test(`${what}: the names are right in every chunking`, async (t) => {
    const { info } = await read(t, bytes, { features: ['größe', 'w'], ...choices });
    assert.deepEqual([info.features, info.rows], [['größe', 'w'], 40]);
    const directory = temporaryDirectory(t);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7));
    const again = await csvToTable(pieces, directory, ['y'], undefined, {
      choices: { features: ['größe', 'w'], ...choices },
    });
    assert.equal(again.fingerprint, info.fingerprint);
  });
}

test('bytes that are no UTF-8 decide the encoding wherever they are, and never become a replacement character', async (t) => {
  const rows = rowsOf((i) => (i === 39 ? 'Köln' : 'Bonn')).repeat(1);
  const { column } = await read(t, Buffer.from(rows, 'latin1'), { types: { v: 'category' } });
  assert.deepEqual((column('v') as { levels: string[] }).levels, ['Bonn', 'Köln']);
  const mixed = Buffer.concat([Buffer.from(rowsOf(() => 'Köln')), Buffer.from('Köln,1,2\n', 'latin1')]);
  await assert.rejects(read(t, mixed), { code: 'INVALID_CSV' });
  await assert.rejects(read(t, Buffer.from(rows, 'latin1'), { charset: 'utf-8' }), {
    code: 'INVALID_CSV',
    message: /no UTF-8; charset/,
  });
  await assert.rejects(read(t, rows, { charset: 'klingon' }), {
    code: 'INVALID_CSV',
    message: /"klingon" is not a known charset/,
  });
});

test('files that are no text are refused with what they are', async (t) => {
  const random = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256));
  await assert.rejects(read(t, random), { code: 'INVALID_CSV' });
  await assert.rejects(read(t, Buffer.from('PK\x03\x04\0\0rest of a workbook')), {
    code: 'INVALID_CSV',
    message: /Excel workbook; save it as CSV/,
  });
  await assert.rejects(read(t, Buffer.from('PAR1\0\0\0\0')), { code: 'INVALID_CSV', message: /a Parquet file/ });
});

test('an index, names of rows, constants, identifiers and counters are left out, and features= brings them back', async (t) => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    [`"car ${i}"`, i * 3, 'x', `id${i}`, i + 1, 9007199254740993n + BigInt(i * 97), i % 7, (i * i) % 13].join(),
  );
  const text = `"",idx,const,id,n,big,a,y\n${rows.join('\n')}\n`;
  const { types, leftOut, info } = await read(t, text);
  assert.equal(types, 'idx:number,a:number');
  assert.deepEqual(leftOut, [
    'Unnamed: 0: the names of the rows: it has no name, and a different text in every row',
    'const: constant: every row has "x"',
    'id: an identifier: a different text in every row',
    'n: a counter: 1, 2, 3, …',
    'big: an identifier: integers beyond 2^53',
  ]);
  assert.deepEqual(info.warnings['idx'], ['it grows from row to row, as an identifier or a time does']);
  const back = await read(t, text, { features: ['n', 'const', 'a'] });
  assert.equal(back.types, 'const:category,n:number,a:number');
  assert.equal((await read(t, text, { types: { n: 'category' } })).types, 'idx:number,n:category,a:number');
});

test('a filtered index without a name is left out', async (t) => {
  const table = (first: (i: number) => unknown) =>
    `,a,y\n${Array.from({ length: 20 }, (_, i) => `${first(i)},${i % 7},${(i * i) % 13}`).join('\n')}\n`;
  assert.equal(
    (
      await read(
        t,
        table((i) => 3 * i + 5),
      )
    ).types,
    'a:number',
  );
});

test('formulas that make Excel take a cell as text are the cells, with and without quotes, however the file arrives', async (t) => {
  const cells = (row: number) =>
    [`="0${row % 7}1"`, `"=""${row}"""`, `="${row}.5"`, `"a,=""b""${row % 2}"`, row].join();
  const content = `code,n,x,text,y\r\n${Array.from({ length: 90 }, (_, row) => `${cells(row * row)}\r\n`).join('')}`;
  const choices: TableChoices = { types: { code: 'category' } };
  const { values, types, info } = await read(t, content, choices);
  assert.equal(types, 'code:category,n:number,x:number,text:category');
  assert.deepEqual(
    [4, 5].map((row) => ['code', 'n', 'x', 'text'].map((name) => values[name]![row])),
    [
      ['021', 16, 16.5, 'a,="b"0'],
      ['041', 25, 25.5, 'a,="b"1'],
    ],
  );
  const bytes = [...Buffer.from(content)].map((byte) => Buffer.of(byte));
  const { fingerprint } = await csvToTable(bytes, temporaryDirectory(t), ['y'], undefined, { choices });
  assert.equal(fingerprint, info.fingerprint);
});

test('a header of numbers is names', async (t) => {
  const { info } = await read(t, '0,1,2\n5,2,3\n4,9,6\n', {}, ['2']);
  assert.deepEqual([info.features, info.rows], [['0', '1'], 2]);
});

test('a counter that is the only feature is learned from', async (t) => {
  const { info } = await read(t, `x,y\n${Array.from({ length: 20 }, (_, i) => `${i},${2 * i}`).join('\n')}\n`);
  assert.deepEqual([info.features, info.left_out], [['x'], []]);
});

test('a last line of another number of cells that is no row is passed over with a notice; others are refused', async (t) => {
  const rows = rowsOf((i) => `${i}.5`);
  const { info } = await read(t, `${rows}Total,45000\n`);
  assert.deepEqual([info.rows, info.notices], [40, ['lines that are no rows are passed over: "Total,45000"']]);
  assert.equal((await read(t, `${rows}Source: the ministry of numbers\n`)).info.rows, 40);
  await assert.rejects(read(t, `${rows}41.5,3\n`), {
    code: 'INVALID_CSV',
    message: /^line 42: expected 3 cells separated by ",", got 2: "41.5,3"$/,
  });
  await assert.rejects(read(t, `${rows}Total,45000\n1,2,3\n`), { code: 'INVALID_CSV', message: /^line 42: / });
  await assert.rejects(read(t, `${rows}Total,3,4\n`), { code: 'INVALID_CSV', message: /^line 42: "Total"/ });
  const cities = rowsOf((i) => ['Rome', 'Oslo'][i % 2]!);
  await assert.rejects(read(t, `${cities}Total,3,4\n`), {
    code: 'INVALID_CSV',
    message: 'line 42: "Total" looks like a row of totals; remove it',
  });
});

test('times of every kind of ISO 8601 are times, in the unit that they need', async (t) => {
  const kinds: [(i: number) => string, string, string][] = [
    [(i) => `2024-02-${10 + (i % 15)}`, 'day', '2024-02-11'],
    [(i) => `2024-02-10 0${i % 9}:30`, 'minute', '2024-02-10T01:30:00Z'],
    [(i) => `2024-02-10T00:00:${10 + (i % 40)}.250Z`, 'second', '2024-02-10T00:00:11Z'],
    [(i) => `2024-02-10T0${i % 9}:00:00+02:00`, 'minute', '2024-02-09T23:00:00Z'],
  ];
  for (const [cell, unit, second] of kinds) {
    const { column, values } = await read(t, rowsOf(cell));
    assert.equal((column('v') as { unit?: string }).unit, unit);
    assert.equal(values['v']![1], second);
  }
});

test('a table of more rows than are looked at first is read as its first rows are, and its last rows count', async (t) => {
  const long = (cell: (i: number) => string) =>
    `v,w,y\n${Array.from({ length: 70_000 }, (_, i) => `${cell(i)},${i % 11},${i % 17}`).join('\n')}\n`;
  const prices = await read(
    t,
    long((i) => `"${groups(1000 + i / 4, ',', '.')}"`),
  );
  assertClose([prices.values['v']![69_999]], [1000 + 69_999 / 4], 0.01);
  const times = await read(
    t,
    long((i) => new Date(Date.UTC(2024, 0, 1) + 60_000 * i).toISOString()),
  );
  assert.equal(
    times.values['v']![69_999],
    new Date(Date.UTC(2024, 0, 1) + 60_000 * 69_999).toISOString().replace('.000', ''),
  );
  await assert.rejects(
    read(
      t,
      long((i) => (i > 69_900 ? `late ${i}` : String(i / 8))),
    ),
    { message: /99 of 70000 cells are .*"late 69901" \(line 69903\)/ },
  );
  const words = await read(
    t,
    long((i) => `word ${(i * 7919) % 70_000}`),
  );
  assert.match(words.leftOut[0]!, /^v: /);
  const many = await read(
    t,
    long((i) => (i % 4 ? `word ${i % 50}` : `rare ${i % 3001}`)),
  );
  assert.equal((many.column('v') as { levels: string[] }).levels.length, 1000);
});
