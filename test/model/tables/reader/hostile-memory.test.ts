import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Utf8, vectorFromArray } from 'apache-arrow';
import type { TableFormat, TableMessage } from '../../../../src/model/tables/reader/reader-messages.js';
import { UNLIMITED } from '../../../../src/model/tables/table-limits.js';
import { arrowStream, column } from '../../../support/arrow.js';
import { NO_PROC } from '../../../support/child-processes.js';
import { constantParquet } from '../../../support/parquet.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const READER = fileURLToPath(new URL('../../../../src/model/tables/reader/table-reader-process.js', import.meta.url));
/** MiB of the heap, and of the whole process: Node.js itself, its heap, and as much outside of it. */
const HEAP = 64;
const MAX_MIB = 128 + 2 * HEAP;

/** Reads a file in a process with a small heap. Returns its verdict, after checking the memory that it has taken. */
async function read(t: TestContext, format: TableFormat, path: string): Promise<TableMessage> {
  const child = fork(READER, { execArgv: [`--max-old-space-size=${HEAP}`, '--max-semi-space-size=4'], silent: true });
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let verdict: TableMessage | undefined;
  let peak = 0;
  const measure = () => {
    // A process that has ended has no memory any more.
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'latin1') : '';
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  };
  const measuring = setInterval(measure, 10);
  child.on('message', (message: TableMessage) => {
    measure();
    if (message.type !== 'progress') verdict = message;
  });
  const directory = join(temporaryDirectory(t), 'table');
  child.send({ format, path, directory, targets: ['y'], model: null, replace: false, limits: UNLIMITED });
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(measuring);
  assert.ok(verdict, `the process ended without a verdict: ${errors.slice(-500)}`);
  assert.ok(peak > 0 && peak < MAX_MIB, `${peak} MiB`);
  return verdict;
}

/** Asserts that a file is refused with a code and a message. */
async function assertRefused(t: TestContext, format: TableFormat, path: string, code: string, message: RegExp) {
  const verdict = await read(t, format, path);
  assert.equal(verdict.type, 'failed');
  assert.equal(verdict.type === 'failed' && verdict.code, code);
  assert.match((verdict as { message: string }).message, message);
}

async function write(t: TestContext, chunks: Iterable<string>): Promise<string> {
  const path = join(temporaryDirectory(t), 'table.csv');
  await pipeline(Readable.from(chunks), createWriteStream(path));
  return path;
}

function bytes(t: TestContext, content: Uint8Array): string {
  const path = join(temporaryDirectory(t), 'table');
  writeFileSync(path, content);
  return path;
}

test('a CSV of ten thousand columns is refused in a small heap', { skip: NO_PROC }, async (t) => {
  const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
  const row = `${names.map(() => '1').join()},1\n`;
  const path = await write(t, [`${names.join()},y\n`, ...Array.from({ length: 200 }, () => row)]);
  await assertRefused(t, 'csv', path, 'UNKNOWN_COLUMN', /at most 1000 columns/);
});

test('a cell of 100 MB is refused with its line in a small heap, quoted or not', { skip: NO_PROC }, async (t) => {
  for (const quote of ['', '"']) {
    const cell = Array.from({ length: 100 }, () => 'x'.repeat(2 ** 20));
    const path = await write(t, ['a,y\n1,2\n', quote, ...cell, quote, ',3\n']);
    await assertRefused(
      t,
      'csv',
      path,
      'INVALID_CSV',
      /the row after line 2: expected at most 1048576 bytes, got more/,
    );
  }
});

test('columns of a million distinct texts are left out in a small heap, and the others are learned from', {
  skip: NO_PROC,
}, async (t) => {
  const line = (i: number) => `${i % 97},key ${i},${`${i}`.padStart(200, 'x')},${(i % 97) * 2}\n`;
  const path = await write(
    t,
    (function* () {
      yield 'a,key,long,y\n';
      for (let i = 0; i < 1_000_000; i += 1000) yield Array.from({ length: 1000 }, (_, j) => line(i + j)).join('');
    })(),
  );
  const verdict = await read(t, 'csv', path);
  assert.ok(verdict.type === 'done', JSON.stringify(verdict).slice(0, 500));
  assert.deepEqual([verdict.info.rows, verdict.info.features], [1_000_000, ['a']]);
  assert.deepEqual(
    verdict.info.left_out.map(({ name }) => name),
    ['key', 'long'],
  );
});

test('a Parquet file that declares huge sizes is refused in a small heap', { skip: NO_PROC }, async (t) => {
  const columns = ['a', 'y'];
  const page = { bytes: Buffer.alloc(100, 1), length: 2 ** 30 };
  await assertRefused(
    t,
    'parquet',
    bytes(t, constantParquet({ columns, rows: 1000, codec: 'zstd', page })),
    'INVALID_PARQUET',
    /claims to decompress/,
  );
  // Values that take no space at all.
  const limited = bytes(t, constantParquet({ columns, rows: 2 ** 31 - 1 }));
  await assertRefused(t, 'parquet', limited, 'TOO_LARGE', /at most/);
});

test('an Arrow file of wrong offsets, and one of a giant dictionary, are read or refused in a small heap', {
  skip: NO_PROC,
}, async (t) => {
  const texts = Array.from({ length: 1000 }, (_, i) => `text ${i % 7}`);
  const stream = arrowStream({
    a: vectorFromArray(texts, new Utf8()),
    y: column(texts.map((_, i) => i * i)),
  });
  // The offsets are 0, 6, 12, …: all texts have 6 characters.
  const offsets = stream.indexOf(Buffer.from(Int32Array.of(0, 6, 12, 18).buffer));
  assert.ok(offsets > 0);
  for (const wrong of [0x7fff_ffff, -5]) {
    const damaged = Buffer.from(stream);
    damaged.writeInt32LE(wrong, offsets + 8);
    await assertRefused(t, 'arrow', bytes(t, damaged), 'INVALID_ARROW', /column "a": the text of row \d+ lies outside/);
  }
  const many = Array.from({ length: 300_000 }, (_, i) => `a level of its own ${i}`);
  const dictionary = arrowStream({
    a: vectorFromArray(many),
    y: column(many.map((_, i) => i % 11)),
    b: column(many.map((_, i) => i % 7)),
  });
  const verdict = await read(t, 'arrow', bytes(t, dictionary));
  assert.ok(verdict.type === 'done' && verdict.info.features.join() === 'b', JSON.stringify(verdict).slice(0, 300));
});
