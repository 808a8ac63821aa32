import Papa from 'papaparse';
import { numberInCell } from '../../model/tables/csv/number-cell.js';

/** A column of a CSV file, as the trainer would read it. */
export class CsvColumn {
  readonly name: string;
  /** Number of cells with and without a number. */
  numbers = 0;
  others = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** The first cells, and the first one without a number. */
  readonly samples: string[] = [];
  otherSample: string | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a cell to the summary. Returns whether it holds a number that float32 can represent. */
  add(cell: string): boolean {
    if (this.samples.length < MAX_SAMPLES) this.samples.push(cell);
    const number = numberInCell(cell);
    if (!Number.isFinite(Math.fround(number))) {
      this.others++;
      this.otherSample ??= cell.trim();
      return false;
    }
    this.numbers++;
    this.min = Math.min(this.min, number);
    this.max = Math.max(this.max, number);
    return true;
  }
}

/** A CSV file and a summary of its contents. */
export interface CsvFile {
  readonly file: File;
  readonly columns: readonly CsvColumn[];
  readonly rows: number;
  /** Number of rows by the set of columns in which they have no number. There are few such sets, even for many rows. */
  readonly gaps: ReadonlyMap<string, { readonly columns: readonly number[]; readonly rows: number }>;
  /** Why the service would reject the file. */
  readonly problems: readonly string[];
}

/** Bytes read before yielding to the event loop. */
const CHUNK_BYTES = 2 ** 18;
const MAX_SAMPLES = 3;

/** Reads a file in chunks by the rules of the service: comma-separated, double quotes, and a header row. */
export async function readCsv(file: File): Promise<CsvFile> {
  const columns: CsvColumn[] = [];
  const gaps = new Map<string, { columns: readonly number[]; rows: number }>();
  const problems: string[] = [];
  let rows = 0;

  const addRow = (cells: readonly string[]) => {
    if (columns.length === 0) {
      for (const cell of cells) columns.push(new CsvColumn(cell.replace('\ufeff', '').trim()));
      problems.push(...headerProblems(columns));
      return;
    }
    rows++;
    if (cells.length !== columns.length && problems.length === 0) {
      problems.push(`row ${rows} has ${cells.length} cells, the header has ${columns.length}`);
    }
    const missing: number[] = [];
    columns.forEach((column, i) => {
      if (!column.add(cells[i] ?? '')) missing.push(i);
    });
    if (missing.length === 0) return;
    const key = missing.join();
    gaps.set(key, { columns: missing, rows: (gaps.get(key)?.rows ?? 0) + 1 });
  };
  await eachChunk(file, (chunk) => chunk.forEach(addRow));
  if (columns.length === 0) problems.push('the file is empty; a header row is expected');
  else if (rows === 0) problems.push('there are no rows below the header');
  return { file, columns, rows, gaps, problems };
}

/** Returns the number of rows that the trainer would drop because one of these columns has no number. */
export function droppedRows({ gaps }: CsvFile, used: ReadonlySet<number>): number {
  let dropped = 0;
  for (const { columns, rows } of gaps.values()) if (columns.some((column) => used.has(column))) dropped += rows;
  return dropped;
}

/** Returns a copy with only these columns, or the file itself if it has no others. */
export async function withColumns({ file, columns }: CsvFile, used: ReadonlySet<number>): Promise<Blob> {
  if (used.size === columns.length) return file;
  const indices = Array.from(used).sort((a, b) => a - b);
  const parts: string[] = [];
  await eachChunk(file, (rows) => {
    const selected = rows.map((cells) => indices.map((i) => cells[i] ?? ''));
    if (rows.length > 0) parts.push(Papa.unparse(selected, { newline: '\n' }), '\n');
  });
  return new Blob(parts, { type: 'text/csv' });
}

function eachChunk(file: File, onRows: (rows: readonly (readonly string[])[]) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    Papa.parse<string[], File>(file, {
      delimiter: ',',
      skipEmptyLines: true,
      chunkSize: CHUNK_BYTES,
      chunk: ({ data }) => onRows(data),
      complete: () => resolve(),
      error: reject,
    });
  });
}

function headerProblems(columns: readonly CsvColumn[]): string[] {
  const names = columns.map(({ name }) => name);
  const unnamed = names.indexOf('');
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  return [
    ...(unnamed >= 0 ? [`column ${unnamed + 1} has no name`] : []),
    ...(duplicate ? [`column ${JSON.stringify(duplicate)} appears twice`] : []),
  ];
}
