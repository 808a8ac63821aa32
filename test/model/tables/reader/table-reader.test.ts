import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { arrowToTable } from '../../../../src/model/tables/arrow/arrow-table.js';
import { type Columns, orderColumns } from '../../../../src/model/tables/columns.js';
import { parquetToTable } from '../../../../src/model/tables/parquet/parquet-table.js';
import { RawTable } from '../../../../src/model/tables/raw/raw-table.js';
import type { TableFormat } from '../../../../src/model/tables/reader/reader-messages.js';
import { fileToTable } from '../../../../src/model/tables/reader/table-reader.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import type { TableLimits } from '../../../../src/model/tables/table-limits.js';
import { arrowStream, column } from '../../../support/arrow.js';
import { childrenOf, gone, NO_PROC } from '../../../support/child-processes.js';
import { type ConstantFile, constantParquet } from '../../../support/parquet.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { until } from '../../../support/until.js';

// Files written by Apache's and pandas' own libraries: scripts/data/pyarrow-fixtures.py.
const FIXTURES = fileURLToPath(new URL('../../../../../test/fixtures/pyarrow', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);
const serving = { features: ['k', 'n', 'x'], targets: ['y'] };
const order = (columns: Columns) => orderColumns(columns, serving, false);

function toTable(t: TestContext, path: string) {
  const read = path.endsWith('.arrow') ? arrowToTable : parquetToTable;
  return read(path, temporaryDirectory(t), ['y'], order, () => {}, { serving });
}

/** The table of a CSV whose cells need no parser. */
function tableOf(t: TestContext, csv: string) {
  const [header, ...rows] = csv.split('\n').map((line) => line.split(','));
  const names = header!.map((name) => ({ name }));
  using table = new RawTable(temporaryDirectory(t), names, { targets: ['y'], order, serving });
  for (const row of rows) {
    table.columns.forEach((column, i) => {
      column.cell(row[i]!);
    });
    table.endRow();
  }
  return table.finish();
}

const SAME: [csv: string, names: string[]][] = [
  [
    'table.csv',
    ['table.arrow', 'batches.arrow', 'pandas.arrow', 'lz4.arrow', 'zstd.arrow', 'file.arrow'].concat(
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
      const expected = tableOf(t, readFileSync(fixture(csv), 'utf8').trimEnd());
      assert.ok(expected.rows > 30);
      assert.deepEqual(await toTable(t, fixture(name)), expected);
    });
  }
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
  const expected = tableOf(t, csv);
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
  const read = (name: string, format: TableFormat, targets = ['y'], maxBytes = 10_000) =>
    fileToTable(createReadStream(fixture(name)), {
      format,
      directory: join(temporaryDirectory(t), 'table'),
      targets,
      model,
      replace: false,
      limits: { rows: 1000, bytes: maxBytes },
    });
  const [arrow, parquet] = [await read('nulls.arrow', 'arrow'), await read('nulls.parquet', 'parquet')];
  assert.deepEqual([arrow.features, arrow.targets, arrow.rows], [['k', 'x', 'n'], ['y'], parquet.rows]);
  assert.deepEqual(arrow, parquet);
  const csv = await read('nulls.csv', 'csv');
  assert.deepEqual([csv.rows, csv.dropped], [arrow.rows, arrow.dropped]);
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
  // Rows that are left out count as well.
  const all = arrow.rows + arrow.dropped;
  assert.equal((await read('nulls.parquet', 'parquet', ['y'], all * 16)).rows, arrow.rows);
  await assert.rejects(read('nulls.arrow', 'arrow', ['y'], (all - 1) * 16), { code: 'TOO_LARGE' });
});

/** Reads `content` with the limits of a service, and lists what is left beside the table. */
async function readContent(
  t: TestContext,
  format: TableFormat,
  content: Uint8Array | Readable,
  limits: Partial<TableLimits> = {},
  model: Columns | null = null,
) {
  const directory = temporaryDirectory(t);
  const request = { format, directory: join(directory, 'table'), targets: ['y'], model, replace: false };
  const source = content instanceof Readable ? content : Readable.from([content]);
  const table = await fileToTable(source, {
    ...request,
    limits: { rows: 10_000_000, bytes: 2 ** 32, ...limits },
  }).catch((error: unknown) => {
    assert.deepEqual(readdirSync(directory).includes('table.upload'), false);
    throw error;
  });
  return { table, content: readTable(join(directory, 'table')).data };
}

test('equal values that take no space in a Parquet file become a table, but not a large one', async (t) => {
  const columns = ['a', 'b', 'y'];
  // Columns of the model are not left out, even if they are constant.
  const model = { features: ['a', 'b'], targets: ['y'] };
  const { table, content } = await readContent(t, 'parquet', constantParquet({ columns, rows: 100_000 }), {}, model);
  assert.equal(table.rows, 100_000);
  assert.deepEqual([...content.features.subarray(199_998), ...content.targets.subarray(0, 1)], [0, 1, 2]);

  const billion = constantParquet({ columns, rows: 1e9 });
  assert.ok(billion.length < 400);
  const refused: [limits: Partial<TableLimits>, message: RegExp][] = [
    [{}, /^the table: expected at most 10000000 rows, got 1000000000; send a sample of the rows$/],
    [
      { rows: 1e10, bytes: 12e6 },
      /^the table: expected at most 1000000 rows of 3 columns \(12000000 bytes as float32\), got/,
    ],
    [
      { rows: 1e10 },
      /rows of 3 columns \(134217728 bytes.*a file of \d+ bytes may not become a larger table; send it as a CSV/,
    ],
  ];
  for (const [limits, message] of refused) {
    await assert.rejects(readContent(t, 'parquet', billion, limits), { code: 'TOO_LARGE', message });
  }
});

test('a page that declares more values than its column is refused before they take much memory', {
  skip: NO_PROC,
}, async (t) => {
  const hostile: ConstantFile[] = [
    { columns: ['a', 'y'], rows: 1000, pageValues: 2 ** 29 },
    { columns: ['a', 'y'], rows: 1, codec: 'zstd', page: { bytes: zstdBomb(2 ** 14), length: 8 } },
  ];
  for (const file of hostile) {
    const content = constantParquet(file);
    assert.ok(content.length < 2 ** 18);
    const message = /^the file could not be read: it takes more memory than a valid file does$/;
    await assert.rejects(readContent(t, 'parquet', content), { code: 'INVALID_PARQUET', message });
  }
});

/** A Zstandard frame (RFC 8878) that unpacks to 128 KiB per block of four bytes. */
function zstdBomb(blocks: number): Buffer {
  const runOfZeros = (last: number) => {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(((2 ** 17) << 3) | (1 << 1) | last);
    return header;
  };
  const body = Array.from({ length: blocks }, (_, i) => runOfZeros(i === blocks - 1 ? 1 : 0));
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38), ...body]);
}

test('rows that are left out count towards the limit, in every format', async (t) => {
  const rows = Array.from({ length: 50 }, (_, i) => (i < 30 ? i : null));
  const arrow = arrowStream({ a: column(rows), y: column(rows) });
  const csv = Buffer.from(`a,y\n${rows.map((value) => `${value ?? ''},${value ?? ''}`).join('\n')}\n`);
  for (const [format, content] of [
    ['arrow', arrow],
    ['csv', csv],
  ] as const) {
    const { table } = await readContent(t, format, content, { rows: 50 });
    assert.deepEqual([table.rows, table.dropped], [30, 20]);
    const message = /^the table: expected at most 49 rows, got (50|more); send a sample of the rows$/;
    await assert.rejects(readContent(t, format, content, { rows: 49 }), { code: 'TOO_LARGE', message });
  }
});

test('the buffers of an Arrow batch may not overlap: a small batch would become a large table', async (t) => {
  const rows = Array.from({ length: 1000 }, (_, i) => i);
  const stream = arrowStream({ a: column(rows), b: column(rows), y: column(rows) });
  // Per column, offset and length of its bitmap, which is empty, and of its values, as 64-bit integers. All move to the start.
  for (const from of [8000n, 16_000n]) {
    const at = stream.indexOf(Buffer.from(BigInt64Array.of(from, 0n, from, 8000n).buffer));
    assert.ok(at > 0);
    for (const place of [at, at + 16]) stream.writeBigInt64LE(0n, place);
  }
  // The body ends after the first column.
  const length = stream.indexOf(Buffer.from(BigInt64Array.of(24_000n).buffer));
  assert.ok(length > 0);
  stream.writeBigInt64LE(8000n, length);
  const cut = Buffer.concat([stream.subarray(0, stream.length - 8 - 16_000), stream.subarray(stream.length - 8)]);
  const message = /^Arrow: record batch 0, column "b": its buffers overlap$/;
  await assert.rejects(readContent(t, 'arrow', cut), { code: 'INVALID_ARROW', message });
});

test('the header of a CSV is refused while the rest is still to come', async (t) => {
  let sent = 0;
  async function* endless() {
    yield Buffer.from('"a');
    yield Buffer.from('",b\n1,2\n');
    for (; sent < 100; sent++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield Buffer.from('1,2\n');
    }
  }
  await assert.rejects(readContent(t, 'csv', Readable.from(endless())), {
    code: 'UNKNOWN_COLUMN',
    message: /^target "y" is not a column; the columns are "a", "b"$/,
  });
  assert.ok(sent < 100);
  // A header that is there in part, or after a blank line, is no other header.
  const parts = Readable.from([Buffer.from('\na'), Buffer.from(',b\n\nq'), Buffer.from(',y\n1,2\n')]);
  await assert.rejects(readContent(t, 'csv', parts), { code: 'UNKNOWN_COLUMN' });
  const blank = Readable.from([Buffer.from('\na,'), Buffer.from('y\n1,2\n')]);
  assert.equal((await readContent(t, 'csv', blank)).table.rows, 1);
  const quoted = Readable.from([Buffer.from('"a\n'), Buffer.from('b",y\n1,2\n')]);
  assert.deepEqual((await readContent(t, 'csv', quoted)).table.features, ['a\nb']);
});

test('reading ends with its signal: the process is gone, and so is the file', { skip: NO_PROC }, async (t) => {
  const directory = temporaryDirectory(t);
  const abort = new AbortController();
  const line = '0.123456789,0.987654321\n';
  const source = Readable.from([
    Buffer.from('a,y\n'),
    ...Array.from({ length: 64 }, () => Buffer.alloc(2 ** 20, line)),
  ]);
  const limits = { rows: 1e9, bytes: 2 ** 40 };
  const request = {
    format: 'csv',
    directory: join(directory, 'table'),
    targets: ['y'],
    model: null,
    replace: false,
  } as const;
  const reading = fileToTable(source, { ...request, limits }, { signal: abort.signal });
  const refused = assert.rejects(reading, { code: 'INVALID_REQUEST', message: /^the client closed the connection/ });
  await until('it is being read', 60, async () => existsSync(join(directory, 'table/cells.f64')));
  const children = childrenOf(process.pid);
  assert.ok(children.length > 0);
  abort.abort();
  await refused;
  assert.equal(existsSync(join(directory, 'table.upload')), false);
  for (const child of children) await gone(child);
  await assert.rejects(
    fileToTable(Readable.from([Buffer.from(line)]), { ...request, limits }, { signal: abort.signal }),
    {
      code: 'UNKNOWN_COLUMN',
    },
  );
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
