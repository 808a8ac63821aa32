import { parse } from 'csv-parse/sync';

/** Separators of cells, the most usual first. */
const DELIMITERS = [',', ';', '\t', '|'] as const;
const LINE_FEED = 0x0a;
/** Records that decide the delimiter. */
const MAX_RECORDS = 100;
/** Bytes that are looked at. */
export const DIALECT_BYTES = 2 ** 16;

export const CSV_OPTIONS = {
  bom: true,
  skip_empty_lines: true,
  max_record_size: 2 ** 20,
  // All of them in one file: programs append lines with other ends than those that are there.
  record_delimiter: ['\r\n', '\n', '\r'],
};

export interface CsvDialect {
  readonly delimiter: string;
  /** Bytes before the header: a `sep=` line, comments and titles. */
  readonly start: number;
  /** Lines among them. */
  readonly lines: number;
  /** The lines that are passed over, except for `sep=`. */
  readonly passedOver: readonly string[];
  /** Rows have a cell more than the header has names: their own name comes first, as R writes it. */
  readonly hasRowNames?: boolean;
}

export interface DialectHints {
  /** As the caller says. */
  readonly delimiter?: string | undefined;
  /** Names that the header has. */
  readonly names?: readonly string[] | undefined;
  /** Cells of a row, if there may be no header. */
  readonly width?: number | undefined;
}

/** How a body of a prediction is written: without a search if its first line can only have commas. */
export function dialectOfRows(text: Uint8Array, features: readonly string[]): CsvDialect {
  const end = text.indexOf(LINE_FEED);
  const line = Buffer.from(text.subarray(0, end < 0 ? text.length : end)).toString();
  if (!/[;\t|=]/.test(line)) return { delimiter: ',', start: 0, lines: 0, passedOver: [] };
  return dialectOf(text, { names: features, width: features.length });
}

/** Detects in the first lines, in UTF-8, how a CSV is written. An incomplete last line does not count. */
export function dialectOf(head: Uint8Array, hints: DialectHints = {}): CsvDialect {
  const bytes = head.subarray(0, DIALECT_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const sep = /^\ufeff?"{0,1}sep=(.)"?(?:\r\n|\n|\r)/i.exec(text);
  const skipped = sep ? Buffer.byteLength(sep[0]) : 0;
  const rest = text.slice(sep?.[0].length ?? 0);
  const given = hints.delimiter ?? sep?.[1];
  const candidates = (given === undefined ? DELIMITERS : [given]).map((delimiter) => look(rest, delimiter, hints));
  const best = candidates.reduce((a, b) => (isBetter(b, a) ? b : a));
  const before = linesBefore(rest, best.passed);
  return {
    delimiter: best.delimiter,
    start: skipped + Buffer.byteLength(before.join('')),
    lines: (sep ? 1 : 0) + before.length,
    passedOver: before.map((line) => line.trim()).filter((line) => line !== ''),
    hasRowNames: best.hasRowNames,
  };
}

/** Returns true if all rows have one cell more than the header, no delimiter at their end, and begin with a name of their own. */
export function hasRowNames(header: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const width = header.length + 1;
  if (rows[0]?.length !== width || !rows.every(({ length }) => length === width)) return false;
  return rows.some((row) => row.at(-1) !== '') && new Set(rows.map(([name]) => name)).size === rows.length;
}

interface Look {
  readonly delimiter: string;
  /** Records before the header. */
  readonly passed: number;
  readonly width: number;
  /** Share of the records with as many cells as the header. */
  readonly even: number;
  readonly hasNames: boolean;
  /** Cells that contain a separator which no number has. */
  readonly foreign: number;
  readonly hasRowNames: boolean;
}

function look(text: string, delimiter: string, { names, width: expected }: DialectHints): Look {
  const records = recordsOf(text, delimiter);
  // Without a header, the first line may be a row of gaps.
  const passed = expected === undefined ? recordsBefore(records) : 0;
  const [header = [], ...rows] = records.slice(passed);
  const found = new Set(header.map((name) => name.trim()));
  const hasNames = names !== undefined && names.length > 0 && names.every((name) => found.has(name));
  const named = hasRowNames(header, rows);
  const isHeader = hasNames || expected === undefined || header.length === expected;
  const width = isHeader ? header.length + (named ? 1 : 0) : 0;
  const isEven = (row: readonly string[]) => row.length === width || (row.length === width + 1 && row.at(-1) === '');
  const even = rows.length === 0 ? 1 : rows.filter(isEven).length / rows.length;
  const foreign = records.flat().filter((cell) => /[;\t|]/.test(cell)).length;
  return { delimiter, passed, width, even, hasNames, foreign, hasRowNames: named };
}

/** A delimiter is right if it separates the names that are known, every line into as many cells, and into more than one. */
function isBetter(a: Look, b: Look): boolean {
  if (a.hasNames !== b.hasNames) return a.hasNames;
  const [wide, otherWide] = [a.width > 1 && a.even > 0.8, b.width > 1 && b.even > 0.8];
  if (wide !== otherWide) return wide;
  if (!wide) return a.even * a.width > b.even * b.width && a.width > 1;
  if (Math.abs(a.even - b.even) > 0.1) return a.even > b.even;
  // Commas may be decimal marks: `1,5;2` has two cells in both ways.
  return a.width > b.width || (a.width === b.width && a.foreign < b.foreign);
}

/** Returns the number of records before the header: comments, and titles of one cell above a table of several. */
function recordsBefore(records: readonly (readonly string[])[]): number {
  for (let i = 0; i < Math.min(20, records.length - 2); i++) {
    const [record, next, afterNext] = [records[i]!, records[i + 1]!, records[i + 2]!];
    const isComment = record[0]!.startsWith('#') && record.length !== afterNext.length;
    const isTitle = filled(record) <= 1 && (filled(next) > 1 || filled(afterNext) > 1);
    if (!isComment && !(isTitle && (records.at(-1)!.length > 1 || afterNext.length > 1))) return i;
  }
  return 0;
}

function filled(record: readonly string[]): number {
  return record.filter((cell) => cell.trim() !== '').length;
}

/** Returns the lines before a record, with their ends. */
function linesBefore(text: string, records: number): string[] {
  const before: string[] = [];
  for (let left = records, at = 0; left > 0; ) {
    const end = /\r\n|\n|\r/g;
    end.lastIndex = at;
    const match = end.exec(text);
    if (!match) break;
    before.push(text.slice(at, end.lastIndex));
    at = end.lastIndex;
    if (before.at(-1)!.trim() !== '') left--;
  }
  return before;
}

function recordsOf(text: string, delimiter: string): string[][] {
  const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'));
  const whole = end < 0 ? text : text.slice(0, end + 1);
  try {
    return parse(whole, { ...CSV_OPTIONS, delimiter, relax_column_count: true, relax_quotes: true, to: MAX_RECORDS });
  } catch {
    return [];
  }
}
