import type { TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, Parser } from 'csv-parse';
import { DomainError, show } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { checkColumns, MAX_COLUMNS } from '../columns.js';
import { unnamed } from '../raw/uselessness.js';
import { CsvDecoder } from './csv-decoder.js';
import { CSV_OPTIONS, type CsvDialect, DIALECT_BYTES, type DialectHints, dialectOf } from './csv-dialect.js';
import { csvError } from './csv-error.js';
import { FormulaTexts } from './formula-texts.js';

export type CsvSource = Iterable<Uint8Array> | AsyncIterable<Uint8Array | string>;

/** Bytes parsed per chunk before yielding to the event loop: a few milliseconds. */
const CHUNK = 2 ** 14;
/** Maximum cells of a record. The parser bounds their text alone, and an empty cell takes eight times the memory of its delimiter. */
const MAX_CELLS = 2 ** 14;
/** Lines after the last row that may be no rows. */
const MAX_FOOTERS = 5;
/** How a line begins that is no row. */
const FOOTER =
  /^\W*(?:(?:sub|grand )?totals?|sum|summe|gesamt|insgesamt|average|mean|count|rows|source|note|generated|end)\b|^[#*©]/i;

export interface CsvOptions extends DialectHints {
  readonly charset?: string | undefined;
  /** Called for a row with too few or too many cells, which is passed over then, instead of being an error. */
  readonly onRagged?: OnRagged | undefined;
}

type OnRagged = (error: DomainError, line: number) => void;

/** How a CSV was read. */
export interface CsvReport {
  encoding: string;
  dialect: CsvDialect;
  /** Lines that are no rows. */
  readonly passedOver: string[];
  /** Line of the record that is being read. */
  line: () => number;
}

type OnHeader = (header: readonly string[], report: CsvReport) => void;
type OnRecord = (record: readonly string[]) => void;

/**
 * Reads a CSV as it arrives: its header, then every record, all with one cell for each name. Delimiter and encoding are detected in the
 * first bytes, unless `options` say them. Throws `INVALID_CSV` with the line, and what the callbacks throw.
 */
export async function readCsv(
  source: CsvSource,
  onHeader: OnHeader,
  onRecord: OnRecord,
  options: CsvOptions = {},
): Promise<CsvReport> {
  const decoder = new CsvDecoder(options.charset);
  const text = decoded(source, decoder);
  const { head, rest } = await readHead(text);
  const dialect = dialectOf(head, options);
  const { delimiter } = dialect;
  const records = new Records(onHeader, onRecord, options.onRagged);
  const parser = new RecordParser(delimiter, (record) => records.add(record));
  records.report.dialect = dialect;
  records.report.passedOver.push(...dialect.passedOver);
  records.report.line = () => parser.info.lines + dialect.lines;
  try {
    const source = joined(head.subarray(dialect.start), rest);
    await pipeline(source, inChunks, parser.resume());
    records.end();
  } catch (error) {
    if (error instanceof CsvError) throw csvError(error, dialect.lines, dialect.lines + parser.recordLine);
    throw error;
  }
  records.report.encoding = decoder.encoding;
  return records.report;
}

/**
 * Handles records as they are parsed: they enter no queue. The parser's own callback for that gets a description of each record,
 * which takes a fifth of the time.
 */
class RecordParser extends Parser {
  /** The line in which the last record ended; 0 before the first. */
  recordLine = 0;
  private readonly onParsed: (record: string[]) => void;

  constructor(delimiter: string, onParsed: (record: string[]) => void) {
    super({ ...CSV_OPTIONS, delimiter, relax_column_count: true });
    this.onParsed = onParsed;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    super._transform(chunk, encoding, (error) => done(error ?? this.widthError()));
  }

  override push(record: string[] | null): boolean {
    if (record === null) return super.push(null);
    // After an error, the rest of the chunk is still parsed.
    if (this.destroyed) return true;
    this.recordLine = this.info.lines;
    try {
      this.onParsed(record);
    } catch (error) {
      this.destroy(error as Error);
    }
    return true;
  }

  private widthError(): DomainError | undefined {
    const { record } = (this as unknown as { readonly state: { readonly record: readonly string[] } }).state;
    if (record.length <= MAX_CELLS) return undefined;
    if (this.info.records > 0) return invalid(`line ${this.info.lines}: expected at most ${MAX_CELLS} cells, got more`);
    return new DomainError('UNKNOWN_COLUMN', `expected at most ${MAX_COLUMNS} columns, got more than ${MAX_CELLS}`);
  }
}

/** Gives the header and the rows to the callbacks, and checks that all have as many cells. */
class Records {
  readonly report: CsvReport = {
    encoding: 'utf-8',
    dialect: { delimiter: ',', start: 0, lines: 0, passedOver: [] },
    passedOver: [],
    line: () => 0,
  };
  private readonly onHeader: OnHeader;
  private readonly onRecord: OnRecord;
  private readonly onRagged: OnRagged;
  private width = 0;
  /** Cells of a row: one more than names, if every line ends with a delimiter. */
  private cells = 0;
  private footers: { readonly record: readonly string[]; readonly line: number }[] = [];

  constructor(onHeader: OnHeader, onRecord: OnRecord, onRagged: OnRagged = raise) {
    this.onHeader = onHeader;
    this.onRecord = onRecord;
    this.onRagged = onRagged;
  }

  add(record: string[]): void {
    if (record.length !== this.cells || this.footers.length > 0) {
      if (this.width === 0) {
        this.begin(record);
        return;
      }
      // The first row shows whether rows end with a delimiter.
      if (this.cells === 0)
        this.cells = record.length === this.width + 1 && record.at(-1) === '' ? record.length : this.width;
      if (!this.isRow(record)) return;
    }
    this.onRecord(record);
  }

  end(): void {
    if (this.width === 0) throw invalid('expected a header row, got nothing');
    for (const { record, line } of this.footers) {
      const filled = record.filter((cell) => cell.trim() !== '');
      if (this.cells === 0 || !(FOOTER.test(filled[0] ?? '') || isRemark(filled))) {
        this.onRagged(this.ragged(record, line), line);
        continue;
      }
      this.report.passedOver.push(record.join(this.report.dialect.delimiter));
    }
  }

  private begin(record: string[]): void {
    const names = this.report.dialect.hasRowNames ? ['', ...record] : [...record];
    while (names.length > 1 && names.at(-1)!.trim() === '') names.pop();
    // Empty names at the end are those of a line that ends with a delimiter, as its rows do.
    const header = readHeader(record.length - names.length > 1 ? record : names);
    this.width = header.length;
    this.onHeader(header, this.report);
  }

  /** Returns false for a line that may be no row. Refuses those that are rows with too few or too many cells. */
  private isRow(record: readonly string[]): boolean {
    if (record.length === this.cells && this.footers.length === 0) return true;
    const line = this.report.line();
    if (record.length === this.cells || this.footers.length === MAX_FOOTERS) {
      for (const ragged of this.footers.splice(0)) this.onRagged(this.ragged(ragged.record, ragged.line), ragged.line);
      if (record.length === this.cells) return true;
    }
    if (record[0]!.startsWith('#')) this.report.passedOver.push(record.join(this.report.dialect.delimiter));
    else this.footers.push({ record, line });
    return false;
  }

  private ragged(record: readonly string[], line: number): DomainError {
    const { delimiter } = this.report.dialect;
    return invalid(
      `line ${line}: expected ${this.width} cells separated by ${show(delimiter)}, got ${record.length}: ${show(record.join(delimiter))}`,
    );
  }
}

function raise(error: DomainError): never {
  throw error;
}

/** A line of one text is no row. A row that was cut off begins with what its other rows begin with, often a number. */
function isRemark(filled: readonly string[]): boolean {
  return filled.length === 1 && /\s/.test(filled[0]!.trim()) && !/^[\d.,+-]/.test(filled[0]!.trim());
}

/** Returns the trimmed names of columns; those that have none get the names that pandas gives to them. */
export function namesOf(record: readonly string[]): string[] {
  return record.map((name, i) => (name.trim() === '' && record.length > 1 ? unnamed(i) : name.trim()));
}

/** Returns the names as `namesOf` does. Throws `INVALID_CSV` if none is there or one is repeated, and as `checkColumns` does. */
export function readHeader(record: readonly string[]): string[] {
  checkColumns(record);
  if (record.every((name) => name.trim() === '')) throw invalid('header: no column has a name');
  const header = namesOf(record);
  const seen = new Set<string>();
  for (const name of header) {
    if (seen.has(name)) throw invalid(`header: column ${show(name)} appears twice`);
    seen.add(name);
  }
  return header;
}

async function* decoded(source: CsvSource, decoder: CsvDecoder): AsyncGenerator<Uint8Array> {
  const formulas = new FormulaTexts();
  for await (const part of source) {
    const text = formulas.convert(decoder.decode(typeof part === 'string' ? Buffer.from(part) : part));
    if (text.length > 0) yield text;
  }
  const rest = Buffer.concat([formulas.convert(decoder.end()), formulas.end()]);
  if (rest.length > 0) yield rest;
}

/** Reads as much as the dialect can be detected from. */
async function readHead(
  text: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array> }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < DIALECT_BYTES) {
    const { done, value } = await text.next();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  return { head: parts.length === 1 ? parts[0]! : Buffer.concat(parts), rest: text };
}

async function* joined(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    yield* rest;
  } finally {
    // A refused sender stops.
    await rest.return(undefined);
  }
}

/** Splits the source into small chunks. A fast sender's two megabytes would otherwise be parsed without yielding. */
async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const slice = new TimeSlice();
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      yield bytes.subarray(at, at + CHUNK);
      await slice.yieldIfOver();
    }
  }
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_CSV', message);
}
