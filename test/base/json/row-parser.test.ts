import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowParser } from '../../../src/base/json/row-parser.js';
import { createRandom } from '../../../src/base/statistics/random.js';
import { readRows } from '../../../src/model/tables/json/json-rows.js';

/** Reads a text by JSON.parse and a walk. Returns undefined if that refuses the text. */
function longWay(text: string, width: number): Float32Array | undefined {
  try {
    const body = JSON.parse(text) as unknown;
    const instances = Array.isArray(body) ? body : (body as { instances: unknown }).instances;
    if (!Array.isArray(instances) || instances.length === 0) return undefined;
    if (!Array.isArray(body) && Object.keys(body as object).length > 1) return undefined;
    const names = Array.from({ length: width }, (_, j) => `x${j}`);
    return readRows(instances, { features: names, maxRows: 1e6, allowMissing: false }).rows;
  } catch {
    return undefined;
  }
}

function parsed(text: string, width: number): Float32Array | undefined {
  const parser = new RowParser();
  const count = parser.parse(Buffer.from(text), width);
  return count > 0 ? parser.rows.slice(0, count * width) : undefined;
}

/** Fails unless the parser returns the same bits as JSON.parse, or, with `mayRefuse`, rejects the text. */
function compare(text: string, width: number, mayRefuse: boolean): void {
  const [mine, theirs] = [parsed(text, width), longWay(text, width)];
  if (!mine && mayRefuse) return;
  assert.deepEqual(mine && bits(mine), theirs && bits(theirs), text);
}

function bits(rows: Float32Array): number[] {
  return Array.from(new Uint32Array(rows.buffer, rows.byteOffset, rows.length));
}

test('rows are read as JSON.parse reads them, with or without the key and spaces', () => {
  for (const text of [
    '{"instances": [[1, 2], [3, 4]]}',
    '{"instances":[[1,2],[3,4]]}',
    '[[1,2],[3,4]]',
    ' \t\r\n{ "instances" \n:\t[ [ 1 , 2 ] , [ 3 ,\r4 ] ] } \n',
  ]) {
    assert.deepEqual(parsed(text, 2), Float32Array.of(1, 2, 3, 4), text);
  }
});

test('a number is rounded as JSON.parse and a float32 round it, to the last bit', () => {
  const max = '340282346638528859811704183484516925440';
  const numbers = ['0', '-0', '-0.0', '0.1', '-1.5', '16777217', '16777217.000000001', '123456789012345678', max];
  // Halfway between two float32, a little above and a little below it, in more digits than float64 has.
  numbers.push('1.000000059604644775390625', '1.0000000596046447753906250001', '1.0000000596046447753906249999');
  numbers.push(
    '1e-46',
    '1.4e-45',
    '7.006492321624085e-46',
    '1E5',
    '1e+5',
    '2.5e-7',
    '1e0',
    '2.9e38',
    `0.${'3'.repeat(60)}`,
  );
  numbers.push(
    `${'9'.repeat(29)}.9`,
    `0.${'0'.repeat(21)}1`,
    `0.${'0'.repeat(22)}1`,
    `0.${'0'.repeat(44)}15`,
    `1${'0'.repeat(31)}`,
  );
  for (const number of numbers) {
    const [row] = parsed(`[[${number}]]`, 1) ?? [];
    if (number !== max) assert.ok(row !== undefined, number);
    compare(`[[${number}]]`, 1, number === max);
  }
});

test('unusual and invalid text is left to JSON.parse', () => {
  for (const number of [
    '',
    '-',
    '.5',
    '5.',
    '05',
    '-05',
    '+1',
    '1e',
    '1e+',
    '1.e5',
    '0x10',
    '1_0',
    'NaN',
    'Infinity',
    'null',
  ]) {
    assert.equal(parsed(`[[${number}]]`, 1), undefined, number);
  }
  for (const number of [
    '"1"',
    'true',
    '[1]',
    '{}',
    '1e999',
    '1e39',
    '-1e39',
    '--1',
    '1-',
    '1 2',
    '1e5e5',
    '1ee5',
    '1.2.3',
  ]) {
    assert.equal(parsed(`[[${number}]]`, 1), undefined, number);
  }
  for (const text of [
    ...[
      '',
      ' ',
      '[',
      '[]',
      '[[]]',
      '[[1]',
      '[[1],]',
      '[[1,]]',
      '[,[1]]',
      '[[1]]]',
      '[[1]] x',
      '[1]',
      '[[1] [2]]',
      '[[1]}',
    ],
    ...['{}', '{"instances"}', '{"instances":}', '{"instances":[]}', '{"instances":[[1]]', '{"instances":[[1]]]'],
    ...[
      '{"instances":[[1]]},',
      '{"instances":[[1]],"a":1}',
      '{"instance":[[1]]}',
      "{'instances':[[1]]}",
      '{instances:[[1]]}',
    ],
    ...['{"instances":[[1]],"instances":[[2]]}', '{"\\u0069nstances":[[1]]}', '{"instances":[{"a":1}]}', '\ufeff[[1]]'],
    ...[
      '[[1,2]]',
      '[[1],[2,3]]',
      '\u00a0[[1]]',
      '[[1\u00a0]]',
      '[[1\u0000]]',
      '[[1e5\u000b]]',
      '[[1e5\f]]',
      '[[1]',
      '"[[1]]"',
    ],
  ]) {
    assert.equal(parsed(text, 1), undefined, text);
  }
});

test('random numbers in random notation give the bits that JSON.parse gives', () => {
  const random = createRandom(7);
  const { below } = random;
  const digits = (n: number) => Array.from({ length: n }, () => below(10)).join('');
  const number = () => {
    const kind = below(5);
    if (kind === 0) return String((random.uniform() - 0.5) * 10 ** (below(60) - 30));
    if (kind === 1) return String(Math.fround(random.normal()));
    if (kind === 2) return halfway(random.normal()) + digits(below(3));
    const whole = below(2) ? '0' : `${1 + below(9)}${digits(below(18))}`;
    const exponent = below(4) ? '' : `${below(2) ? 'e' : 'E'}${['', '+', '-'][below(3)]}${below(50)}`;
    return `${below(2) ? '-' : ''}${whole}${below(2) ? '' : `.${digits(1 + below(40))}`}${exponent}`;
  };
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = `[[${number()},${number()}]]`;
    if (longWay(text, 2)) taken++;
    compare(text, 2, longWay(text, 2)?.some((value) => Math.abs(value) > 1e38) ?? false);
  }
  assert.ok(taken > 15_000, `${taken} of the texts were rows`);

  /** The float64 in the middle between two neighbouring float32, where rounding is hardest. */
  function halfway(value: number): string {
    const bits = new Int32Array(1);
    const float = new Float32Array(bits.buffer);
    float[0] = value;
    const [lower] = float;
    bits[0]!++;
    const text = String((lower! + float[0]!) / 2);
    return text.includes('.') && !text.includes('e') ? text : `${Math.fround(value).toFixed(3)}`;
  }
});

test('no damaged text is accepted that JSON.parse refuses or reads differently', () => {
  const random = createRandom(8);
  const { below } = random;
  const alphabet = '[]{}",:.-+eE0123456789 \n\t\u00e9nul"';
  for (let i = 0; i < 30_000; i++) {
    let text = below(2) ? '{"instances": [[1.5, -20], [3e2, 0.25]]}' : '[[10,2],[0.5,4E-1]]';
    for (let times = 1 + below(3); times > 0; times--) {
      const [at, removed] = [below(text.length), below(3)];
      text = text.slice(0, at) + (below(3) ? alphabet[below(alphabet.length)] : '') + text.slice(at + removed);
    }
    compare(text, 2, true);
  }
});

test('the rows of one text do not leak into the next', () => {
  const parser = new RowParser();
  assert.equal(parser.parse(Buffer.from(`[${Array(500).fill('[7,8]').join()}]`), 2), 500);
  assert.deepEqual(
    parser.rows.slice(0, 1000),
    Float32Array.from({ length: 1000 }, (_, i) => 7 + (i % 2)),
  );
  assert.equal(parser.parse(Buffer.from('[[1,2]]'), 2), 1);
  assert.deepEqual(parser.rows.slice(0, 2), Float32Array.of(1, 2));
  assert.equal(parser.parse(Buffer.from('[[1,2'), 2), 0);
});

test('in chunks, only rows are read: a text with a megabyte of anything in one chunk is left to JSON.parse', () => {
  const inParts = (text: string) => {
    const parser = new RowParser();
    const reading = parser.parseInParts(Buffer.from(text), 2, 4);
    let step = reading.next();
    while (!step.done) step = reading.next();
    return step.value > 0 ? bits(parser.rows.slice(0, 2 * step.value)) : undefined;
  };
  const blank = ' '.repeat(2 ** 20);
  // Longer than many chunks, and with white space in each.
  const rows = Array.from({ length: 1000 }, (_, i) => `[${i}.5, ${' '.repeat(5000)}-${i}]`).join(', ');
  for (const text of [`{"instances": [${rows}]}`, `[${rows}]`]) {
    assert.deepEqual(inParts(text), bits(longWay(text, 2)!));
    assert.equal(inParts(`${text}x`), undefined);
  }
  for (const text of [
    `${blank}[[1, 2]]`,
    `[[1, ${blank}2]]`,
    `[[1, 2]${blank}]`,
    `[[1, 2]]${blank}`,
    `[[1, 2]]${blank}x`,
  ]) {
    assert.equal(inParts(text), undefined, text.trim().slice(0, 20));
  }
  // A chunk ends within a row, within a number, or just before the bracket that closes the rows.
  for (let shift = 1; shift < 12; shift++) {
    const text = `[[10, 20],${' '.repeat(2 ** 20 - 10 - shift)}[30, 40], [50, 60]]`;
    assert.equal(inParts(text), undefined, String(shift));
  }
});
