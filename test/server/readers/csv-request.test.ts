import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../src/model/columns/column.js';
import { readCsvRows } from '../../../src/model/tables/csv/csv-rows.js';
import type { RowModel } from '../../../src/model/tables/row-model.js';
import { readCsvRequest } from '../../../src/server/readers/csv-request.js';

const COLUMNS: Column[] = [
  { name: 'größe', type: 'number', missing: 0, range: [0, 9], notation: { decimal: ',', thousands: '.' } },
  { name: 'ort', type: 'category', missing: 0.1, levels: ['Köln', 'Bonn'], counts: [5, 4] },
  { name: 'verkauft', type: 'boolean', missing: 0.1, labels: ['nein', 'ja'] },
];
const MODEL: RowModel = {
  features: COLUMNS.map(({ name }) => name),
  columns: COLUMNS,
  maxRows: 100,
  allowMissing: false,
};
const TEXT = 'id;ort;größe;verkauft\n1;Köln;1.234,5;ja\n2;Ulm;7,25;nein\n3;NA;0,5;-\n';
const ROWS = Float32Array.of(1234.5, 0, 1, 7.25, 2, 0, 0.5, Number.NaN, Number.NaN);

test('predictions take a CSV in every dialect and encoding that a training takes', async () => {
  const bodies: [what: string, body: Buffer][] = [
    ['semicolons', Buffer.from(TEXT)],
    ['tabs', Buffer.from(TEXT.replaceAll(';', '\t'))],
    ['commas and quotes', Buffer.from(TEXT.replace(/[^;\n]+/g, (cell) => `"${cell}"`).replaceAll(';', ','))],
    ['formulas of Excel', Buffer.from(TEXT.replace(/[^;\n]+/g, (cell) => `="${cell}"`))],
    ['a sep= line', Buffer.from(`sep=;\r\n${TEXT}`)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 LE', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['Windows-1252', Buffer.from(TEXT, 'latin1')],
  ];
  for (const [what, body] of bodies) {
    for (const read of [readCsvRequest, readCsvRows]) {
      const { rows, ignored } = await read(body, MODEL);
      assert.deepEqual([rows.subarray(0, 9), ignored], [ROWS, 1], `${what}, ${read.name}`);
    }
  }
});

test('rows in order may have any delimiter, and a first row of gaps is a row', () => {
  const missing = { ...MODEL, allowMissing: true };
  assert.deepEqual(
    readCsvRequest(Buffer.from(';;\n1,5;Bonn;ja\n2,5;Köln;nein\n'), missing).rows,
    Float32Array.of(NaN, NaN, NaN, 1.5, 1, 1, 2.5, 0, 0),
  );
  const numbers: RowModel = { features: ['a', 'b'], maxRows: 10, allowMissing: false };
  for (const text of ['1,2\n3,4', '1;2\n3;4\n', '1\t2\n3\t4', '1|2\n3|4']) {
    assert.deepEqual(readCsvRequest(Buffer.from(text), numbers).rows, Float32Array.of(1, 2, 3, 4), text);
  }
});

const PLAIN: RowModel = { features: ['a', 'b'], maxRows: 2000, allowMissing: false };

test('decimal commas are read where they are certain, although the training had decimal points', async () => {
  const bodies: [text: string, rows: number[]][] = [
    ['1,5;2\n3;-4,25\n', [1.5, 2, 3, -4.25]],
    ['1.234,5\t2\n3\t1.000\n', [1234.5, 2, 3, 1000]],
    ['"1,5";"2"\n', [1.5, 2]],
    ['1.5;2\n3;4.25\n', [1.5, 2, 3, 4.25]],
  ];
  for (const [text, expected] of bodies) {
    for (const encoding of ['utf8', 'utf16le', 'latin1'] as const) {
      const bare = Buffer.from(text, encoding);
      assert.deepEqual([...readCsvRequest(bare, PLAIN).rows], expected, `${text} ${encoding}`);
      const named = Buffer.from(`b;a\n${text}`.replaceAll(/[;\t]/g, ';'), encoding);
      const swapped = expected.map((_, i) => expected[i ^ 1]!);
      for (const read of [readCsvRequest, readCsvRows]) {
        const { rows, count } = await read(named, PLAIN);
        assert.deepEqual([...rows.subarray(0, 2 * count)], swapped, `${text} ${encoding} ${read.name}`);
      }
    }
  }
});

test('a comma that could separate thousands, or decimals, is refused with what settles it, and so is a mixture', async () => {
  const wayOut = /"1,234" could have a decimal comma or groups of three digits; write it with a decimal point$/;
  assert.throws(() => readCsvRequest(Buffer.from('7;8\n1,234;2\n'), PLAIN), {
    code: 'INVALID_ROWS',
    message: /^line 2, column 1: "1,234"/,
  });
  assert.throws(() => readCsvRequest(Buffer.from('1,234;2\n'), PLAIN), { message: wayOut });
  await assert.rejects(readCsvRows(Buffer.from('a;b\n1,234;2\n'), PLAIN), { message: wayOut });
  assert.throws(() => readCsvRequest(Buffer.from('1.5;2\n1,5;2\n'), PLAIN), {
    message: /^line 2, column 1: expected a finite number as "a", got "1,5"$/,
  });
  // A cell that the first thousand rows do not show.
  const many = `${'1,5;2\n'.repeat(1500)}1,5;2.5\n`;
  assert.throws(() => readCsvRequest(Buffer.from(many), PLAIN), {
    message: /^line 1501, column 2: expected a finite number, written as 1234,5 as "b", got "2.5"$/,
  });
});

test('a CSV in an encoding that its bytes do not show is read as its charset says', async () => {
  const column: Column = { name: 'c', type: 'category', missing: 0, levels: ['Łódź', 'Kraków'], counts: [1, 1] };
  const model: RowModel = { features: ['c'], columns: [column], maxRows: 10, allowMissing: false };
  const text = Buffer.from('c\n\xa3\xf3d\xbc\nKrak\xf3w\n', 'latin1');
  for (const read of [
    readCsvRequest(text, model, { charset: 'iso-8859-2' }),
    await readCsvRows(text, model, 'iso-8859-2'),
  ])
    assert.deepEqual([...read.rows.subarray(0, 2)], [0, 1]);
});

test('a cell that a column cannot take is refused with its line in every dialect', () => {
  const text = `sep=;\n${TEXT}4;Bonn;1.5;ja\n`;
  assert.throws(() => readCsvRequest(Buffer.from(text), MODEL), {
    code: 'INVALID_ROWS',
    message: 'line 6, column 3: expected a finite number, written as 1.234,5 as "größe", got "1.5"',
  });
});

test('rows end in any way, and each in another', async () => {
  for (const text of ['a,b\r\n1,2\n3,4\r5,6', '1,2\r3,4\n5,6\r\n', 'a,b\n1,2\r\n3,4\n5,6\n', 'a,b\r1,2\r3,4\r5,6\r']) {
    assert.deepEqual(
      readCsvRequest(Buffer.from(text), PLAIN).rows,
      Float32Array.of(1, 2, 3, 4, 5, 6),
      JSON.stringify(text),
    );
  }
});

test('a quote that is not closed is named by the line after which its row is', () => {
  for (const [text, row] of [
    ['a,b\n1,2\n\n3,"4\n5,6\n', 'row after line 2'],
    ['1,"2\n3,4', 'first row'],
    ['sep=,\na,b\n1,"2', 'row after line 2'],
  ] as const) {
    const message = new RegExp(`^the CSV: the ${row}: a quote in column 2 is not closed`);
    assert.throws(() => readCsvRequest(Buffer.from(text), PLAIN), { code: 'INVALID_CSV', message }, text);
  }
});

test('a header without a name for the names of rows, as R writes it, names the other columns', async () => {
  for (const text of ['"a","b"\r\n"1",1,2\r\n"2",3,4\r\n', 'b;a\nx;2;1\ny;4;3\n']) {
    for (const read of [readCsvRequest, readCsvRows]) {
      const { rows, count, ignored } = await read(Buffer.from(text), PLAIN);
      assert.deepEqual(
        [rows.subarray(0, 4), count, ignored],
        [Float32Array.of(1, 2, 3, 4), 2, 1],
        `${text}, ${read.name}`,
      );
    }
  }
  for (const text of ['a,b\n1,2,3\n1,2,3\n', 'a,b\n1,2,3\n4,5\n']) {
    assert.throws(() => readCsvRequest(Buffer.from(text), PLAIN), { message: /expected 2 values/ }, text);
  }
});
