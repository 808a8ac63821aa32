import { closeSync, openSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Compressors, type FileMetaData, parquetMetadata, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DomainError } from '../../../base/domain-error.js';
import { type Bytes, bytesOfFile } from '../byte-source.js';
import { type Arrange, splitColumns, type TableInfo, TableWriter } from '../table-file.js';
import { parquetColumns } from './parquet-schema.js';

/** Numbers that are read at a time: of a row group, however large, no more is unpacked than its pages that hold them. */
const NUMBERS_OF_A_PART = 2 ** 22;
/** Writers make pages of a megabyte; what claims to unpack to more than this is no page. */
const MAX_PAGE_BYTES = 2 ** 27;
/** The schema, and where the columns of each row group lie. */
const MAX_FOOTER_BYTES = 2 ** 26;
/** At the end of a file: the length of the footer, and a mark. */
const END = 8;

const COMPRESSORS: Compressors = Object.fromEntries(
  Object.entries({ ...compressors, GZIP: gunzip }).map(([codec, unpack]) => [codec, bounded(codec, unpack)]),
);

/**
 * Reads a Parquet file of flat columns of numbers into a table on disk. `progress` is called now and then. `most`: bytes
 * of the table.
 *
 * Throws `INVALID_PARQUET`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `arrange` throws.
 */
export async function parquetToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  arrange: Arrange,
  progress: () => void,
  most?: number,
): Promise<TableInfo> {
  const file = openSync(path, 'r');
  let writer: TableWriter | undefined;
  try {
    const bytes = bytesOfFile(file);
    const metadata = understood(() => parquetMetadata(footer(bytes), { geoparquet: false }));
    const names = understood(() => parquetColumns(metadata));
    const arranged = arrange(splitColumns(names, targets));
    const wanted = [...arranged.features, ...arranged.targets];
    writer = new TableWriter(directory, arranged, most);
    for await (const columns of parts(bytes, metadata, wanted)) {
      const rows = columns[0]!.length;
      for (let row = 0; row < rows; row++) writer.add((column) => toNumber(columns[column]![row]));
      progress();
    }
    return writer.finish();
  } finally {
    writer?.close();
    closeSync(file);
  }
}

/** The columns in parts of as many rows. */
async function* parts(
  bytes: Bytes,
  metadata: FileMetaData,
  columns: readonly string[],
): AsyncGenerator<ArrayLike<unknown>[]> {
  const file = {
    byteLength: bytes.length,
    slice: (from: number, to = bytes.length) => {
      if (!(from >= 0 && to >= from && to <= bytes.length)) {
        throw invalid(`bytes ${from} to ${to} are asked for, it has ${bytes.length}`);
      }
      return bytes.read(from, to).buffer as ArrayBuffer;
    },
  };
  const some = Math.max(1, Math.floor(NUMBERS_OF_A_PART / columns.length));
  let start = 0;
  for (const [i, { num_rows: rows }] of metadata.row_groups.entries()) {
    const end = start + Number(rows);
    for (let from = start; from < end; from += some) {
      const to = Math.min(end, from + some);
      const part: ArrayLike<unknown>[] = [];
      for (const column of columns) {
        const where = `row group ${i}, column ${JSON.stringify(column)}`;
        // A scan remembers what it has read: one of its own for each part remembers no more than that.
        const read = async () => {
          const scan = await parquetScan({ file, metadata, columns: [column], compressors: COMPRESSORS });
          return scan.readColumn({ column, rowStart: from, rowEnd: to });
        };
        const values = await read().catch((cause: unknown) => {
          throw misunderstood(cause, `${where}: `);
        });
        if (values.length !== to - from) throw invalid(`${where}: expected ${to - from} values, got ${values.length}`);
        part.push(values as ArrayLike<unknown>);
      }
      yield part;
    }
    start = end;
  }
}

/** The end of a file, from its metadata on. Throws `INVALID_PARQUET` if it is no Parquet, or cannot be read. */
function footer(bytes: Bytes): Uint8Array {
  if (bytes.length < 4 + END) throw invalid(`expected a Parquet file, got ${bytes.length} bytes`);
  const text = (from: number, to: number) => Buffer.from(bytes.read(from, to)).toString('latin1');
  const [first, last] = [text(0, 4), text(bytes.length - 4, bytes.length)];
  if (first === 'PARE' || last === 'PARE') throw invalid('it is encrypted');
  if (first !== 'PAR1') throw invalid('expected a Parquet file, which begins with PAR1');
  if (last !== 'PAR1') throw invalid('expected a Parquet file, which ends with PAR1: it is not whole');
  const end = Buffer.from(bytes.read(bytes.length - END, bytes.length));
  const length = end.readUInt32LE(0);
  const most = Math.min(bytes.length - 4 - END, MAX_FOOTER_BYTES);
  if (length > most) throw invalid(`its footer has ${length} bytes, expected at most ${most}`);
  return bytes.read(bytes.length - END - length, bytes.length);
}

/** Null is a missing value; a number of 64 bits is rounded to one of float64. */
function toNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
}

function gunzip(packed: Uint8Array, length: number): Uint8Array {
  return gunzipSync(packed, { maxOutputLength: Math.max(1, length) });
}

function bounded(codec: string, unpack: (packed: Uint8Array, length: number) => Uint8Array) {
  return (packed: Uint8Array, length: number) => {
    if (length > MAX_PAGE_BYTES) throw invalid(`a page tells to unpack (${codec}) to ${length} bytes`);
    return unpack(packed, length);
  };
}

/** What a library throws at bytes that it does not understand says what of them. */
function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw misunderstood(cause, '');
  }
}

function misunderstood(cause: unknown, where: string): unknown {
  if (cause instanceof DomainError || (cause as NodeJS.ErrnoException).syscall) return cause;
  return invalid(`${where}not readable: ${(cause as Error).message}`, cause);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_PARQUET', `body: ${message}`, { cause });
}
