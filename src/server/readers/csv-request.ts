import { CsvError, parse } from 'csv-parse/sync';
import { DomainError, show } from '../../base/domain-error.js';
import { maxValues } from '../../base/node/memory-limits.js';
import { codeOfText, Uncodable, valueOfCode } from '../../model/columns/coding.js';
import { isGap } from '../../model/columns/notation/gaps.js';
import { numberInText } from '../../model/columns/notation/number-text.js';
import { placesOf } from '../../model/tables/columns.js';
import { decodeCsv } from '../../model/tables/csv/csv-decoder.js';
import { CSV_OPTIONS, dialectOfRows, hasRowNames } from '../../model/tables/csv/csv-dialect.js';
import { csvError } from '../../model/tables/csv/csv-error.js';
import { namesOf } from '../../model/tables/csv/csv-reader.js';
import { withoutFormulas } from '../../model/tables/csv/formula-texts.js';
import { asWritten, sampleRowsOf } from '../../model/tables/csv/row-notation.js';
import { unnamed } from '../../model/tables/raw/uselessness.js';
import { codeText, isNumeric } from '../../model/tables/row-model.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { checkNames, invalidRows, type RowModel, withCount } from './row-list.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const OPTIONS = { ...CSV_OPTIONS, relax_column_count: true };

export interface CsvReaderOptions {
  /** The encoding, if the request names one. */
  readonly charset?: string | undefined;
}

/** The rows of a body in UTF-8, and what is before them. */
interface Csv {
  readonly text: Uint8Array;
  readonly delimiter: string;
  readonly lines: number;
}

/**
 * Reads a CSV: by feature name if its first line is a header, otherwise by position. Named columns that the model does not have are
 * ignored. An empty cell and the markers of pandas are missing values; decimal commas are read where they are certain. Throws
 * `INVALID_CSV`, `INVALID_ROWS` naming the line, and `TOO_LARGE`.
 */
export function readCsvRequest(body: Buffer, model: RowModel, { charset }: CsvReaderOptions = {}): Rows {
  const { features } = model;
  const text = withoutFormulas(decodeCsv(body, charset));
  const { delimiter, start, lines } = dialectOfRows(text, features);
  const csv: Csv = { text: text.subarray(start), delimiter, lines };
  checkCells(csv);
  // A header, and one row too many: there could be millions of empty rows.
  const records = parseRecords(csv, model.maxRows + 2);
  const isNumbered = records.length > 1 && isNumberedHeader(records[0]!, features.length);
  const names = isNumbered ? [...features] : headerOf(records[0] ?? [], model, delimiter);
  const isNamed = names && records[1]?.length === names.length + 1;
  const header = isNamed && hasRowNames(names, records.slice(1)) ? [unnamed(0), ...names] : names;
  const ignored = header ? checkHeader(header, features) : 0;
  const places = header ? placesOf(features, header, 'header') : features.map((_, j) => j);
  const width = header?.length ?? features.length;
  const from = header ? 1 : 0;
  const count = records.length - from;
  if (count > model.maxRows) {
    throw new DomainError('TOO_LARGE', `body: expected at most ${model.maxRows} rows, got more`);
  }
  checkCount(count, 'body', model.maxRows);
  const where = (i: number, j: number) => `${lineOf(csv, from + i)}, column ${places[j]! + 1}`;
  const sample = { records: records.slice(from, from + sampleRowsOf(features.length)), places, delimiter, where };
  const written = asWritten(model, sample);
  const rows = new Float32Array(count * features.length);
  for (let i = 0, at = 0; i < count; i++) {
    const record = records[from + i]!;
    if (record.length !== width) {
      const line = lineOf(csv, from + i);
      throw invalidRows(`${line}: expected ${width} values, got ${record.length}`);
    }
    for (let j = 0; j < features.length; j++, at++) {
      rows[at] = codeText(written, j, record[places[j]!]!, () => where(i, j), false);
    }
  }
  return withCount({ rows, ignored }, count);
}

/** Returns how many columns are no features. Throws `INVALID_ROWS` if a feature is missing, and `INVALID_CSV` if it is there twice. */
function checkHeader(header: readonly string[], features: readonly string[]): number {
  const known = new Set(features);
  const twice = header.find((name, j) => known.has(name) && header.indexOf(name) !== j);
  if (twice !== undefined) throw new DomainError('INVALID_CSV', `header: column ${show(twice)} appears twice`);
  return checkNames(header, 'header', features);
}

/** Returns whether this is `0,1,2`, the header that pandas writes for an array: few rows of three numbers or more look like it. */
function isNumberedHeader(first: readonly string[], width: number): boolean {
  return width > 2 && first.length === width && first.every((cell, j) => cell.trim() === String(j));
}

/**
 * Returns the names in the first line if it is a header: it names all features, or half of its cells are words where no row can have
 * them, or such a word is the name of a feature. A text may be any word, but hardly the name of a feature.
 */
function headerOf(first: readonly string[], model: RowModel, delimiter: string): string[] | undefined {
  const { features, columns } = model;
  const names = namesOf(first);
  const found = new Set(names);
  if (features.every((name) => found.has(name))) return names;
  const isRow = first.length === features.length;
  if (!isRow && !isNumeric(model)) return undefined;
  const known = new Set(features);
  const isWord = (name: string, j: number) => {
    const column = columns?.[j];
    // A number with a decimal comma is no name.
    if (delimiter !== ',' && (!column || column.type === 'number') && /^[+-]?[\d.]*,\d+$/.test(name)) return false;
    if (!isRow || !column) return !isGap(name) && Number.isNaN(numberInText(name));
    const code = codeOfText(column, name);
    return code instanceof Uncodable || (known.has(name) && valueOfCode(column, code) === undefined);
  };
  const words = first.map((cell) => cell.trim()).filter(isWord);
  const isMostly = words.length > 0 && 2 * words.length >= first.length;
  const isHeader = isMostly || words.some((name) => known.has(name));
  return isHeader ? names : undefined;
}

/** Throws `TOO_LARGE` for more cells than there is memory for, before there is a text of each. */
function checkCells({ text, delimiter }: Csv): void {
  let cells = 0;
  const separator = delimiter.charCodeAt(0);
  let last = 0;
  for (const byte of text) {
    if (byte === separator || byte === CARRIAGE_RETURN || (byte === LINE_FEED && last !== CARRIAGE_RETURN)) cells++;
    last = byte;
  }
  const most = maxValues(text.length);
  if (cells > most) {
    throw new DomainError('TOO_LARGE', `body: expected at most ${most} values, got ${cells}; send fewer rows`);
  }
}

function parseRecords(csv: Csv, max: number): string[][] {
  const { text, delimiter } = csv;
  try {
    return parse(text, { ...OPTIONS, delimiter, to: max });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { records } = error as unknown as { readonly records: number };
    throw csvError(error, csv.lines, records === 0 ? csv.lines : lineNumberOf(csv, records - 1));
  }
}

function lineOf(csv: Csv, record: number): string {
  return `line ${lineNumberOf(csv, record)}`;
}

/** Returns the line on which a record ends: blank lines are no records, and a cell may span several. Only errors need it. */
function lineNumberOf({ text, delimiter, lines: before }: Csv, record: number): number {
  let line = 0;
  const onRecord = (cells: string[], { lines }: { lines: number }) => {
    line = before + lines;
    return cells;
  };
  parse(text, { ...OPTIONS, delimiter, to: record + 1, on_record: onRecord });
  return line;
}
