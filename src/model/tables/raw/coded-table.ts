import { DomainError } from '../../../base/domain-error.js';
import { codeOfInstant } from '../../columns/coding.js';
import { type ColumnOrder, type Columns, equalColumns } from '../columns.js';
import { firstOf, MAX_FLOAT32 } from '../rows.js';
import type { LeftOut } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import { CodedWriter } from './coded-writer.js';
import { codesOfWords } from './column-decision.js';
import type { Decided } from './decision.js';
import type { NumberRows } from './number-rows.js';
import type { RawColumn } from './raw-column.js';
import type { RawFile } from './raw-file.js';
import { examples } from './refusals.js';
import { likelyEpoch } from './typed-decisions.js';

/** Raw cells, and what each of their columns is. */
export interface DecidedCells {
  readonly directory: string;
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
  /** Columns that cannot be read, and why. */
  readonly refused: readonly LeftOut[];
}

/** Writes the raw cells as a table of codes. Throws what `order` throws, `UNKNOWN_COLUMN` and `TOO_MANY_MISSING`. */
export function codeTable(cells: DecidedCells, file: RawFile): TableInfo {
  const ordered = orderedColumns(cells);
  const { raws, decisions } = decisionsOf(cells, ordered);
  const columns = decisions.slice(0, ordered.features.length).map(({ column }) => column);
  using writer = new CodedWriter(cells.directory, ordered, columns);
  const read = chunkReader(cells, file, raws, decisions);
  for (let from = 0; from < cells.rows; from += cells.chunkRows) {
    const count = Math.min(cells.chunkRows, cells.rows - from);
    writer.add(read(from, count), count);
  }
  return finished(writer, cells);
}

/**
 * Finishes a table of numbers that has been written already. Returns undefined if it has other columns than it should have. Throws as
 * `codeTable`.
 */
export function finishNumbers({ writer }: NumberRows, cells: DecidedCells): TableInfo | undefined {
  return equalColumns(orderedColumns(cells), writer.columns) ? finished(writer, cells) : undefined;
}

function finished(writer: CodedWriter, cells: DecidedCells): TableInfo {
  const { raws, decisions } = decisionsOf(cells, writer.columns);
  const warnings = raws.map((raw, i) => warningsOf(raw, decisions[i]!, cells));
  const { leftOut, notices, refused } = cells;
  const problems = refused.map(({ reason }) => reason);
  return writer.finish(decisions, warnings, { left_out: leftOut, notices, problems, refused });
}

function decisionsOf({ columns, decided }: DecidedCells, { features, targets }: Columns) {
  const names = [...features, ...targets];
  return {
    raws: names.map((name) => columns.find((column) => column.name === name)!),
    decisions: names.map((name) => decided.get(name)!),
  };
}

/** Returns the columns of the table, in their order. */
function orderedColumns({ columns, decided, targets, order, leftOut, refused }: DecidedCells) {
  const names = columns.map(({ name }) => name).filter((name) => decided.has(name));
  const features = names.filter((name) => !targets.includes(name));
  if (refused.length > 0) return { features, targets: targets.filter((name) => decided.has(name)) };
  if (features.length === 0) {
    const reasons = leftOut.map(({ name, reason }) => `${name} (${reason})`);
    throw new DomainError(
      'UNKNOWN_COLUMN',
      `no feature is left of the columns: ${firstOf(reasons, '; ')}. features= brings them back`,
    );
  }
  return order ? order({ features, targets }) : { features, targets };
}

/**
 * Returns a function that reads the codes of a chunk: an array for each column, overwritten by the next chunk. The file has chunks of
 * `chunkRows` rows: the cells of the first column, then those of the next.
 */
function chunkReader(
  { columns, chunkRows }: DecidedCells,
  file: RawFile,
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
    scale: decisions[i]!.milliseconds ?? 1,
    ofWord: codesOfWords(raw, decisions[i]!),
    out: codes[i]!,
  }));
  return (from: number, count: number): readonly Float32Array[] => {
    const start = (from / chunkRows) * columns.length;
    for (const { place, column, scale, ofWord, out } of readers) {
      file.read((start + place) * bytes.length, bytes);
      const instants = column.type === 'timestamp' ? column : undefined;
      for (let r = 0; r < count; r++) {
        const number = numbers[r]!;
        if (Number.isNaN(number)) out[r] = ofWord(words[2 * r]!);
        else out[r] = instants ? codeOfInstant(instants, scale * number) : number;
      }
    }
    return codes;
  };
}

function warningsOf(
  { name, numbers, notationExamples, leadingZeros, dictionary }: RawColumn,
  { column, code }: Decided,
  cells: DecidedCells,
): string[] {
  if (column.type !== 'number') return [];
  const warnings: string[] = [];
  if (notationExamples.length > 0) warnings.push(`numbers in another notation: ${examples(notationExamples, cells)}`);
  if (leadingZeros) warnings.push(`numbers begin with zeros, as codes do; types=${name}:category takes them as texts`);
  const { texts, counts, places } = dictionary;
  const beyond = texts.flatMap((text, i) => (Math.abs(code(text)) > MAX_FLOAT32 ? [i] : []));
  const count = beyond.reduce((sum, i) => sum + counts[i]!, numbers.beyondFloat32);
  if (count > 0) {
    const first = numbers.firstBeyond || `${texts[beyond[0]!]} (${cells.where(places[beyond[0]!]!)})`;
    const what = count === 1 ? '1 number is' : `${count} numbers are`;
    warnings.push(
      `${what} infinite or beyond float32, first ${first}: ${count === 1 ? 'it counts as a gap' : 'they count as gaps'}`,
    );
  }
  const epoch = likelyEpoch(numbers);
  if (epoch) warnings.push(`its numbers look like ${epoch} since 1970; types=${name}:timestamp takes them as times`);
  else if (numbers.count > 2 && numbers.increasing && numbers.integers) {
    warnings.push('it grows from row to row, as an identifier or a time does');
  }
  return warnings;
}
