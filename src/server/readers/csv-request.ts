import { CsvError, parse } from 'csv-parse/sync';
import { DomainError, show } from '../../base/domain-error.js';
import { maxValues } from '../../base/node/memory-limits.js';
import { CSV_OPTIONS, readHeader } from '../../model/tables/csv/csv-table.js';
import { numberInCell } from '../../model/tables/csv/number-cell.js';
import { checkCount, isFloat32, type Rows } from '../../model/tables/rows.js';
import { checkNames, invalidRows, type RowModel } from './row-list.js';

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const OPTIONS = { ...CSV_OPTIONS, relax_column_count: true } as const;

/**
 * Reads a CSV: by feature name if its first line holds a word, otherwise by position. An empty cell is a missing value.
 * Throws `INVALID_CSV`, `INVALID_ROWS` naming the line, and `TOO_LARGE`.
 */
export function readCsvRequest(body: Buffer, model: RowModel): Rows {
  const { features, allowMissing } = model;
  checkCells(body);
  // A header, and one row too many: there could be millions of empty rows.
  const records = parseRecords(body, model.maxRows + 2);
  const [first = []] = records;
  const named = first.some((cell) => cell.trim() !== '' && Number.isNaN(numberInCell(cell)));
  const names = named ? readHeader(first) : features;
  if (named) checkNames(names, 'header', features);
  const places = features.map((name) => names.indexOf(name));
  const from = named ? 1 : 0;
  const count = records.length - from;
  if (count > model.maxRows) {
    throw new DomainError('TOO_LARGE', `body: expected at most ${model.maxRows} rows, got more`);
  }
  checkCount(count, 'body', model.maxRows);
  const rows = new Float32Array(count * features.length);
  for (let i = 0, at = 0; i < count; i++) {
    const record = records[from + i]!;
    if (record.length !== features.length) {
      const line = lineOf(body, from + i);
      throw invalidRows(`${line}: expected ${features.length} values, got ${record.length}`);
    }
    for (let j = 0; j < features.length; j++, at++) {
      const cell = record[places[j]!]!;
      const value = numberInCell(cell);
      if (!isFloat32(value) && !(allowMissing && cell.trim() === '')) {
        const expected = `expected a finite number as ${show(features[j])}`;
        const line = lineOf(body, from + i);
        throw invalidRows(`${line}, column ${places[j]! + 1}: ${expected}, got ${show(cell)}`);
      }
      rows[at] = value;
    }
  }
  return { rows, count };
}

/** Throws `TOO_LARGE` for more cells than there is memory for, before there is a text of each. */
function checkCells(body: Buffer): void {
  let cells = 0;
  for (const byte of body) if (byte === COMMA || byte === LINE_FEED) cells++;
  const most = maxValues(body.length);
  if (cells > most) {
    throw new DomainError('TOO_LARGE', `body: expected at most ${most} values, got ${cells}; send fewer rows`);
  }
}

function parseRecords(body: Buffer, max: number): string[][] {
  try {
    return parse(body, { ...OPTIONS, to: max });
  } catch (error) {
    if (error instanceof CsvError) throw new DomainError('INVALID_CSV', error.message, { cause: error });
    throw error;
  }
}

/** Returns the line on which a record ends: blank lines are no records, and a cell may span several. Only errors need it. */
function lineOf(body: Buffer, record: number): string {
  let line = 0;
  const onRecord = (cells: string[], { lines }: { lines: number }) => {
    line = lines;
    return cells;
  };
  parse(body, { ...OPTIONS, to: record + 1, on_record: onRecord });
  return `line ${line}`;
}
