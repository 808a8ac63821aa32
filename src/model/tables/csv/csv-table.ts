import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { DomainError, show } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { type Arrange, splitColumns, type TableInfo, TableWriter } from '../table-file.js';
import { numberInCell } from './number-cell.js';

/** Bytes that are parsed before the event loop may turn: a few milliseconds. */
const PIECE = 2 ** 14;

/**
 * Reads a CSV (RFC 4180: comma, double quotes, header row; UTF-8 with or without a byte order mark) into a table on
 * disk, as a stream. `append` may add more rows when all of the CSV are there.
 *
 * Throws `INVALID_CSV` with the line, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`.
 */
export async function csvToTable(
  source: Readable,
  directory: string,
  targets: readonly string[],
  arrange: Arrange = (found) => found,
  append?: (writer: TableWriter) => Promise<void>,
): Promise<TableInfo> {
  let writer: TableWriter | undefined;
  let columns: number[] = [];
  const begin = (header: readonly string[]) => {
    const arranged = arrange(splitColumns(header, targets));
    const places = new Map(header.map((name, i) => [name, i]));
    columns = [...arranged.features, ...arranged.targets].map((name) => places.get(name)!);
    writer = new TableWriter(directory, arranged);
  };
  try {
    await readCsv(source, begin, (record) => writer!.add((column) => numberInCell(record[columns[column]!]!)));
    await append?.(writer!);
    return writer!.finish();
  } finally {
    writer?.close();
  }
}

/**
 * Reads a CSV as it arrives: its header, then every record, of as many cells. Throws `INVALID_CSV` with the line, and
 * what the two throw.
 */
export async function readCsv(
  source: AsyncIterable<Buffer | string>,
  onHeader: (header: readonly string[]) => void,
  onRecord: (record: readonly string[]) => void,
): Promise<void> {
  let begun = false;
  const take = (record: string[]): null => {
    if (begun) onRecord(record);
    else onHeader(readHeader(record));
    begun = true;
    return null;
  };
  try {
    // A record returned as null is not pushed: the rows are handled as they are parsed, without a queue of objects.
    const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: 2 ** 20, on_record: take });
    await pipeline(source, inPieces, parser.resume());
  } catch (error) {
    if (error instanceof CsvError) throw new DomainError('INVALID_CSV', error.message, { cause: error });
    throw error;
  }
  if (!begun) throw new DomainError('INVALID_CSV', 'expected a header row, got an empty body');
}

/** What a fast sender has sent would be parsed at once, up to two megabytes: others shall have their turn in between. */
async function* inPieces(source: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  const slice = new TimeSlice();
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += PIECE) {
      yield bytes.subarray(at, at + PIECE);
      await slice.yieldIfOver();
    }
  }
}

/** Names of columns. Throws `INVALID_CSV`. */
export function readHeader(record: readonly string[]): string[] {
  const header = record.map((name) => name.trim());
  const seen = new Set<string>();
  header.forEach((name, i) => {
    if (name === '') throw new DomainError('INVALID_CSV', `header: column ${i + 1} has no name`);
    if (seen.has(name)) throw new DomainError('INVALID_CSV', `header: column ${show(name)} is there twice`);
    seen.add(name);
  });
  return header;
}
