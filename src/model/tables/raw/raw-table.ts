import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { DomainError, type ErrorCode, show } from '../../../base/domain-error.js';
import type { Column, ColumnType } from '../../columns/column.js';
import type { OtherMarks } from '../../columns/notation/notation-inference.js';
import type { DateOrder } from '../../columns/times.js';
import { type ColumnOrder, type Columns, checkColumns, sameNames, splitColumns } from '../columns.js';
import { firstOf } from '../rows.js';
import { chosenColumns, type LeftOut, type ServingColumns, type TableChoices } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import { RowLimit, type TableLimits, UNLIMITED } from '../table-limits.js';
import { codeTable, type DecidedCells, finishNumbers } from './coded-table.js';
import { decide } from './column-decision.js';
import type { Decided, Decision } from './decision.js';
import type { Budget } from './dictionary.js';
import { NumberRows } from './number-rows.js';
import { type DeclaredType, RawColumn } from './raw-column.js';
import { RawFile } from './raw-file.js';

/** Cells of a chunk, or one row if a row has more. Bounds memory however many columns there are. */
const CHUNK_CELLS = 2 ** 16;
/** Rows after which it is decided how the texts of each column are read. */
const SETTLING_ROWS = 1000;
/** Bytes that dictionaries may take: a quarter of this heap, be it that of a process or of a thread. */
const DICTIONARY_BYTES = Math.min(2 ** 27, getHeapStatistics().heap_size_limit / 4);

/** A column as a file declares it. */
export interface RawColumnName {
  readonly name: string;
  readonly declared?: DeclaredType | undefined;
  /** All of its cells are numbers, or gaps. */
  readonly isNumeric?: boolean;
}

export interface RawTableOptions {
  readonly targets: readonly string[];
  /** Orders the columns that are left; may throw to refuse them. */
  readonly order?: ColumnOrder | undefined;
  readonly choices?: TableChoices | undefined;
  /** The model whose columns the table must have: none of them is left out, and they keep their types. */
  readonly serving?: ServingColumns | undefined;
  readonly limits?: TableLimits | undefined;
  /** The code of errors about cells, by default `INVALID_ROWS`. */
  readonly code?: ErrorCode | undefined;
  /** Where the row is that is being added, by default its number; and how a message names that place. */
  readonly place?: (() => number) | undefined;
  readonly where?: ((place: number) => string) | undefined;
  /** Sentences about the file, asked for at the end. */
  readonly notices?: (() => readonly string[]) | undefined;
  /** Rows have no names: their columns are all learned from, so that those of a prediction have as many. */
  readonly isPositional?: boolean | undefined;
  /** Columns that the format cannot read, such as lists. */
  readonly unreadable?: readonly LeftOut[] | undefined;
  /** The source can be read again, if `tryFinish` asks for it. */
  readonly isRepeatable?: boolean | undefined;
  /** Names the columns that cannot be read in the result, instead of throwing. */
  readonly isReport?: boolean | undefined;
}

/**
 * Reads a table of any cells, row by row, into a file of raw cells. `finish` decides from all of them what each column is, and writes
 * the table of codes. Only a chunk and the distinct texts of each column, up to a bound, are in memory.
 */
export class RawTable implements Disposable {
  /** The columns to be read, in the order of the file: fill one cell of each, then call `endRow`. */
  readonly columns: readonly RawColumn[];
  /** Rows of a chunk. A format that reads whole columns may fill up to `room` cells of each before it calls `endRows`. */
  private readonly chunkRows: number;
  private readonly directory: string;
  private readonly options: RawTableOptions;
  private readonly leftOut: readonly LeftOut[];
  /** Where the rows go until it is known what their columns are. */
  private readonly file: RawFile | NumberRows;
  private readonly chunk: Uint8Array;
  private readonly settlingRows: number;
  private readonly limit: RowLimit;
  private rows = 0;
  private inChunk = 0;
  private isSettled = false;
  private others: OtherMarks | undefined;

  /** Throws `UNKNOWN_COLUMN` for columns that the table lacks, too many columns and names that are too long. */
  constructor(directory: string, columns: readonly RawColumnName[], options: RawTableOptions) {
    const { targets, choices = {}, serving, limits = UNLIMITED, unreadable = [] } = options;
    this.directory = directory;
    this.options = options;
    const all = columns.map(({ name }) => name);
    checkColumns(all);
    const chosen = chosenColumns([...all, ...unreadable.map(({ name }) => name)], targets, choices);
    const lost = unreadable.find(({ name }) => choices.features?.includes(name) || targets.includes(name));
    if (lost) throw new DomainError('UNKNOWN_COLUMN', `column ${show(lost.name)} cannot be read: ${lost.reason}`);
    this.leftOut = [
      ...chosen.leftOut,
      ...unreadable.filter(({ name }) => !chosen.leftOut.some((each) => each.name === name)),
    ];
    const names = new Set(chosen.names);
    const read = columns.filter(({ name }) => names.has(name));
    splitColumns(
      read.map(({ name }) => name),
      targets,
    );
    mkdirSync(directory, { recursive: true });
    this.chunkRows = Math.max(1, Math.floor(CHUNK_CELLS / read.length));
    this.settlingRows = Math.min(SETTLING_ROWS, this.chunkRows);
    this.limit = new RowLimit(limits, columns.length);
    const buffer = new ArrayBuffer(8 * read.length * this.chunkRows);
    this.chunk = new Uint8Array(buffer);
    const budget: Budget = { left: DICTIONARY_BYTES };
    // A model without types has numbers alone.
    const types = new Map<string, ColumnType>(serving?.features.map((name) => [name, 'number']));
    for (const { name, type } of serving?.columns ?? []) types.set(name, type);
    this.columns = read.map(({ name, declared }, i) => {
      const [from, count] = [8 * i * this.chunkRows, this.chunkRows];
      const chunk = { cells: new Float64Array(buffer, from, count), words: new Uint32Array(buffer, from, 2 * count) };
      const type = choices.types && Object.hasOwn(choices.types, name) ? choices.types[name] : types.get(name);
      const onFull = (column: RawColumn, text: string) => this.makeRoom(column, text);
      // Cells of one column may be added for many rows at once.
      const row = () => this.rows - this.inChunk + column.filled + 1;
      const context = { budget, place: options.place ?? row, onFull, order: this.orderOf(name) };
      const column = new RawColumn(name, targets.includes(name) ? type : (type ?? declared), chunk, context);
      return column;
    });
    const isNumber = (type: DeclaredType | undefined) => type === undefined || type === 'number';
    const areNumbers =
      read.every(({ isNumeric }) => isNumeric) && this.columns.every((each) => isNumber(each.declared));
    this.file =
      options.isRepeatable && areNumbers
        ? new NumberRows(directory, this.columns, this.likelyColumns(), this.chunkRows)
        : new RawFile(join(directory, 'cells.f64'));
  }

  /** Rows that may be added before the next call of `endRows`. */
  get room(): number {
    const rows = this.isSettled ? this.chunkRows : this.settlingRows;
    return Math.max(1, Math.min(rows, this.chunkRows) - this.inChunk);
  }

  /** Throws `TOO_LARGE` if `rows` more would exceed the limits. */
  expect(rows: number): void {
    this.limit.check(this.rows, rows);
  }

  endRow(): void {
    this.endRows(1);
  }

  /** Ends rows of which every column has its cells. Throws `TOO_LARGE`. */
  endRows(count: number): void {
    this.limit.check(this.rows, count);
    this.rows += count;
    this.inChunk += count;
    if (!this.isSettled && this.inChunk >= this.settlingRows) this.settle();
    if (this.inChunk >= this.chunkRows) this.flush();
  }

  /** As `finish`. Returns undefined if the source must be read again, and not as repeatable: one of its columns is not learned from. */
  tryFinish(): TableInfo | undefined {
    const cells = this.decideAll();
    return this.file instanceof RawFile ? codeTable(cells, this.file) : finishNumbers(this.file, cells);
  }

  /**
   * Decides what each column is, and writes the table. Throws the error code of the options naming the columns that cannot be read,
   * `TOO_MANY_MISSING`, `UNKNOWN_COLUMN` if no feature is left, and what `order` throws.
   */
  finish(): TableInfo {
    return this.tryFinish()!;
  }

  private decideAll(): DecidedCells {
    if (!this.isSettled) this.settle();
    this.flush();
    const { targets, code = 'INVALID_ROWS', isReport = false } = this.options;
    const decisions = this.columns.map((raw, i) => ({ name: raw.name, decision: this.decide(raw, i) }));
    const leftOut = [...this.leftOut];
    const refused: LeftOut[] = [];
    const decided = new Map<string, Decided>();
    for (const { name, decision } of decisions) {
      if (decision.is === 'column') decided.set(name, decision);
      else if (decision.is === 'left_out') leftOut.push({ name, reason: decision.reason });
      else refused.push({ name, reason: decision.message });
    }
    if (refused.length > 0 && !isReport) {
      const problems = refused.map(({ reason }) => reason);
      throw new DomainError(code, firstOf(problems, '\n'));
    }
    // A counter may be all there is to learn from.
    if (decided.size === targets.length && refused.length === 0) {
      for (const { name, decision } of decisions) {
        if (decision.is !== 'left_out' || !decision.otherwise) continue;
        decided.set(name, decision.otherwise);
        leftOut.splice(
          leftOut.findIndex((each) => each.name === name),
          1,
        );
      }
    }
    const { directory, chunkRows, rows, columns, where } = this;
    const { order, notices } = this.options;
    const cells = { directory, chunkRows, rows, columns, decided, leftOut, targets, order, where, refused };
    return { ...cells, notices: notices?.() ?? [] };
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }

  private readonly where = (place: number): string => this.options.where?.(place) ?? `row ${place}`;

  /** The columns in the order that the table will have, if none of them is left out. */
  private likelyColumns(): Columns {
    const { targets, serving } = this.options;
    const features = this.columns.map(({ name }) => name).filter((name) => !targets.includes(name));
    return { features: serving && sameNames(features, serving.features) ? serving.features : features, targets };
  }

  /** The order of dates as the caller says it, or else the model that serves. */
  private orderOf(name: string): DateOrder | undefined {
    const { choices, serving } = this.options;
    const served = serving?.columns?.find((column) => column.name === name);
    return choices?.dates ?? (served?.type === 'timestamp' ? served.order : undefined);
  }

  private decide(raw: RawColumn, i: number): Decision {
    const { targets, choices = {}, serving, isPositional = false } = this.options;
    const isTarget = targets.includes(raw.name);
    const types = choices.types ?? {};
    const isWanted =
      isTarget ||
      isPositional ||
      choices.features?.includes(raw.name) === true ||
      Object.hasOwn(types, raw.name) ||
      serving?.features.includes(raw.name) === true;
    const { others, where, rows } = this;
    const { decimal } = choices;
    const order = this.orderOf(raw.name);
    const terms = { rows: rows - raw.absentRows, isWanted, place: i, decimal, others, order, where };
    const decision = decide(raw, terms);
    if (isTarget) return decision.is === 'column' ? asTarget(raw, decision, where) : decision;
    const served = serving?.columns?.find(({ name }) => name === raw.name);
    return served ? asServed(raw, decision, served) : decision;
  }

  /** Decides how the texts of all columns are read: one column may show the decimal mark of another. */
  private settle(): void {
    this.isSettled = true;
    const decimal = this.options.choices?.decimal;
    const marks = new Set<'.' | ','>();
    for (const column of this.columns) {
      const inferred = column.infer(decimal);
      const cells = column.countedTexts().reduce((sum, { count }) => sum + count, 0);
      if (inferred?.certain && inferred.notation && 2 * inferred.weight > cells) marks.add(inferred.notation.decimal);
    }
    const { delimiter } = this.options.choices ?? {};
    // Where commas are decimal marks, cells are separated by semicolons.
    const other = delimiter === ',' ? '.' : delimiter === ';' ? 'unknown' : undefined;
    this.others = marks.size === 1 ? [...marks][0] : other;
    for (const column of this.columns) column.settle(decimal, this.others);
  }

  private flush(): void {
    if (this.inChunk === 0) return;
    const before = this.rows - this.inChunk;
    for (const column of this.columns) column.observe(before);
    // The chunk's columns lie one after the other, each with room for a whole chunk.
    if (this.file instanceof RawFile) this.file.append(this.chunk);
    else this.file.add(this.inChunk);
    for (const column of this.columns) column.filled = 0;
    this.inChunk = 0;
  }

  /** Makes room in the dictionaries; returns false if the column must do without. The one with the most texts loses them. */
  private makeRoom(column: RawColumn, text: string): boolean {
    if (column.dictionary.isLong) column.forget();
    while (!column.isFull && !column.dictionary.hasRoom(text)) {
      const largest = this.columns.reduce((a, b) => (b.dictionary.size > a.dictionary.size ? b : a));
      if (largest.dictionary.size === 0) return false;
      largest.forget();
    }
    return !column.isFull;
  }
}

/** The model that serves says what the cells do not: what a column without any value is, and how numbers that are no texts are written. */
function asServed(raw: RawColumn, decision: Decision, served: Column): Decision {
  const { numbers, strays, isWritten } = raw;
  if (numbers.count === 0 && strays === 0 && raw.countedTexts().length === 0) {
    return {
      is: 'column',
      column: served,
      code: () => Number.NaN,
      why: 'it has no value in any row; so the serving model has it',
    };
  }
  if (decision.is !== 'column' || isWritten || raw.countedTexts().length > 0) return decision;
  const { column } = decision;
  if (column.type === 'timestamp' && served.type === 'timestamp') {
    const { order, epoch } = served;
    return { ...decision, column: { ...(order && { order }), ...(epoch && { epoch }), ...column } };
  }
  if (column.type !== 'number' || served.type !== 'number' || !served.notation) return decision;
  return { ...decision, column: { ...column, notation: served.notation } };
}

/** A target is a number; false and true count as 0 and 1. */
function asTarget(raw: RawColumn, decision: Decided, where: (place: number) => string): Decision {
  const { type } = decision.column;
  if (type === 'number' || type === 'boolean') return decision;
  const [first] = raw.countedTexts();
  const example = first ? `, got ${show(first.text)} (${where(first.place)})` : '';
  return { is: 'refused', message: `target ${show(raw.name)}: expected numbers${example}` };
}
