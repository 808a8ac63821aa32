import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openBytes } from '../../model/tables/byte-source.js';
import { fileError } from '../terminal/file-error.js';
import { removeAtExit } from '../terminal/interruption.js';
import { ArrowBlocks } from './arrow-blocks.js';
import { CsvBlocks, type CsvInput } from './csv-blocks.js';
import { ParquetBlocks } from './parquet-blocks.js';
import type { BlockReader } from './row-blocks.js';

export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** Bytes that show the format. */
const HEAD = 8;
const GZIP = '\x1f\x8b';
const CHUNK = 2 ** 18;

/**
 * Opens a table for reading, by its first bytes: Parquet, Arrow (stream or file), or CSV, which may be compressed with gzip. `-` is
 * standard input; a format that is not read in order is stored on the disk first. Throws `INVALID_REQUEST` if it cannot be read, and
 * what the format's reader throws.
 */
export async function openTable(path: string): Promise<BlockReader> {
  if (path !== '-') return openFile(path);
  const { head, all } = await peek(process.stdin);
  if (formatOf(head) === 'csv') return new CsvBlocks(csvInput(all, undefined, isGzip(head)));
  const stored = await storeInput(all);
  const reader = openFile(stored.path);
  const dispose = reader[Symbol.dispose].bind(reader);
  return Object.defineProperty(reader, Symbol.dispose, {
    value: () => {
      dispose();
      stored[Symbol.dispose]();
    },
  });
}

/** Stores standard input in a temporary file, for what reads a file twice or not in order. */
export async function storeInput(source: Readable = process.stdin): Promise<{ path: string } & Disposable> {
  const directory = mkdtempSync(join(tmpdir(), 'reconstruction-regressor-'));
  const path = join(directory, 'input');
  const forget = removeAtExit(path);
  const dispose = () => {
    rmSync(directory, { recursive: true, force: true });
    forget();
  };
  try {
    await pipeline(source, createWriteStream(path));
  } catch (error) {
    dispose();
    throw fileError('standard input', 'read', error);
  }
  return { path, [Symbol.dispose]: dispose };
}

/** Returns the format of a file by its first bytes. Throws `INVALID_REQUEST` if it cannot be read. */
export function formatOfFile(path: string): TableFormat {
  return formatOf(headOf(path));
}

/** Returns whether a file is compressed with gzip. Throws `INVALID_REQUEST` if it cannot be read. */
export function isGzipFile(path: string): boolean {
  return isGzip(headOf(path));
}

/** Returns whether an Arrow file is one with a footer, or a stream. */
export function arrowKind(path: string): 'file' | 'stream' {
  return headOf(path).toString('latin1').startsWith('ARROW1') ? 'file' : 'stream';
}

function openFile(path: string): BlockReader {
  const head = headOf(path);
  switch (formatOf(head)) {
    case 'parquet':
      return opened(path, (bytes) => new ParquetBlocks(bytes));
    case 'arrow':
      return opened(path, (bytes) => new ArrowBlocks(bytes));
    case 'csv':
      return new CsvBlocks(
        csvInput(createReadStream(path, { highWaterMark: CHUNK }), statSync(path).size, isGzip(head)),
      );
  }
}

function opened(path: string, open: (bytes: ReturnType<typeof openBytes>) => BlockReader): BlockReader {
  const bytes = openBytes(path);
  try {
    return open(bytes);
  } catch (error) {
    bytes[Symbol.dispose]();
    throw error;
  }
}

function csvInput(source: Readable, size: number | undefined, isCompressed: boolean): CsvInput {
  let read = 0;
  async function* counted() {
    for await (const chunk of source) {
      read += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  const counting = counted();
  const chunks = isCompressed ? unpacked(counting) : counting;
  return { chunks, size: size === 0 ? undefined : size, read: () => read, [Symbol.dispose]: () => source.destroy() };
}

function unpacked(source: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  // An error in either reaches the reader.
  pipeline(source, gunzip).catch(() => {});
  return gunzip;
}

function headOf(path: string): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD);
      const found = statSync(path);
      if (found.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
      // A pipe is read once only, as text.
      return head.subarray(0, found.isFile() ? readSync(file, head, 0, HEAD, 0) : 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

function formatOf(head: Uint8Array): TableFormat {
  const text = Buffer.from(head).toString('latin1');
  if (text.startsWith('PAR1') || text.startsWith('PARE')) return 'parquet';
  return text.startsWith('ARROW1') || text.startsWith('\xff\xff\xff\xff') ? 'arrow' : 'csv';
}

function isGzip(head: Uint8Array): boolean {
  return Buffer.from(head).toString('latin1').startsWith(GZIP);
}

/** Reads the first bytes of a stream, and returns them with the whole. */
async function peek(source: Readable): Promise<{ head: Buffer; all: Readable }> {
  const chunks: Buffer[] = [];
  const rest = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let length = 0;
  while (length < HEAD) {
    const { done, value } = await rest.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  const head = Buffer.concat(chunks);
  async function* whole() {
    yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  }
  return { head: head.subarray(0, HEAD), all: Readable.from(whole(), { objectMode: false }) };
}
