import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { DomainError, show } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { type ColumnOrder, checkColumns, splitColumns } from '../columns.js';
import { type TableInfo, type TableLimits, TableWriter } from '../table-file.js';
import { numberInCell } from './number-cell.js';

type Source = Iterable<Uint8Array> | AsyncIterable<Uint8Array | string>;

export const CSV_OPTIONS = { bom: true, skip_empty_lines: true, max_record_size: 2 ** 20 } as const;

/** Bytes parsed per chunk before yielding to the event loop: a few milliseconds. */
const CHUNK = 2 ** 14;

export interface CsvTableOptions {
  readonly limits?: TableLimits;
  /** Adds rows after those of the CSV. */
  readonly append?: (writer: TableWriter) => Promise<void>;
}

/**
 * Streams a CSV (RFC 4180: comma, double quotes, header row; UTF-8 with or without a byte order mark) into a table on
 * disk.
 *
 * Throws `INVALID_CSV` with the line, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function csvToTable(
  source: Source,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder = (columns) => columns,
  { limits, append }: CsvTableOptions = {},
): Promise<TableInfo> {
  let writer: TableWriter | undefined;
  let places: number[] = [];
  const begin = (header: readonly string[]) => {
    const columns = order(splitColumns(header, targets));
    const indices = new Map(header.map((name, i) => [name, i]));
    places = [...columns.features, ...columns.targets].map((name) => indices.get(name)!);
    writer = new TableWriter(directory, columns, limits);
  };
  try {
    await readCsv(source, begin, (record) => writer!.add((column) => numberInCell(record[places[column]!]!)));
    await append?.(writer!);
    return writer!.finish();
  } finally {
    writer?.close();
  }
}

/**
 * Reads a CSV as it arrives: its header, then every record. All have the same number of cells. Throws `INVALID_CSV` with
 * the line, and what the callbacks throw.
 */
export async function readCsv(
  source: Source,
  onHeader: (header: readonly string[]) => void,
  onRecord: (record: readonly string[]) => void,
): Promise<void> {
  let begun = false;
  const onParsed = (record: string[]): null => {
    if (begun) onRecord(record);
    else onHeader(readHeader(record));
    begun = true;
    return null;
  };
  try {
    // Returning null keeps a record out of the parser's output queue: rows are handled as they are parsed.
    const parser = parse({ ...CSV_OPTIONS, on_record: onParsed });
    await pipeline(source, inChunks, parser.resume());
  } catch (error) {
    if (error instanceof CsvError) throw new DomainError('INVALID_CSV', error.message, { cause: error });
    throw error;
  }
  if (!begun) throw new DomainError('INVALID_CSV', 'expected a header row, got nothing');
}

/** Splits the source into small chunks. A fast sender's two megabytes would otherwise be parsed without yielding. */
async function* inChunks(source: Source): AsyncGenerator<Uint8Array> {
  const slice = new TimeSlice();
  for await (const part of source) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    for (let at = 0; at < bytes.length; at += CHUNK) {
      yield bytes.subarray(at, at + CHUNK);
      await slice.yieldIfOver();
    }
  }
}

/** Returns the trimmed column names. Throws `INVALID_CSV` if one is empty or repeated, and as `checkColumns` does. */
export function readHeader(record: readonly string[]): string[] {
  checkColumns(record);
  const header = record.map((name) => name.trim());
  const seen = new Set<string>();
  header.forEach((name, i) => {
    if (name === '') throw new DomainError('INVALID_CSV', `header: column ${i + 1} has no name`);
    if (seen.has(name)) throw new DomainError('INVALID_CSV', `header: column ${show(name)} appears twice`);
    seen.add(name);
  });
  return header;
}
