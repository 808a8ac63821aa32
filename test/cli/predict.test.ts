import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { assertClose } from '../support/close-to.js';
import { CAR_HEADER, carFile, carRows, runCommand, storeDirectory } from '../support/command-line.js';
import { STORED_PREDICTIONS, STORED_ROWS } from '../support/stored-version.js';

const NAMES = CAR_HEADER.split(',');
const CSV = `${CAR_HEADER}\n${STORED_ROWS.map((row) => row.join(',')).join('\n')}\n`;
const columnOf = (j: number) => STORED_ROWS.map((row) => row[j]!);

/** Files of the same two rows, by name. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  'rows.csv': Buffer.from(CSV),
  'rows.csv.gz': gzipSync(CSV),
  'semicolons.csv': Buffer.from(CSV.replaceAll(',', ';').replaceAll('.', ',')),
  'rows.parquet': new Uint8Array(
    parquetWriteBuffer({ columnData: NAMES.map((name, j) => ({ name, data: columnOf(j), type: 'DOUBLE' as const })) }),
  ),
  'rows.arrows': tableToIPC(arrowTable(), 'stream'),
  'rows.arrow': tableToIPC(arrowTable(), 'file'),
};

function arrowTable() {
  return tableFromArrays(Object.fromEntries(NAMES.map((name, j) => [name, Float64Array.from(columnOf(j))])));
}

/** Reads a file of predictions, in any format. */
async function read(path: string): Promise<Record<string, number>[]> {
  const bytes = readFileSync(path);
  if (path.endsWith('.csv')) {
    const [head, ...lines] = bytes.toString().trimEnd().split('\n');
    return lines.map((line) =>
      Object.fromEntries(line.split(',').map((cell, i) => [head!.split(',')[i]!, Number(cell)])),
    );
  }
  const objects = path.endsWith('.parquet')
    ? await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
    : tableFromIPC(bytes)
        .toArray()
        .map((row) => row.toJSON());
  return objects.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])));
}

function assertPredictions(found: readonly Record<string, number>[]): void {
  // Versions of Node.js have other vector instructions, which round in another order.
  assertClose(
    found.map(({ mpg }) => mpg!),
    STORED_PREDICTIONS,
    1e-5,
  );
  for (const { reconstruction_error: error } of found) assert.ok(error! > 0 && error! < 1);
}

test('every format is read, from a file and from standard input, and predicted as by the service', async (t) => {
  const cwd = storeDirectory(t);
  for (const [name, content] of Object.entries(FILES)) {
    writeFileSync(join(cwd, name), content);
    const sources = [{ args: [name] }, { args: ['-'], input: content }];
    for (const { args, input = '' } of sources) {
      const { code, stderr } = await runCommand(t, ['predict', ...args, '--out', 'out.csv'], { cwd, input });
      assert.equal(code, 0, `${name}: ${stderr}`);
      assert.match(stderr, /^2 rows predicted with version 1 of /);
      assertPredictions(await read(join(cwd, 'out.csv')));
    }
  }
});

test('a named pipe is read once, in any format', async (t) => {
  const cwd = storeDirectory(t);
  for (const name of ['rows.csv', 'rows.csv.gz', 'rows.parquet', 'rows.arrow']) {
    writeFileSync(join(cwd, name), FILES[name]!);
    const under = ['sh', '-c', 'mkfifo pipe && { cat "$0" >pipe & "$@"; code=$?; rm pipe; exit $code; }', name];
    const { code, stderr } = await runCommand(t, ['predict', 'pipe', '--out', 'out.csv'], { cwd, under });
    assert.equal(code, 0, `${name}: ${stderr}`);
    assertPredictions(await read(join(cwd, 'out.csv')));
  }
});

test('a file of which every row is rejected is a failure, and the reasons are written', async (t) => {
  const cwd = storeDirectory(t);
  const [first] = CSV.split('\n').slice(1);
  writeFileSync(join(cwd, 'rows.csv'), [CAR_HEADER, first!.replace('3504', 'heavy')].join('\n'));
  const args = ['predict', 'rows.csv', '--out', 'out.csv', '--rejects', 'bad.csv'];
  const { code, stderr } = await runCommand(t, args, { cwd });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /0 rows predicted, 1 rejected \(bad\.csv\)/);
  assert.match(readFileSync(join(cwd, 'bad.csv'), 'utf8'), /heavy/);
});

test('every format is written, by the extension or by --format', async (t) => {
  const cwd = storeDirectory(t);
  writeFileSync(join(cwd, 'rows.csv'), CSV);
  for (const format of ['csv', 'parquet', 'arrow', 'arrows']) {
    const { code, stderr } = await runCommand(t, ['predict', 'rows.csv', '--out', `out.${format}`], { cwd });
    assert.equal(code, 0, stderr);
    assertPredictions(await read(join(cwd, `out.${format}`)));
    const piped = await runCommand(t, ['predict', 'rows.csv', '--format', format], {
      cwd,
      under: ['sh', '-c', '"$@" >piped', 'sh'],
    });
    assert.equal(piped.code, 0, piped.stderr);
    assert.deepEqual(readFileSync(join(cwd, 'piped')), readFileSync(join(cwd, `out.${format}`)));
  }
  const { code, stderr } = await runCommand(t, ['predict', 'rows.csv', '--out', 'out.xlsx'], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /its extension names no format; use \.csv, \.parquet, \.arrow or \.arrows, or --format/);
});

test('a file of many blocks, row groups and batches keeps its order in every format', async (t) => {
  const cwd = storeDirectory(t);
  const rows = 140_000;
  carFile(cwd, 'cars.csv', carRows(rows));
  for (const format of ['csv', 'parquet', 'arrow', 'arrows']) {
    const args = ['predict', 'cars.csv', '--out', `out.${format}`, '--rejects', 'rejects.csv', '--json'];
    const { code, stdout, stderr } = await runCommand(t, args, { cwd });
    assert.equal(code, 0, stderr);
    const { predicted, rejected } = JSON.parse(stdout) as Record<string, number>;
    assert.deepEqual([predicted, rejected], [rows, 0]);
  }
  const expected = await read(join(cwd, 'out.csv'));
  assert.ok(expected.every(({ row }, i) => row === i + 1));
  for (const format of ['parquet', 'arrow', 'arrows']) {
    const found = await read(join(cwd, `out.${format}`));
    assert.equal(found.length, rows);
    const differs = found.findIndex(
      ({ row, mpg }, i) => row !== i + 1 || Math.fround(mpg!) !== Math.fround(expected[i]!['mpg']!),
    );
    assert.equal(differs, -1, `${format}: row ${differs}`);
  }
});

test('rows that cannot be predicted are rejected with their place and reason, in every format', async (t) => {
  const cwd = storeDirectory(t);
  const [first, second] = CSV.split('\n').slice(1);
  const huge = second!.replace('2130', '3e38');
  const lines = [
    first,
    first!.replace('3504', 'heavy'),
    second,
    `${first},9`,
    first!.replace(',12,', ',,'),
    second,
    huge,
  ];
  writeFileSync(join(cwd, 'rows.csv'), [CAR_HEADER, ...lines].join('\n'));
  const refused = await runCommand(t, ['predict', 'rows.csv', '--out', 'out.csv'], { cwd });
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: line 3, column "weight": expected .*got "heavy"; --rejects FILE writes such rows/,
  );
  assert.deepEqual(readdirSync(cwd).sort(), ['models', 'rows.csv']);

  const { code, stderr } = await runCommand(t, ['predict', 'rows.csv', '--out', 'out.csv', '--rejects', 'bad.csv'], {
    cwd,
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /3 rows predicted, 4 rejected \(bad\.csv\)/);
  assert.deepEqual(
    (await read(join(cwd, 'out.csv'))).map(({ row }) => row),
    [1, 3, 6],
  );
  const bad = readFileSync(join(cwd, 'bad.csv'), 'utf8').trimEnd().split('\n');
  const expected = [
    /^row,line,reason$/,
    /^2,3,.*weight.*heavy/,
    /^4,5,.*expected 7 cells.*got 8/,
    /^5,6,.*acceleration.*null/,
    /^7,,row 7: float32 cannot hold /,
  ];
  for (const [i, pattern] of expected.entries()) assert.match(bad[i]!, pattern);
  assert.equal(bad.length, expected.length);

  const values = [3504, Number.NaN, 2130, 2130];
  const data = NAMES.map((name, j) => ({
    name,
    data: name === 'weight' ? values : values.map(() => STORED_ROWS[1]![j]!),
    type: 'DOUBLE' as const,
  }));
  writeFileSync(join(cwd, 'rows.parquet'), new Uint8Array(parquetWriteBuffer({ columnData: data })));
  const columns = await runCommand(t, ['predict', 'rows.parquet', '--out', 'out.csv', '--rejects', 'bad.csv'], { cwd });
  assert.equal(columns.code, 0, columns.stderr);
  assert.deepEqual(
    (await read(join(cwd, 'out.csv'))).map(({ row }) => row),
    [1, 3, 4],
  );
  assert.match(
    readFileSync(join(cwd, 'bad.csv'), 'utf8'),
    /^row,line,reason\n2,,"row 2, column ""weight"": expected .*got null"?.*\n$/,
  );

  const meant = await runCommand(t, ['predict', 'rows.parquet', '--on-missing', 'mean', '--out', 'out.csv'], { cwd });
  assert.equal(meant.code, 0, meant.stderr);
  assert.equal((await read(join(cwd, 'out.csv'))).length, 4);
});

test('a file without rows has no predictions, and one without the columns is an error that lists them', async (t) => {
  const cwd = storeDirectory(t);
  writeFileSync(join(cwd, 'empty.csv'), `${CAR_HEADER}\n`);
  const empty = await runCommand(t, ['predict', 'empty.csv'], { cwd });
  assert.deepEqual([empty.code, empty.stdout], [0, 'mpg,reconstruction_error\n'], empty.stderr);
  writeFileSync(join(cwd, 'other.csv'), 'a,b\n1,2\n');
  const other = await runCommand(t, ['predict', 'other.csv', '--json'], { cwd });
  assert.equal(other.code, 1);
  assert.deepEqual(Object.keys(JSON.parse(other.stderr)), ['error', 'code']);
  assert.match(other.stderr, /features \\"cylinders\\".* are missing; the columns are/);
});

test('the files of a command must differ, and what cannot be written is reported before anything is read', async (t) => {
  const cwd = storeDirectory(t);
  writeFileSync(join(cwd, 'rows.csv'), CSV);
  const usage: [string[], RegExp][] = [
    [['rows.csv', '--out', './rows.csv'], /--out: this is the file that is read/],
    [['rows.csv', '--out', 'p.csv', '--rejects', 'rows.csv'], /--rejects: this is the file that is read/],
    [['rows.csv', '--out', 'p.csv', '--rejects', 'p.csv'], /--rejects: this is the file of --out/],
    [['rows.csv', '--rejects', '-'], /--rejects -: the predictions go to standard output/],
    [['rows.csv', '--model', 'models', '--version', '1'], /cannot be used with/],
    [['rows.csv', '--version', 'one'], /Expected the number of a version/],
    [[], /missing required argument/],
  ];
  for (const [args, pattern] of usage) {
    const { code, stderr } = await runCommand(t, ['predict', ...args], { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, pattern);
  }
  const failures: [string[], RegExp][] = [
    [['none.csv'], /none\.csv cannot be read: there is no such file/],
    [['models'], /models cannot be read: it is a directory/],
    [['rows.csv', '--out', 'none/p.csv'], /there is no directory none/],
    [['rows.csv', '--out', 'models', '--format', 'csv'], /models cannot be written: it is a directory/],
    [['rows.csv', '--version', '9'], /version 9 is not in the store/],
    [['rows.csv', '--store', 'none'], /there is no version; `reconstruction-regressor train/],
    [['rows.csv', '--model', 'rows.csv'], /not a complete tar\.gz/],
  ];
  for (const [args, pattern] of failures) {
    const { code, stderr } = await runCommand(t, ['predict', ...args], { cwd });
    assert.equal(code, 1, stderr);
    assert.match(stderr, pattern);
  }
  assert.equal(readFileSync(join(cwd, 'rows.csv'), 'utf8'), CSV);
});

test('a file that existed is replaced whole, and a link to it remains', async (t) => {
  const cwd = storeDirectory(t);
  writeFileSync(join(cwd, 'rows.csv'), CSV);
  writeFileSync(join(cwd, 'out.csv'), 'before');
  symlinkSync('out.csv', join(cwd, 'link.csv'));
  const { code, stderr } = await runCommand(t, ['predict', 'rows.csv', '--out', 'link.csv'], { cwd });
  assert.equal(code, 0, stderr);
  assert.ok(lstatSync(join(cwd, 'link.csv')).isSymbolicLink());
  assertPredictions(await read(join(cwd, 'out.csv')));
});
