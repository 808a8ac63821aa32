import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, show } from '../../base/domain-error.js';
import type { Column } from '../columns/column.js';
import { openBytes } from './byte-source.js';
import { type Columns, checkColumns } from './columns.js';
import type { LabelledRows } from './labelled-rows.js';
import { isFloat32, MAX_FLOAT32 } from './rows.js';
import type { LeftOut } from './table-choices.js';
import { RowLimit, UNLIMITED } from './table-limits.js';

/** A table on disk: its columns, and what was dropped from it. Stored beside its numbers as `table.json`. */
export interface TableInfo extends Columns, TableNotes {
  /** Rows in the table: those with a finite number as every target. A feature's gap is NaN. */
  readonly rows: number;
  /** Rows left out. */
  readonly dropped: number;
  /** Per column, the number of rows in which it was missing or not a finite number. */
  readonly missing: Readonly<Record<string, number>>;
  /** SHA-256 of the column names and the table's numbers, and of what the numbers stand for unless all are plain; hexadecimal. */
  readonly fingerprint: string;
}

/** What was found out about the columns of a table. */
export interface TableNotes {
  /** One for each feature, in their order. */
  readonly columns: readonly Column[];
  /** Columns of the file that are not in the table. */
  readonly left_out: readonly LeftOut[];
  /** Why a column has its type, by name. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What a careful reader should know of a column, by name. */
  readonly warnings: Readonly<Record<string, readonly string[]>>;
  /** Sentences on the whole table: how it was read, and what was passed over. */
  readonly notices: readonly string[];
  /** Why a training would be refused, in a report. */
  readonly problems: readonly string[];
  /** The columns among them that cannot be read, with the message of each. */
  readonly refused: readonly LeftOut[];
}

/** Numbers to buffer, or one row if a row has more. Bounds memory however many columns a header names. */
const BUFFERED_NUMBERS = 2 ** 16;

/** Rows of which one column is copied after the other: few enough for the processor's first cache. */
const TILE = 512;

/** What a column's codes are, over the rows that are kept. */
interface Facts {
  present: number;
  min: number;
  max: number;
  /** Rows with each code of a category. */
  readonly counts: Float64Array | undefined;
}

/**
 * Writes labelled rows to a directory as raw float32 files, `features.f32` and `targets.f32`, row-major. Rows stream
 * through a small buffer, so a table may be larger than memory. A row with a missing or non-finite target is dropped and
 * counted; a feature that is missing or not finite is NaN.
 */
export class TableWriter implements Disposable {
  private readonly directory: string;
  private readonly features: readonly string[];
  private readonly targets: readonly string[];
  private readonly files: { features: number; targets: number };
  private readonly limit: RowLimit;
  /** One for each feature; plain numbers by default. */
  private readonly columns: readonly Column[];
  private readonly facts: readonly Facts[];
  private readonly bufferedRows: number;
  private readonly featureBuffer: Float32Array;
  private readonly targetBuffer: Float32Array;
  private readonly missing: number[];
  /** -1 for each row of a block that is dropped. */
  private readonly places: Int32Array;
  private readonly hash = createHash('sha256');
  private buffered = 0;
  private rows = 0;
  private dropped = 0;
  /** Rows added so far: written, buffered or dropped. */
  private added = 0;
  private closed = false;

  /**
   * `columns` says what the features are, by default plain numbers; their ranges, gaps and counts are those of the rows. Throws as
   * `checkColumns` does.
   */
  constructor(directory: string, { features, targets }: Columns, limits = UNLIMITED, columns?: readonly Column[]) {
    checkColumns([...features, ...targets]);
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
    this.limit = new RowLimit(limits, features.length + targets.length);
    this.columns = columns ?? features.map(plainNumber);
    this.facts = this.columns.map((column) => ({
      present: 0,
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      counts: column.type === 'category' ? new Float64Array(column.levels.length + 1) : undefined,
    }));
    this.features = features;
    this.targets = targets;
    this.files = {
      features: openSync(join(directory, 'features.f32'), 'w'),
      targets: openSync(join(directory, 'targets.f32'), 'w'),
    };
    this.bufferedRows = Math.max(1, Math.floor(BUFFERED_NUMBERS / Math.max(1, features.length + targets.length)));
    this.featureBuffer = new Float32Array(this.bufferedRows * features.length);
    this.targetBuffer = new Float32Array(this.bufferedRows * targets.length);
    this.places = new Int32Array(this.bufferedRows);
    this.missing = new Array<number>(features.length + targets.length).fill(0);
    this.hash.update(JSON.stringify([features, targets]));
  }

  /**
   * Adds one row. `value` returns the code in a column, by index: features first, then targets. NaN and null are missing
   * values. Throws `TOO_LARGE` once the table exceeds its limits.
   */
  add(value: (column: number) => number | null): void {
    this.limit.check(this.added, 1);
    this.added++;
    const width = this.features.length;
    let complete = true;
    for (let column = 0; column < this.missing.length; column++) {
      const number = value(column);
      const valid = isFloat32(number);
      if (!valid) {
        this.missing[column]!++;
        complete &&= column < width;
      }
      if (column < width) this.featureBuffer[this.buffered * width + column] = valid ? number : Number.NaN;
      else if (valid) this.targetBuffer[this.buffered * this.targets.length + column - width] = number;
    }
    if (!complete) {
      this.dropped++;
      return;
    }
    for (const [column, facts] of this.facts.entries()) {
      const code = this.featureBuffer[this.buffered * width + column]!;
      if (Number.isNaN(code)) continue;
      facts.present++;
      facts.min = Math.min(facts.min, code);
      facts.max = Math.max(facts.max, code);
      if (facts.counts) facts.counts[code]!++;
    }
    if (++this.buffered === this.bufferedRows) this.flush();
  }

  /** Adds rows `[columns][rows]`, of which the first `count` are read: the codes of each column, as `add` takes them one by one. */
  addColumns(columns: readonly Float32Array[], count: number): void {
    this.limit.check(this.added, count);
    this.added += count;
    for (let from = 0, to = 0; from < count; from = to) {
      to = Math.min(count, from + TILE, from + this.bufferedRows - this.buffered);
      this.addBlock(columns, from, to);
      if (this.buffered === this.bufferedRows) this.flush();
    }
  }

  /** Throws `TOO_LARGE` if `rows` more would exceed the limits. */
  expect(rows: number): void {
    this.limit.check(this.added, rows);
  }

  /**
   * Writes the buffered rows and `table.json`. `features` says more of the columns than the constructor knew. Throws
   * `TOO_MANY_MISSING` if more than half the rows were dropped.
   */
  finish(notes: Partial<Omit<TableNotes, 'columns'>> = {}, features = this.columns): TableInfo {
    this.flush();
    this.close();
    const names = [...this.features, ...this.targets];
    if (this.dropped > this.rows) {
      const from = this.features.length;
      const worst = this.missing.reduce((max, count, i) => (i >= from && count > this.missing[max]! ? i : max), from);
      throw new DomainError(
        'TOO_MANY_MISSING',
        `${this.dropped} of ${this.rows + this.dropped} rows have a missing or non-numeric target, most of them in column ` +
          `${show(names[worst])} (${this.missing[worst]} rows); training needs at least half of the rows complete`,
      );
    }
    const columns = features
      .map((column, i) => finished(column, this.facts[i]!, this.rows))
      // A row without a target may be the only one with a gap. It comes back when the file is predicted.
      .map((column, i) => ({ ...column, missing: column.missing || this.missing[i]! / Math.max(1, this.added) }));
    if (columns.some((column) => column.type !== 'number')) {
      this.hash.update(
        JSON.stringify(columns.map((column) => (column.type === 'category' ? column.levels : column.type))),
      );
    }
    const info: TableInfo = {
      features: this.features,
      targets: this.targets,
      rows: this.rows,
      dropped: this.dropped,
      missing: Object.fromEntries(names.map((name, column) => [name, this.missing[column]!])),
      fingerprint: this.hash.digest('hex'),
      left_out: [],
      reasons: {},
      warnings: {},
      notices: [],
      problems: [],
      refused: [],
      ...notes,
      columns,
    };
    writeFileSync(join(this.directory, 'table.json'), JSON.stringify(info));
    return info;
  }

  /** Closes the files. May be called more than once. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const file of Object.values(this.files)) closeSync(file);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Adds no more rows than there is room for. */
  private addBlock(columns: readonly Float32Array[], from: number, to: number): void {
    const { places, missing } = this;
    const [width, depth] = [this.features.length, this.targets.length];
    const before = this.buffered;
    let areAll = true;
    for (const [t, column] of columns.entries()) {
      if (t < width) continue;
      for (let r = from; r < to; r++) {
        const value = column[r]!;
        if (value >= -MAX_FLOAT32 && value <= MAX_FLOAT32) continue;
        if (areAll) places.fill(0, 0, to - from);
        areAll = false;
        missing[t]!++;
        places[r - from] = -1;
      }
    }
    if (areAll) this.buffered += to - from;
    else for (let i = 0; i < to - from; i++) this.buffered += 1 + places[i]!;
    this.dropped += to - from - (this.buffered - before);
    for (let j = 0; j < columns.length; j++) {
      const isFeature = j < width;
      const buffer = isFeature ? this.featureBuffer : this.targetBuffer;
      const stride = isFeature ? width : depth;
      const at = before * stride + (isFeature ? j : j - width);
      const facts = this.facts[j];
      if (areAll && !facts?.counts && copyNumbers(columns[j]!, from, to, buffer, at, stride, facts)) continue;
      const gaps = copyColumn(columns[j]!, from, to, buffer, at, stride, areAll ? undefined : places, facts);
      if (isFeature) missing[j]! += gaps;
    }
  }

  private flush(): void {
    const parts = [
      [this.files.features, bytes(this.featureBuffer.subarray(0, this.buffered * this.features.length))],
      [this.files.targets, bytes(this.targetBuffer.subarray(0, this.buffered * this.targets.length))],
    ] as const;
    for (const [file, part] of parts) {
      this.hash.update(part);
      for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
    }
    this.rows += this.buffered;
    this.buffered = 0;
  }
}

/** As `copyColumn`, for a column without gaps. Returns false if it has some, and adds nothing to the facts. */
function copyNumbers(
  column: Float32Array,
  from: number,
  to: number,
  buffer: Float32Array,
  at: number,
  stride: number,
  facts: Facts | undefined,
): boolean {
  let next = at;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let r = from; r < to; r++) {
    const value = column[r]!;
    buffer[next] = value;
    next += stride;
    // NaN stays.
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (!(min >= -MAX_FLOAT32 && max <= MAX_FLOAT32)) return false;
  if (facts) {
    facts.present += to - from;
    facts.min = Math.min(facts.min, min);
    facts.max = Math.max(facts.max, max);
  }
  return true;
}

/**
 * Copies the values `from` up to `to` of a column to `buffer`, from index `at` on, `stride` apart, or only those that have a place in
 * `places`, and adds these to the facts. Returns how many of all are no finite float32, which are NaN in the buffer.
 */
function copyColumn(
  column: Float32Array,
  from: number,
  to: number,
  buffer: Float32Array,
  at: number,
  stride: number,
  places: Int32Array | undefined,
  facts: Facts | undefined,
): number {
  let gaps = 0;
  let next = at;
  let present = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const counts = facts?.counts;
  for (let r = from; r < to; r++) {
    const value = column[r]!;
    const isPresent = value >= -MAX_FLOAT32 && value <= MAX_FLOAT32;
    if (!isPresent) gaps++;
    if (places && places[r - from]! < 0) continue;
    buffer[next] = isPresent ? value : Number.NaN;
    next += stride;
    if (!isPresent) continue;
    present++;
    if (value < min) min = value;
    if (value > max) max = value;
    if (counts) counts[value]!++;
  }
  if (facts) {
    facts.present += present;
    facts.min = Math.min(facts.min, min);
    facts.max = Math.max(facts.max, max);
  }
  return gaps;
}

function plainNumber(name: string): Column {
  return { name, type: 'number', missing: 0, range: [0, 0] };
}

function finished(column: Column, { present, min, max, counts }: Facts, rows: number): Column {
  const missing = rows === 0 ? 0 : (rows - present) / rows;
  if (column.type === 'category') return { ...column, missing, counts: [...counts!.subarray(0, column.levels.length)] };
  if (column.type === 'boolean') return { ...column, missing };
  return { ...column, missing, range: present === 0 ? [0, 0] : [min, max] };
}

/** Reads a table written by {@link TableWriter}. Throws an Error if its files are not as the writer finished them. */
export function readTable(directory: string): { info: TableInfo; data: LabelledRows } {
  const info = JSON.parse(readFileSync(join(directory, 'table.json'), 'utf8')) as TableInfo;
  const features = readFloats(join(directory, 'features.f32'), info.rows * info.features.length);
  const targets = readFloats(join(directory, 'targets.f32'), info.rows * info.targets.length);
  return { info, data: { rows: info.rows, features, targets } };
}

function readFloats(path: string, count: number): Float32Array {
  const size = count * Float32Array.BYTES_PER_ELEMENT;
  using file = openBytes(path);
  if (file.length !== size) throw new Error(`${path}: expected ${size} bytes, got ${file.length}`);
  return new Float32Array(file.read(0, size).buffer);
}

function bytes(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}
