import Papa from 'papaparse';
import { numberInCell } from '../../model/tables/csv/number-cell.js';

/** A column of a CSV, as a training would see it. */
export interface CsvColumn {
  readonly name: string;
  /** Cells that hold a number, and cells that do not. */
  numbers: number;
  others: number;
  min: number;
  max: number;
  /** The first of each kind, to look at. */
  readonly samples: string[];
  otherSample: string | null;
}

/** What was found in a CSV file. */
export interface CsvFile {
  readonly file: File;
  readonly columns: readonly CsvColumn[];
  readonly rows: number;
  /** Rows by the columns in which they have no number, as a list of column numbers: few combinations, however many rows. */
  readonly gaps: ReadonlyMap<string, { readonly columns: readonly number[]; readonly rows: number }>;
  /** Why the service would refuse the file. */
  readonly problems: readonly string[];
}

/** Bytes that are read before the page may do something else. */
const PIECE = 2 ** 18;
const SAMPLES = 3;

/** Reads a whole file in pieces, by the rules of the service: comma, double quotes, a header row. */
export async function readCsv(file: File): Promise<CsvFile> {
  const columns: CsvColumn[] = [];
  const gaps = new Map<string, { columns: readonly number[]; rows: number }>();
  const problems: string[] = [];
  let rows = 0;
  let headed = false;

  await eachRow(file, (cells) => {
    if (!headed) {
      headed = true;
      for (const cell of cells) columns.push(newColumn(cell.replace('\ufeff', '').trim()));
      problems.push(...headerProblems(columns));
      return;
    }
    rows++;
    if (cells.length !== columns.length && problems.length === 0) {
      problems.push(`row ${rows} has ${cells.length} cells, the header has ${columns.length}`);
    }
    const missing: number[] = [];
    columns.forEach((column, i) => {
      if (!count(column, cells[i] ?? '')) missing.push(i);
    });
    if (missing.length === 0) return;
    const key = missing.join();
    gaps.set(key, { columns: missing, rows: (gaps.get(key)?.rows ?? 0) + 1 });
  });
  if (!headed) problems.push('the file is empty; a header row is expected');
  else if (rows === 0) problems.push('there is no row below the header');
  return { file, columns, rows, gaps, problems };
}

/** Rows that a training on these columns leaves out, for it needs a number in each of them. */
export function droppedRows({ gaps }: CsvFile, used: ReadonlySet<number>): number {
  let dropped = 0;
  for (const { columns, rows } of gaps.values()) if (columns.some((column) => used.has(column))) dropped += rows;
  return dropped;
}

/** The file with only these columns; itself, if that is all of them. */
export async function withColumns({ file, columns }: CsvFile, used: ReadonlySet<number>): Promise<Blob> {
  if (used.size === columns.length) return file;
  const kept = Array.from(used).sort((a, b) => a - b);
  const parts: string[] = [];
  let batch: string[][] = [];
  const flush = () => {
    if (batch.length > 0) parts.push(Papa.unparse(batch, { newline: '\n' }), '\n');
    batch = [];
  };
  await eachRow(file, (cells) => {
    batch.push(kept.map((i) => cells[i] ?? ''));
    if (batch.length === 1000) flush();
  });
  flush();
  return new Blob(parts, { type: 'text/csv' });
}

function eachRow(file: File, take: (cells: readonly string[]) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    Papa.parse<string[], File>(file, {
      delimiter: ',',
      skipEmptyLines: true,
      chunkSize: PIECE,
      chunk: ({ data }) => {
        for (const cells of data) take(cells);
      },
      complete: () => resolve(),
      error: reject,
    });
  });
}

function newColumn(name: string): CsvColumn {
  return {
    name,
    numbers: 0,
    others: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    samples: [],
    otherSample: null,
  };
}

/** Returns whether the cell holds a number that the model can compute in. */
function count(column: CsvColumn, cell: string): boolean {
  if (column.samples.length < SAMPLES) column.samples.push(cell);
  const number = numberInCell(cell);
  if (!Number.isFinite(Math.fround(number))) {
    column.others++;
    column.otherSample ??= cell.trim();
    return false;
  }
  column.numbers++;
  column.min = Math.min(column.min, number);
  column.max = Math.max(column.max, number);
  return true;
}

function headerProblems(columns: readonly CsvColumn[]): string[] {
  const names = columns.map(({ name }) => name);
  const unnamed = names.indexOf('');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  return [
    ...(unnamed >= 0 ? [`column ${unnamed + 1} has no name`] : []),
    ...(twice ? [`there are two columns ${JSON.stringify(twice)}`] : []),
  ];
}
