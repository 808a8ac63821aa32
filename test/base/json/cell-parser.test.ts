import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CellParser } from '../../../src/base/json/cell-parser.js';
import { createRandom } from '../../../src/base/statistics/random.js';

/** The first column has numbers; the others have texts of their own, truth values and gaps. Nothing takes the text "none". */
const IS_NUMBER = [true, false, false];
function read(column: number, value: string | boolean | null): number | undefined {
  if (value === null) return Number.NaN;
  if (column === 0 || value === 'none') return undefined;
  return typeof value === 'boolean' ? Number(value) : value.length * 1000 + column * 100 + (value.charCodeAt(0) || 0);
}

/** Reads a body as `CellParser` promises to. */
function expectedRows(body: string): Float32Array {
  const parsed: unknown = JSON.parse(body);
  const rows = (Array.isArray(parsed) ? parsed : (parsed as { instances: unknown }).instances) as unknown[][];
  return Float32Array.from(rows.flatMap((row) => row.map((cell, j) => cellOf(cell, j))));
}

function cellOf(cell: unknown, column: number): number {
  return typeof cell === 'number' ? cell : read(column, cell as string | boolean | null)!;
}

function parsed(parser: CellParser, body: string): Float32Array {
  const count = parser.parse(Buffer.from(body), 'instances');
  return parser.rows.slice(0, count * IS_NUMBER.length);
}

test('rows of cells have the same bits as those of JSON.parse, however often their texts come', () => {
  const parser = new CellParser(IS_NUMBER, read);
  const random = createRandom(1);
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  const texts = Array.from({ length: 9000 }, (_, i) => JSON.stringify(`level ${i}`.repeat(1 + (i % 5))));
  const numbers = [
    '0',
    '-0',
    '1.5',
    '123456789012345678',
    '1e3',
    '-2.25E-4',
    '0.1',
    '3.4e37',
    '1.00000005960464477539',
  ];
  const spaces = ['', ' ', '\n\t', '\r'];
  for (let body = 0; body < 300; body++) {
    const rows = Array.from({ length: 1 + random.below(40) }, () => {
      const cell = () => pick([pick(texts), pick(texts.slice(0, 20)), 'true', 'false', 'null', '""']);
      const cells = [pick([...numbers, String(random.normal()), 'null']), cell(), cell()];
      return `[${cells.map((each) => pick(spaces) + each + pick(spaces)).join()}]`;
    });
    const list = `[${rows.join(pick([',', ' , ']))}]`;
    const text = body % 2 === 0 ? list : ` { "instances" : ${list} } `;
    assert.deepEqual(parsed(parser, text), expectedRows(text), text);
  }
});

test('equal texts of two columns, and texts that differ in one byte, are distinguished', () => {
  const parser = new CellParser(IS_NUMBER, read);
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual([...parsed(parser, '[[1,"aa","aa"],[2,"ba","aa"]]')], [1, 2197, 2297, 2, 2198, 2297]);
  }
});

test('what JSON.parse or a column refuses, and what is unusual, is left to others', () => {
  const parser = new CellParser(IS_NUMBER, read);
  const refused = [
    ...[
      '',
      '[',
      '[[',
      '[[1',
      '[[1,',
      '[[1,"a',
      '[[1,"a"',
      '[[1,"a",true',
      '[[1,"a",true]',
      '{"instances":[[1,"a",true]]',
    ],
    ...[
      '[[1,"a",true]]x',
      '[[1,"a",true],]',
      '[[1,"a",true,]]',
      '[[1,"a"]]',
      '[[1,"a",true,null]]',
      '[]',
      '[[]]',
      '{}',
    ],
    ...[
      '[[01,"a",true]]',
      '[[.5,"a",true]]',
      '[[1.,"a",true]]',
      '[[-,"a",true]]',
      '[[1e,"a",true]]',
      '[[1x,"a",true]]',
    ],
    ...[
      '[[1e999,"a",true]]',
      '[[NaN,"a",true]]',
      '[["1","a",true]]',
      '[[true,"a",true]]',
      '[[1,2,true]]',
      '[[1,"none",true]]',
    ],
    ...[
      '[[1,"a",True]]',
      '[[1,"a",tru]]',
      '[[1,"a",nullnull]]',
      '[[1,"a" "b",true]]',
      '[[1,"a\nb",true]]',
      '[[1,"\\u0061",true]]',
    ],
    ...[
      '[[1,"ä",true]]',
      '[[1,["a"],true]]',
      '[[1,{},true]]',
      '{"other":[[1,"a",true]]}',
      '{"instances":[[1,"a",true]],"b":1}',
    ],
  ];
  for (const text of refused) assert.equal(parser.parse(Buffer.from(text), 'instances'), 0, text);
  // A text that a column refused once is refused again, and a parser that has refused reads on.
  assert.equal(parser.parse(Buffer.from('[[1,"none",true]]'), 'instances'), 0);
  assert.deepEqual([...parsed(parser, '[[1,"a",false]]')], [1, 1197, 0]);
});
