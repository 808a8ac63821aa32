import { gunzipSync } from 'node:zlib';
import { type Compressors, type FileMetaData, parquetMetadata, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DomainError } from '../../../base/domain-error.js';
import { type Bytes, openBytes } from '../byte-source.js';
import { type ColumnOrder, splitColumns } from '../columns.js';
import { type TableInfo, type TableLimits, TableWriter } from '../table-file.js';
import { parquetColumns } from './parquet-schema.js';

/** Values read per chunk. Only the pages that hold them are decompressed, however large the row group. */
const VALUES_PER_CHUNK = 2 ** 22;
/** Maximum size of a decompressed page. Writers make pages of about a megabyte. */
const MAX_PAGE_BYTES = 2 ** 27;
/** Maximum size of the footer: the schema, and the positions of the columns of each row group. */
const MAX_FOOTER_BYTES = 2 ** 26;
/** Bytes at the end of a file: the length of the footer, and the magic number. */
const TRAILER_BYTES = 8;

const COMPRESSORS: Compressors = Object.fromEntries(
  Object.entries({ ...compressors, GZIP: gunzip }).map(([codec, decompress]) => [codec, bounded(codec, decompress)]),
);

/**
 * Maximum ratio of a table to its file. Repeated values take next to no space in a file, but each takes four bytes in the
 * table. Writers reach this ratio with constant columns only.
 */
const MAX_RATIO = 32;
/** Bytes of a table below which the ratio does not matter. */
const MIN_BYTES = 2 ** 27;

/**
 * Reads a Parquet file of flat numeric columns into a table on disk. `progress` is awaited after each chunk.
 *
 * Throws `INVALID_PARQUET`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function parquetToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder,
  progress: () => Promise<void> | void,
  limits?: TableLimits,
): Promise<TableInfo> {
  using bytes = openBytes(path);
  const metadata = parsed(() => parquetMetadata(footer(bytes), { geoparquet: false }));
  const names = parsed(() => parquetColumns(metadata));
  const ordered = order(splitColumns(names, targets));
  using writer = new TableWriter(directory, ordered, limits && limitedByFile(limits, bytes.length));
  writer.expect(Number(metadata.num_rows));
  for await (const columns of chunks(bytes, metadata, [...ordered.features, ...ordered.targets])) {
    const rows = columns[0]!.length;
    for (let row = 0; row < rows; row++) writer.add((column) => toNumber(columns[column]![row]));
    await progress();
  }
  return writer.finish();
}

function limitedByFile(limits: TableLimits, fileBytes: number): TableLimits {
  const bytes = Math.max(MIN_BYTES, MAX_RATIO * fileBytes);
  if (limits.bytes <= bytes) return limits;
  const advice = `a file of ${fileBytes} bytes may not become a larger table; send it as a CSV or an Arrow stream`;
  return { ...limits, bytes, advice };
}

/** Yields the columns in chunks of rows: one array per column, all of the same length. */
async function* chunks(
  bytes: Bytes,
  metadata: FileMetaData,
  columns: readonly string[],
): AsyncGenerator<ArrayLike<unknown>[]> {
  const file = {
    byteLength: bytes.length,
    slice: (from: number, to = bytes.length) => {
      if (!(from >= 0 && to >= from && to <= bytes.length)) {
        throw invalid(`it refers to bytes ${from} to ${to}, but has ${bytes.length}`);
      }
      return bytes.read(from, to).buffer as ArrayBuffer;
    },
  };
  const rowsPerChunk = Math.max(1, Math.floor(VALUES_PER_CHUNK / columns.length));
  let start = 0;
  for (const [i, { num_rows: rows }] of metadata.row_groups.entries()) {
    const end = start + Number(rows);
    for (let from = start; from < end; from += rowsPerChunk) {
      const to = Math.min(end, from + rowsPerChunk);
      const chunk: ArrayLike<unknown>[] = [];
      for (const column of columns) {
        const where = `row group ${i}, column ${JSON.stringify(column)}`;
        // A scan caches what it has read. A new scan per chunk bounds the cache.
        const read = async () => {
          const scan = await parquetScan({ file, metadata, columns: [column], compressors: COMPRESSORS });
          return scan.readColumn({ column, rowStart: from, rowEnd: to });
        };
        const values = await read().catch((cause: unknown) => {
          throw unreadable(cause, `${where}: `);
        });
        if (values.length !== to - from) throw invalid(`${where}: expected ${to - from} values, got ${values.length}`);
        chunk.push(values as ArrayLike<unknown>);
      }
      yield chunk;
    }
    start = end;
  }
}

/** Returns the end of a file, from its metadata on. Throws `INVALID_PARQUET` if the file is not a readable Parquet file. */
function footer(bytes: Bytes): Uint8Array {
  if (bytes.length < 4 + TRAILER_BYTES) throw invalid(`${bytes.length} bytes are too few`);
  const text = (from: number, to: number) => Buffer.from(bytes.read(from, to)).toString('latin1');
  const [first, last] = [text(0, 4), text(bytes.length - 4, bytes.length)];
  if (first === 'PARE' || last === 'PARE') throw invalid('it is encrypted');
  if (first !== 'PAR1') throw invalid('it does not begin with PAR1');
  if (last !== 'PAR1') throw invalid('it does not end with PAR1; it may be truncated');
  const trailer = Buffer.from(bytes.read(bytes.length - TRAILER_BYTES, bytes.length));
  const length = trailer.readUInt32LE(0);
  const max = Math.min(bytes.length - 4 - TRAILER_BYTES, MAX_FOOTER_BYTES);
  if (length > max) throw invalid(`its footer has ${length} bytes, expected at most ${max}`);
  return bytes.read(bytes.length - TRAILER_BYTES - length, bytes.length);
}

/** Null is a missing value. A 64-bit integer is rounded to float64. */
function toNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
}

function gunzip(compressed: Uint8Array, length: number): Uint8Array {
  return gunzipSync(compressed, { maxOutputLength: Math.max(1, length) });
}

function bounded(codec: string, decompress: (compressed: Uint8Array, length: number) => Uint8Array) {
  return (compressed: Uint8Array, length: number) => {
    if (length > MAX_PAGE_BYTES) {
      throw invalid(`a page claims to decompress (${codec}) to ${length} bytes; the limit is ${MAX_PAGE_BYTES}`);
    }
    return decompress(compressed, length);
  };
}

/** Turns what the library throws about bytes that it cannot parse into `INVALID_PARQUET`. */
function parsed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(cause, '');
  }
}

function unreadable(cause: unknown, where: string): unknown {
  if (cause instanceof DomainError || (cause as NodeJS.ErrnoException).syscall) return cause;
  return invalid(`${where}cannot be read: ${(cause as Error).message}`, cause);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_PARQUET', `Parquet file: ${message}`, { cause });
}
