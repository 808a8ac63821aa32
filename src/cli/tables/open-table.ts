import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openBytes } from '../../model/tables/byte-source.js';
import { ArrowBlocks } from './arrow-blocks.js';
import { CsvBlocks, type CsvInput } from './csv-blocks.js';
import { formatOf, HEAD_BYTES, headOf, inputStream, isGzip, storeStream } from './input-file.js';
import { ParquetBlocks } from './parquet-blocks.js';
import type { BlockReader } from './row-blocks.js';

/** Bytes of a CSV that are read at once. */
const CHUNK = 2 ** 18;

/**
 * Opens a table for reading, by its first bytes: Parquet, Arrow (stream or file), or CSV, which may be compressed with gzip. `-` is
 * standard input; what comes through a pipe, and is no CSV, is stored on the disk first. Throws `INVALID_REQUEST` if it cannot be read, and
 * what the format's reader throws.
 */
export async function openTable(path: string): Promise<BlockReader> {
  const stream = inputStream(path);
  if (!stream) return openFile(path);
  const { head, all } = await peek(stream);
  if (formatOf(head) === 'csv') return new CsvBlocks(csvInput(all, undefined, isGzip(head)));
  const stored = await storeStream(all);
  const reader = openFile(stored.path);
  const dispose = reader[Symbol.dispose].bind(reader);
  return Object.defineProperty(reader, Symbol.dispose, {
    value: () => {
      dispose();
      stored[Symbol.dispose]();
    },
  });
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

/** Reads the first bytes of a stream, and returns them with the whole. */
async function peek(source: Readable): Promise<{ head: Buffer; all: Readable }> {
  const chunks: Buffer[] = [];
  const rest = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let length = 0;
  while (length < HEAD_BYTES) {
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
  return { head: head.subarray(0, HEAD_BYTES), all: Readable.from(whole(), { objectMode: false }) };
}
