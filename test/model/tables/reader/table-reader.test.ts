import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { arrowToTable } from '../../../../src/model/tables/arrow/arrow-table.js';
import { type Columns, orderColumns } from '../../../../src/model/tables/columns.js';
import { csvToTable } from '../../../../src/model/tables/csv/csv-table.js';
import { parquetToTable } from '../../../../src/model/tables/parquet/parquet-table.js';
import { fileToTable } from '../../../../src/model/tables/reader/table-reader.js';
import { arrowStream, column } from '../../../support/arrow.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

// Files written by Apache's and pandas' own libraries: scripts/data/pyarrow-fixtures.py.
const FIXTURES = fileURLToPath(new URL('../../../../../test/fixtures/pyarrow', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);
const order = (columns: Columns) => orderColumns(columns, { features: ['k', 'n', 'x'], targets: ['y'] }, false);

function toTable(t: TestContext, path: string) {
  const read = path.endsWith('.arrow') ? arrowToTable : parquetToTable;
  return read(path, temporaryDirectory(t), ['y'], order, () => {});
}

const SAME: [csv: string, names: string[]][] = [
  [
    'table.csv',
    ['table.arrow', 'batches.arrow', 'pandas.arrow'].concat(
      ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'groups', 'pages', 'encodings', 'pandas', 'half'].map(
        (name) => `${name}.parquet`,
      ),
    ),
  ],
  ['nulls.csv', ['nulls.arrow', 'nulls.parquet', 'nulls-pages.parquet']],
];
for (const [csv, names] of SAME) {
  for (const name of names) {
    test(`${name}, written by Python, becomes the same table as ${csv}`, async (t) => {
      const expected = await csvToTable(createReadStream(fixture(csv)), temporaryDirectory(t), ['y'], order);
      assert.ok(expected.rows > 30);
      assert.deepEqual(await toTable(t, fixture(name)), expected);
    });
  }
}

const REFUSED: [name: string, error: RegExp][] = [
  ['refused-lz4.arrow', /^Arrow stream: record batch 0 is compressed; expected uncompressed record batches/],
  ['refused-dictionary.arrow', /^Arrow stream: column "word": expected integers or floats, got a dictionary$/],
  ['refused-file.arrow', /^Arrow stream: expected the streaming format, got the file format$/],
  ['refused-text.parquet', /^Parquet file: column "word": expected integers or floats, got (UTF8|STRING)$/],
  ['refused-time.parquet', /^Parquet file: column "when": expected integers or floats, got TIMESTAMP/],
  ['refused-list.parquet', /^Parquet file: column "list": expected integers or floats, got a group$/],
];
for (const [name, message] of REFUSED) {
  test(`${name}, written by Python, is refused with a reason`, async (t) => {
    const code = name.endsWith('.arrow') ? 'INVALID_ARROW' : 'INVALID_PARQUET';
    await assert.rejects(async () => toTable(t, fixture(name)), { code, message });
  });
}

test('a row group and a record batch of more rows than fit in a chunk are read completely', async (t) => {
  const rows = Array.from({ length: 100_000 }, (_, i) => i);
  const path = join(temporaryDirectory(t), 'large.arrow');
  writeFileSync(
    path,
    arrowStream({
      y: column(rows),
      k: column(rows.map((i) => i % 7)),
      n: column(rows),
      x: column(rows.map((i) => i / 8)),
    }),
  );
  const csv = ['k,n,x,y', ...rows.map((i) => `${i % 7},${i},${i / 8},${i}`)].join('\n');
  const expected = await csvToTable(Readable.from([csv]), temporaryDirectory(t), ['y'], order);
  assert.equal(expected.rows, 100_000);
  assert.deepEqual(await toTable(t, path), expected);
});

test('a file that is not Parquet, is truncated, or contradicts itself is refused with a reason', async (t) => {
  const whole = readFileSync(fixture('groups.parquet'));
  const end = whole.length;
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(whole);
    change(bytes);
    return bytes;
  };
  const bad: [what: string, bytes: Buffer, message: RegExp][] = [
    ['an empty file', Buffer.alloc(0), /^Parquet file: 0 bytes are too few$/],
    ['text', Buffer.from('x,n,k,y\n1,2,3,4\n'), /does not begin with PAR1$/],
    ['a truncated file', whole.subarray(0, end - 100), /does not end with PAR1; it may be truncated$/],
    ['an encrypted file', changed((bytes) => bytes.write('PARE', end - 4)), /^Parquet file: it is encrypted$/],
    [
      'a footer longer than the file',
      changed((bytes) => bytes.writeUInt32LE(end, end - 8)),
      /its footer has \d+ bytes/,
    ],
    [
      'a footer of 4 GiB',
      changed((bytes) => bytes.writeUInt32LE(0xffffffff, end - 8)),
      /its footer has 4294967295 bytes/,
    ],
    ['an empty footer', changed((bytes) => bytes.writeUInt32LE(0, end - 8)), /cannot be read/],
    ['a truncated footer', changed((bytes) => bytes.writeUInt32LE(1000, end - 8)), /./],
    ['no pages', changed((bytes) => bytes.fill(0, 4, 3000)), /row group 0, column "\w": /],
    ['other pages', changed((bytes) => bytes.fill(0xff, 4, 3000)), /row group 0, column "\w": /],
  ];
  const path = join(temporaryDirectory(t), 'bad.parquet');
  for (const [what, bytes, message] of bad) {
    writeFileSync(path, bytes);
    await assert.rejects(async () => toTable(t, path), { code: 'INVALID_PARQUET', message }, what);
  }
});

for (const name of ['batches.arrow', 'groups.parquet']) {
  test(`random changes to the bytes of ${name} result in a table or an error with an INVALID code`, async (t) => {
    const whole = readFileSync(fixture(name));
    const random = createRandom(3);
    const path = join(temporaryDirectory(t), name.replace(/.*\./, 'changed.'));
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole.subarray(0, round % 4 === 0 ? random.below(whole.length) : whole.length));
      for (let n = 0; n < 3; n++) if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      writeFileSync(path, bytes);
      try {
        await toTable(t, path);
      } catch (error) {
        const { code } = error as { code?: string };
        assert.match(
          String(code),
          /^(INVALID_ARROW|INVALID_PARQUET|UNKNOWN_COLUMN|FEATURES_CHANGED|TOO_MANY_MISSING)$/,
          String(error),
        );
        refused++;
      }
    }
    assert.ok(refused > 100, `${refused} of 300`);
  });
}

test('a file is read by another process, whose errors are reported here, and no trace remains', async (t) => {
  const model = null;
  const read = (name: string, format: 'arrow' | 'parquet', targets = ['y'], maxBytes = 10_000) =>
    fileToTable(createReadStream(fixture(name)), {
      format,
      directory: join(temporaryDirectory(t), 'table'),
      targets,
      model,
      replace: false,
      maxBytes,
    });
  const [arrow, parquet] = [await read('nulls.arrow', 'arrow'), await read('nulls.parquet', 'parquet')];
  assert.deepEqual([arrow.features, arrow.targets, arrow.rows], [['k', 'x', 'n'], ['y'], parquet.rows]);
  assert.deepEqual(arrow, parquet);
  await assert.rejects(read('nulls.arrow', 'parquet'), {
    code: 'INVALID_PARQUET',
    message: /does not begin with PAR1$/,
  });
  await assert.rejects(read('table.csv', 'arrow'), { code: 'INVALID_ARROW' });
  await assert.rejects(read('nulls.arrow', 'arrow', ['z']), { code: 'UNKNOWN_COLUMN', message: /target "z"/ });
  const tooLarge = {
    code: 'TOO_LARGE',
    message: /^the table: expected at most 1 rows of 4 columns \(31 bytes as float32\)/,
  };
  assert.ok(arrow.rows > 1);
  await assert.rejects(read('nulls.arrow', 'arrow', ['y'], 31), tooLarge);
  await assert.rejects(read('nulls.parquet', 'parquet', ['y'], 31), tooLarge);
  assert.equal((await read('nulls.parquet', 'parquet', ['y'], arrow.rows * 16)).rows, arrow.rows);
});

/** Reads a file with one free file descriptor. Writing the file takes it, so none is left for the process that reads it. */
const WITHOUT_DESCRIPTORS = `
  import { closeSync, openSync } from 'node:fs';
  import { Readable } from 'node:stream';
  const [module, directory] = process.argv.slice(1);
  const { fileToTable } = await import(module);
  const open = [];
  try {
    for (;;) open.push(openSync('/dev/null'));
  } catch {}
  closeSync(open.pop());
  const request = { format: 'parquet', directory, targets: ['y'], model: null, replace: false };
  const [{ reason }] = await Promise.allSettled([fileToTable(Readable.from([Buffer.from('PAR1')]), request)]);
  open.forEach((file) => closeSync(file));
  console.log(reason.code, reason.syscall);
`;

test('without a free file descriptor for its process a file fails, and nothing else does', (t) => {
  const module = new URL('../../../../src/model/tables/reader/table-reader.js', import.meta.url).href;
  const command = 'ulimit -n 200 && exec "$0" --input-type=module -e "$@"';
  const args = [process.execPath, WITHOUT_DESCRIPTORS, module, join(temporaryDirectory(t), 'table')];
  const { stdout, stderr } = spawnSync('sh', ['-c', command, ...args], { encoding: 'utf8' });
  assert.match(stdout, /^EMFILE spawn/, stderr);
});
