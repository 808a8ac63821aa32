import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { ColumnOrder } from '../../../../src/model/tables/columns.js';
import { readCsv } from '../../../../src/model/tables/csv/csv-reader.js';
import { csvToTable } from '../../../../src/model/tables/csv/csv-table.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

test('a plain CSV becomes features and targets', async (t) => {
  const { info, data } = await read(t, 'a,b,y\n1,2,3\n4.5,-6,7e1\n');
  assert.deepEqual([info.features, info.targets, info.rows, info.dropped], [['a', 'b'], ['y'], 2, 0]);
  assert.deepEqual(data, { rows: 2, features: Float32Array.of(1, 2, 4.5, -6), targets: Float32Array.of(3, 70) });
});

test('several targets may be anywhere, and are stored in the requested order', async (t) => {
  const { info, data } = await read(t, 'y,a,z\n1,2,3\n', ['z', 'y']);
  assert.deepEqual([info.features, info.targets], [['a'], ['z', 'y']]);
  assert.deepEqual([data.features, data.targets], [Float32Array.of(2), Float32Array.of(3, 1)]);
});

test('columns are written in the order that `order` returns', async (t) => {
  const { info, data } = await read(t, 'b,y,a\n1,2,3\n', ['y'], (found) => ({
    ...found,
    features: found.features.toSorted(),
  }));
  assert.deepEqual([info.features, data.features], [['a', 'b'], Float32Array.of(3, 1)]);
});

test('an error thrown by `order` is passed on', async (t) => {
  const refusal = new Error('not these');
  const refuse = () => {
    throw refusal;
  };
  await assert.rejects(read(t, 'a,y\n1,2\n', ['y'], refuse), (error) => error === refusal);
});

test('a byte order mark, CRLF, quotes, blank lines and a missing last line end do not matter', async (t) => {
  const plain = await read(t, 'a,b,y\n1,2,3\n4,5,6\n');
  const spellings = [
    '\ufeffa,b,y\n1,2,3\n4,5,6\n',
    'a,b,y\r\n1,2,3\r\n4,5,6\r\n',
    'a,b,y\r1,2,3\r4,5,6\r',
    '\ufeff"a","b","y"\r\n"1","2","3"\r\n4,"5",6',
    'a,b,y\n\n1,2,3\n\n\n4,5,6\n\n',
    ' a , b ,\ty\n 1 , 2,3 \n4,5,6',
  ];
  for (const text of spellings) {
    assert.deepEqual(await read(t, text), plain, JSON.stringify(text));
  }
});

test('quoted names may hold commas, quotes and line ends', async (t) => {
  const { info } = await read(t, '"a,1","b ""x""","c\nd",y\n1,2,3,4\n');
  assert.deepEqual(info.features, ['a,1', 'b "x"', 'c\nd']);
});

test('numbers are decimal numbers; anything else is a missing value', async (t) => {
  const numbers: [string, number][] = [
    ['3', 3],
    [' 3 ', 3],
    ['+5', 5],
    ['-.5', -0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['007', 7],
    ['1e-400', 0],
    ['0.1000000000000000000000000001', 0.1],
  ];
  for (const [cell, value] of numbers) {
    const { data } = await read(t, `a,y\n"${cell}",1\n`);
    assert.deepEqual(data.features, Float32Array.of(value), cell);
  }
});

test('markers of a gap are missing values, and no row is dropped for them', async (t) => {
  for (const cell of [
    '',
    ' ',
    'NA',
    'nan',
    'NaN',
    'null',
    'NULL',
    'None',
    '<NA>',
    '#N/A',
    '?',
    '-',
    '.',
    '--',
    '1e400',
    '1e39',
  ]) {
    const { info, data } = await read(t, `a,y\n1,1\n"${cell}",1\n3,5\n`);
    assert.deepEqual([info.rows, info.dropped, info.missing], [3, 0, { a: 1, y: 0 }], JSON.stringify(cell));
    assert.deepEqual(data.features, Float32Array.of(1, Number.NaN, 3));
  }
});

test('a row without a target is dropped and counted', async (t) => {
  const { info, data } = await read(t, 'a,y\n1,1\n2,NA\n3,\n4,4\n5,5\n');
  assert.deepEqual([info.rows, info.dropped, info.missing], [3, 2, { a: 0, y: 2 }]);
  assert.deepEqual(data.features, Float32Array.of(1, 4, 5));
  await assert.rejects(read(t, 'a,y\n1,\n2,NA\n3,5\n'), {
    code: 'TOO_MANY_MISSING',
    message: /most of them in column "y"/,
  });
});

test('a cell in a column of numbers that is neither a number nor the marker of a gap is refused with its line', async (t) => {
  const others = ['e5', '0x10', '0b1', 'infinite', '1.2.3', '--1', '1e', '1e5.5', 'true', '٣', '12n', '5²', '12 km'];
  for (const cell of others) {
    await assert.rejects(
      read(t, `a,y\n1,1\n2,2\n"${cell}",1\n`),
      {
        code: 'INVALID_CSV',
        message: `column "a": 1 of 3 cells is neither a number nor a known marker of a gap: ${JSON.stringify(cell)} (line 4); types=a:category takes it as text, drop=a leaves the column out${/\d\.\d/.test(cell) ? ', decimal=, or decimal=. says how its numbers are written' : ''}`,
      },
      cell,
    );
  }
});

test('all columns with such cells are named at once, each with three cells at most', async (t) => {
  const rows = Array.from({ length: 12 }, (_, i) => `${i < 4 ? `bad${i}` : i},${i === 5 ? 'x' : i * i},${i}`);
  await assert.rejects(read(t, `a,b,y\n${rows.join('\n')}\n`), {
    code: 'INVALID_CSV',
    message:
      /^column "a": 4 of 12 cells are .*: "bad0" \(line 2\), "bad1" \(line 3\), "bad2" \(line 4\) …;.*\ncolumn "b": 1 of 12 cells is .*"x" \(line 7\)/,
  });
});

test('a header alone is a table without rows', async (t) => {
  assert.equal((await read(t, 'a,y\n')).info.rows, 0);
  assert.equal((await read(t, 'a,y')).info.rows, 0);
});

test('an empty CSV is refused', async (t) => {
  for (const text of ['', '\n\n', '\ufeff', '\r\n']) {
    await assert.rejects(
      read(t, text),
      { code: 'INVALID_CSV', message: 'expected a header row, got nothing' },
      JSON.stringify(text),
    );
  }
});

test('a ragged row is refused with its line', async (t) => {
  for (const row of ['1', '1,2,3', '1,2,']) {
    await assert.rejects(read(t, `a,y\n1,2\n${row}\n`), { code: 'INVALID_CSV', message: /line 3/ }, row);
  }
});

test('broken quotes are refused with their place, and with what to write instead', async (t) => {
  const texts: [text: string, message: RegExp][] = [
    ['a,y\n1,2\n\n3,"4\n5,6\n', /^the CSV: the row after line 2: a quote in column 2 is not closed; .* write .*""/],
    ['"a,y\n1,2\n', /^the CSV: the first row: a quote in column 1 is not closed/],
    ['sep=,\na,y\n1,2\n1,"2\n', /the row after line 3: a quote in column 2/],
    ['a,y\n1,2\n1"2,3\n', /^the CSV: line 3, column 1: a quote is in a text that has none around it; write .*""/],
    ['a,y\r\n"1"2,3\r\n', /^the CSV: line 2, column 1: text follows the quote that closes the cell; write .*""/],
    [`a,y\n1,2\n3,"${'4,5\n'.repeat(3e5)}`, /^the CSV: the row after line 2: expected at most 1048576 bytes/],
  ];
  for (const [text, message] of texts) {
    await assert.rejects(read(t, text), { code: 'INVALID_CSV', message }, JSON.stringify(text.slice(0, 40)));
  }
});

test('the names of rows, for which R writes no name in the header, are left out as an index', async (t) => {
  const { data } = await read(t, 'a,y\n1.5,2\n3,4\n5,7\n');
  for (const text of [
    '"a","y"\r\n"1",1.5,2\r\n"2",3,4\r\n"3",5,7\r\n',
    'a;y\n1;1.5;2\n2;3;4\n3;5;7\n',
    '"a"\t"y"\n"Mazda RX4"\t1.5\t2\n"Fiat 128"\t3\t4\n"Volvo"\t5\t7\n',
  ]) {
    const named = await read(t, text);
    assert.deepEqual([named.info.features, named.data], [['a'], data], text);
    assert.equal(named.info.left_out[0]?.name, 'Unnamed: 0');
  }
  // A row too long, or names that are not unique, are a mistake.
  for (const text of ['a,y\n1,2\n1,2,3\n', 'a,y\n1,1,2\n1,3,4\n', 'a,y\n1,2,3\n4,5\n']) {
    await assert.rejects(read(t, text), { code: 'INVALID_CSV', message: /expected 2 cells/ }, text);
  }
});

test('cells that are separated by spaces are refused with the separators that there are', async (t) => {
  await assert.rejects(read(t, '"a" "y"\n"1" 2 3\n'), { code: 'INVALID_CSV', message: /not by spaces/ });
});

test('rows end in any way, and each in another', async (t) => {
  const { data } = await read(t, 'a,y\n1,2\n3,4\n5,7\n');
  for (const text of [
    'a,y\r\n1,2\n3,4\n5,7\n',
    'a,y\n1,2\r\n3,4\r5,7\n',
    'a,y\r1,2\r\n3,4\n5,7',
    'a,y\r\r\n1,2\r\r\n3,4\n\r5,7\r',
  ]) {
    assert.deepEqual((await read(t, text)).data, data, JSON.stringify(text));
  }
  const quoted = await read(t, '"a\r\nb\rc\nd",y\r\n1,2\n3,4\r');
  assert.deepEqual(quoted.info.features, ['a\r\nb\rc\nd']);
});

test('a column without a name gets the one that pandas gives to it, and a repeated name is refused', async (t) => {
  const { info } = await read(t, 'a,,y,\n1,2,3,\n2,5,4,\n3,3,6,\n');
  assert.deepEqual(info.features, ['a', 'Unnamed: 1']);
  await assert.rejects(read(t, ',, \n1,2,3\n'), { code: 'INVALID_CSV', message: 'header: no column has a name' });
  await assert.rejects(read(t, 'b,a, a,y\n1,2,3,4\n'), {
    code: 'INVALID_CSV',
    message: 'header: column "a" appears twice',
  });
});

test('infinite numbers and those beyond float32 are gaps that the report names, as in every other format', async (t) => {
  for (const cell of ['Infinity', '-inf', 'Inf', '+INFINITY', '1e999', '-1e39']) {
    const { info, data } = await read(t, `a,y\n1,1\n2.5,2\n"${cell}",1\n`);
    assert.deepEqual(data.features, Float32Array.of(1, 2.5, Number.NaN), cell);
    assert.deepEqual([info.rows, info.missing], [3, { a: 1, y: 0 }], cell);
    assert.match(
      info.warnings['a']![0]!,
      /^1 number is infinite or beyond float32, first .*: it counts as a gap$/,
      cell,
    );
  }
  const { info } = await read(t, 'a,y\n1,1\n2.5,2\n3,inf\n4,1e39\n5,6\n');
  assert.deepEqual([info.rows, info.dropped], [3, 2]);
  assert.match(info.warnings['y']![0]!, /^2 numbers are infinite or beyond float32/);
});

test('a missing target is refused before a row is read', async (t) => {
  await assert.rejects(read(t, 'a,b\n"broken\n'), { code: 'UNKNOWN_COLUMN' });
});

test('names that every object inherits are ordinary columns', async (t) => {
  const { info, data } = await read(t, '__proto__,constructor,toString\n1,2,3\n', ['toString']);
  assert.deepEqual([info.features, info.targets], [['__proto__', 'constructor'], ['toString']]);
  assert.deepEqual([data.features, data.targets], [Float32Array.of(1, 2), Float32Array.of(3)]);
});

test('a cell of a megabyte is quickly refused or read', async (t) => {
  const { user: started } = process.cpuUsage();
  await assert.rejects(read(t, `a,y\n${'1'.repeat(2 ** 21)},2\n`), {
    code: 'INVALID_CSV',
    message: /expected at most 1048576 bytes/,
  });
  // Many digits and then a letter: a pattern that tries every way to split them would take hours.
  for (const cell of [`${'1'.repeat(1_000_000)}x`, `${'1'.repeat(500_000)}.${'1'.repeat(500_000)}x`]) {
    await assert.rejects(read(t, `a,y\n1,2\n${cell},2\n`), { code: 'INVALID_CSV', message: /"1{39}… \(line 3\)/ });
  }
  const milliseconds = (process.cpuUsage().user - started) / 1000;
  assert.ok(milliseconds < 5000, `${milliseconds} ms of a processor`);
});

test('a header of too many columns is refused quickly, however long it is', async (t) => {
  const names = Array.from({ length: 100_000 }, (_, i) => `x${i}`);
  const { user: started } = process.cpuUsage();
  await assert.rejects(read(t, `${names.join()},y\n`), { code: 'UNKNOWN_COLUMN', message: /at most 1000 columns/ });
  const milliseconds = (process.cpuUsage().user - started) / 1000;
  assert.ok(milliseconds < 5000, `${milliseconds} ms of a processor`);
});

test('text may be split into chunks anywhere, even inside a character or a line end', async (t) => {
  const bytes = Buffer.from('\ufeffpréis,"b\r\nc",y\r\n1,2,3\r\n4,5,6\r\n');
  const whole = await read(t, bytes);
  assert.deepEqual(whole.info.features, ['préis', 'b\r\nc']);
  for (const size of [1, 2, 3, 5, 7]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assert.deepEqual(await read(t, chunks), whole, `chunks of ${size}`);
  }
});

test('a source that fails midway fails the table with its own error', async (t) => {
  const failure = new Error('the client went away');
  const source = Readable.from(
    (function* () {
      yield 'a,y\n1,2\n';
      throw failure;
    })(),
  );
  await assert.rejects(csvToTable(source, temporaryDirectory(t), ['y']), (error) => error === failure);
});

test('a source that is aborted fails the table', async (t) => {
  const source = new Readable({ read() {} });
  source.push('a,y\n1,2\n');
  const table = csvToTable(source, temporaryDirectory(t), ['y']);
  source.destroy();
  await assert.rejects(table, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test('a refused source is destroyed, so that the sender stops', async (t) => {
  const source = new Readable({ read() {} });
  source.push(`a,a,y\n${'1,2,3\n'.repeat(20_000)}`);
  await assert.rejects(csvToTable(source, temporaryDirectory(t), ['y']), { code: 'INVALID_CSV' });
  assert.ok(source.destroyed);
});

async function read(t: TestContext, text: string | Buffer | Buffer[], targets = ['y'], order?: ColumnOrder) {
  const directory = temporaryDirectory(t);
  await csvToTable(Readable.from([text].flat(), { objectMode: false }), directory, targets, order);
  return readTable(directory);
}

test('a row of millions of empty cells is refused before it takes their memory', async () => {
  const rows = 'a,b\n1,2\n3';
  const before = process.memoryUsage().heapUsed;
  let peak = 0;
  const source = (function* () {
    yield Buffer.from(rows);
    for (let i = 0; i < 64; i++) {
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
      yield Buffer.alloc(2 ** 18, ',');
    }
  })();
  await assert.rejects(
    readCsv(
      source,
      () => {},
      () => {},
    ),
    { code: 'INVALID_CSV', message: 'line 3: expected at most 16384 cells, got more' },
  );
  assert.ok(peak < 2 ** 25, `${peak} bytes`);
});
