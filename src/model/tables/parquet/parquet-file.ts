import { parquetMetadata, parquetScan } from 'hyparquet';
import { show } from '../../../base/domain-error.js';
import type { Bytes } from '../byte-source.js';
import { type Cells, outOfTime } from '../cells.js';
import type { LeftOut } from '../table-choices.js';
import { COMPRESSORS } from './parquet-compression.js';
import { invalidParquet, parsed, unreadable } from './parquet-error.js';
import { type ParquetColumn, type ParquetSchema, parquetSchema } from './parquet-schema.js';
import { PARSERS, type ParquetType } from './parquet-type.js';

/** Values read per chunk. Only the pages that hold them are decompressed, however large the row group. Texts take more memory. */
const NUMBERS_PER_CHUNK = 2 ** 22;
const VALUES_PER_CHUNK = 2 ** 19;
/** Maximum size of the footer: the schema, and the positions of the columns of each row group. */
const MAX_FOOTER_BYTES = 2 ** 26;
/** Bytes at the end of a file: the length of the footer, and the magic number. */
const TRAILER_BYTES = 8;
/** Bytes that are not declared to be texts are none. */
const READING = { compressors: COMPRESSORS, parsers: PARSERS, utf8: false };

/** Some rows of the columns that were asked for. */
export interface ParquetChunk {
  readonly rows: number;
  /** Returns the cells of a column, by its index, in the rows `from` up to `to`. Throws `INVALID_PARQUET`. */
  readonly cells: (column: number, from: number, to: number) => Cells;
}

/** A Parquet file. All methods throw `INVALID_PARQUET` with the place. */
export class ParquetFile {
  /** The columns that can be read, in order. */
  readonly columns: readonly ParquetColumn[];
  readonly unreadable: readonly LeftOut[];
  readonly rows: number;
  private readonly bytes: Bytes;
  private readonly metadata: ParquetSchema['metadata'];

  constructor(bytes: Bytes) {
    const { columns, unreadable, metadata } = parsed(() => {
      return parquetSchema(parquetMetadata(footer(bytes), { geoparquet: false }));
    });
    this.columns = columns;
    this.unreadable = unreadable;
    this.rows = Number(metadata.num_rows);
    this.bytes = bytes;
    this.metadata = metadata;
  }

  /** Yields these columns in chunks of rows. */
  async *chunks(columns: readonly ParquetColumn[]): AsyncGenerator<ParquetChunk> {
    const isNumeric = columns.every(({ type }) => type.kind === 'number');
    const values = isNumeric ? NUMBERS_PER_CHUNK : VALUES_PER_CHUNK;
    const rowsPerChunk = Math.max(1, Math.floor(values / columns.length));
    let start = 0;
    for (const [group, { num_rows: rows }] of this.metadata.row_groups.entries()) {
      const end = start + Number(rows);
      for (let from = start; from < end; from += rowsPerChunk) {
        const to = Math.min(end, from + rowsPerChunk);
        const read: ArrayLike<unknown>[] = [];
        for (const column of columns) read.push(await this.read(column, from, to, group));
        yield {
          rows: to - from,
          cells: (i, first, last) => {
            const { name, type } = columns[i]!;
            return parsed(() => cellsOf(type, read[i]!, first, last), `row group ${group}, column ${show(name)}`);
          },
        };
      }
      start = end;
    }
  }

  /** Reads the values of a column in the rows `from` up to `to`, which are in one row group. */
  private async read(
    { name, type }: ParquetColumn,
    from: number,
    to: number,
    group: number,
  ): Promise<ArrayLike<unknown>> {
    if (type.isEmpty) return { length: to - from };
    const where = `row group ${group}, column ${show(name)}`;
    // A scan caches what it has read. A new scan per chunk bounds the cache.
    const reading = async () => {
      const { bytes, metadata } = this;
      const scan = await parquetScan({ file: fileOf(bytes), metadata, columns: [name], ...READING });
      return scan.readColumn({ column: name, rowStart: from, rowEnd: to });
    };
    const values = await reading().catch((cause: unknown) => {
      throw unreadable(cause, where);
    });
    if (values.length === to - from) return values as ArrayLike<unknown>;
    throw invalidParquet(`${where}: expected ${to - from} values, got ${values.length}`);
  }
}

/** Returns the values `from` up to `to` of what the library has read; undefined and null are missing values. */
function cellsOf({ kind, number }: ParquetType, read: ArrayLike<unknown>, from: number, to: number): Cells {
  if (read instanceof Float64Array) return { values: read.subarray(from, to) };
  // Neither decimals nor times: the values are the numbers.
  if (kind === 'number' && number === Number && (read instanceof Float32Array || read instanceof Int32Array))
    return { values: new Float64Array(read.subarray(from, to)) };
  const values = new Float64Array(to - from);
  const texts: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = read[from + i];
    const isMissing = value === undefined || value === null;
    if (kind === 'text' && !isMissing) texts.push(value as string);
    values[i] = isMissing ? Number.NaN : kind === 'text' ? texts.length - 1 : number(value);
  }
  const wrong = kind === 'instant' ? outOfTime(values) : -1;
  if (wrong >= 0) throw invalidParquet(`a time is beyond the year 275760: ${values[wrong]} ms since 1970`);
  return { values, texts };
}

/** The file as the library reads it. */
function fileOf(bytes: Bytes) {
  return {
    byteLength: bytes.length,
    slice: (from: number, to = bytes.length) => {
      if (!(from >= 0 && to >= from && to <= bytes.length)) {
        throw invalidParquet(`it refers to bytes ${from} to ${to}, but has ${bytes.length}`);
      }
      const read = bytes.read(from, to);
      // It may be a view of more.
      const isWhole = read.byteLength === read.buffer.byteLength;
      return (isWhole ? read : new Uint8Array(read)).buffer as ArrayBuffer;
    },
  };
}

/** Returns the end of a file, from its metadata on. Throws `INVALID_PARQUET` if the file is not a readable Parquet file. */
function footer(bytes: Bytes): Uint8Array {
  if (bytes.length < 4 + TRAILER_BYTES) throw invalidParquet(`${bytes.length} bytes are too few`);
  const text = (from: number, to: number) => Buffer.from(bytes.read(from, to)).toString('latin1');
  const [first, last] = [text(0, 4), text(bytes.length - 4, bytes.length)];
  if (first === 'PARE' || last === 'PARE') throw invalidParquet('it is encrypted');
  if (first !== 'PAR1') throw invalidParquet('it does not begin with PAR1');
  if (last !== 'PAR1') throw invalidParquet('it does not end with PAR1; it may be truncated');
  const trailer = Buffer.from(bytes.read(bytes.length - TRAILER_BYTES, bytes.length));
  const length = trailer.readUInt32LE(0);
  const max = Math.min(bytes.length - 4 - TRAILER_BYTES, MAX_FOOTER_BYTES);
  if (length > max) throw invalidParquet(`its footer has ${length} bytes, expected at most ${max}`);
  return bytes.read(bytes.length - TRAILER_BYTES - length, bytes.length);
}
