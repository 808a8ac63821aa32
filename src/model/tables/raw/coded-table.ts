import { DomainError } from '../../../base/domain-error.js';
import { codeOfInstant } from '../../columns/coding.js';
import type { ColumnOrder } from '../columns.js';
import { firstOf } from '../rows.js';
import type { LeftOut } from '../table-choices.js';
import { type TableInfo, TableWriter } from '../table-file.js';
import { codesOfWords, type Decided, examples } from './column-decision.js';
import { Leaks } from './leaks.js';
import type { RawColumn } from './raw-column.js';
import type { RawFile } from './raw-file.js';

/** Raw cells, and what each of their columns is. */
export interface DecidedCells {
  readonly directory: string;
  /** Chunks of `chunkRows` rows: the cells of the first column, then those of the next. */
  readonly file: RawFile;
  readonly chunkRows: number;
  readonly rows: number;
  readonly columns: readonly RawColumn[];
  /** Those that are in the table. */
  readonly decided: ReadonlyMap<string, Decided>;
  readonly leftOut: readonly LeftOut[];
  readonly targets: readonly string[];
  readonly order: ColumnOrder | undefined;
  readonly where: (place: number) => string;
  readonly notices: readonly string[];
  readonly problems: readonly string[];
}

/** Writes the raw cells as a table of codes. Throws what `order` throws, `UNKNOWN_COLUMN` and `TOO_MANY_MISSING`. */
export function codeTable(cells: DecidedCells): TableInfo {
  const { directory, rows, decided, leftOut, notices, problems } = cells;
  const { features, targets } = orderedColumns(cells);
  const names = [...features, ...targets];
  const raws = names.map((name) => cells.columns.find((column) => column.name === name)!);
  const decisions = names.map((name) => decided.get(name)!);
  const columns = decisions.slice(0, features.length).map(({ column }) => column);
  const leaks = new Leaks(
    columns.map(({ type }) => type !== 'category'),
    targets.length,
  );
  using writer = new TableWriter(directory, { features, targets }, undefined, columns);
  const read = chunkReader(cells, raws, decisions);
  for (let from = 0; from < rows; from += cells.chunkRows) {
    const count = Math.min(cells.chunkRows, rows - from);
    const codes = read(from, count);
    for (let r = 0; r < count; r++) writer.add((column) => codes[column]![r]!);
    leaks.add(codes, count);
  }
  const byName = <T>(value: (i: number) => T) => Object.fromEntries(names.map((name, i) => [name, value(i)]));
  return writer.finish({
    left_out: leftOut,
    reasons: byName((i) => decisions[i]!.why),
    warnings: byName((i) => [...warningsOf(raws[i]!, cells), ...leaks.of(i, targets)]),
    notices,
    problems,
  });
}

/** Returns the columns of the table, in their order. */
function orderedColumns({ columns, decided, targets, order, leftOut, problems }: DecidedCells) {
  const names = columns.map(({ name }) => name).filter((name) => decided.has(name));
  const features = names.filter((name) => !targets.includes(name));
  if (problems.length > 0) return { features, targets: targets.filter((name) => decided.has(name)) };
  if (features.length === 0) {
    const reasons = leftOut.map(({ name, reason }) => `${name} (${reason})`);
    throw new DomainError(
      'UNKNOWN_COLUMN',
      `no feature is left of the columns: ${firstOf(reasons, '; ')}. features= brings them back`,
    );
  }
  return order ? order({ features, targets }) : { features, targets };
}

/** Returns a function that reads the codes of a chunk: an array for each column, overwritten by the next chunk. */
function chunkReader(
  { columns, file, chunkRows }: DecidedCells,
  raws: readonly RawColumn[],
  decisions: readonly Decided[],
) {
  const bytes = new Uint8Array(8 * chunkRows);
  const numbers = new Float64Array(bytes.buffer);
  const words = new Uint32Array(bytes.buffer);
  const codes = raws.map(() => new Float32Array(chunkRows));
  const readers = raws.map((raw, i) => ({
    place: columns.indexOf(raw),
    column: decisions[i]!.column,
    ofWord: codesOfWords(raw, decisions[i]!),
    out: codes[i]!,
  }));
  return (from: number, count: number): readonly Float32Array[] => {
    const start = (from / chunkRows) * columns.length;
    for (const { place, column, ofWord, out } of readers) {
      file.read((start + place) * bytes.length, bytes);
      for (let r = 0; r < count; r++) {
        const number = numbers[r]!;
        if (Number.isNaN(number)) out[r] = ofWord(words[2 * r]!);
        else out[r] = column.type === 'timestamp' ? codeOfInstant(column, number) : number;
      }
    }
    return codes;
  };
}

function warningsOf(
  { name, numbers, notationExamples, leadingZeros, reading }: RawColumn,
  cells: DecidedCells,
): string[] {
  const warnings: string[] = [];
  if (notationExamples.length > 0) warnings.push(`numbers in another notation: ${examples(notationExamples, cells)}`);
  if (leadingZeros) warnings.push(`numbers begin with zeros, as codes do; types=${name}:category takes them as texts`);
  if (numbers.beyondFloat32 > 0)
    warnings.push(`${numbers.beyondFloat32} numbers are beyond float32, and count as gaps`);
  if (numbers.count > 2 && numbers.increasing && numbers.integers && reading?.type !== 'timestamp') {
    warnings.push('it grows from row to row, as an identifier or a time does');
  }
  return warnings;
}
