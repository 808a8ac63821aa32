import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, show } from '../../base/domain-error.js';
import type { LabelledRows } from '../training/evaluation.js';
import { isFloat32, listed } from './rows.js';

/** What a table on disk is: its columns, and what was left out of it. Lies beside its numbers as `table.json`. */
export interface TableInfo extends Columns {
  /** Rows kept: those with a finite number in every column. */
  readonly rows: number;
  /** Rows left out. */
  readonly dropped: number;
  /** Per column, rows in which it was missing or not a finite number. */
  readonly missing: Readonly<Record<string, number>>;
  /** SHA-256 of the names and the numbers kept, hexadecimal. */
  readonly fingerprint: string;
}

/** The columns of a table or a model, in order. */
export interface Columns {
  readonly features: readonly string[];
  readonly targets: readonly string[];
}

/** The columns alone of what has more, such as a card: what goes to another process goes there whole. */
export function columnsOf({ features, targets }: Columns): Columns {
  return { features, targets };
}

/** Puts the columns that were found into the order in which they are to be written. May throw to refuse them. */
export type Arrange = (found: Columns) => Columns;

/** Numbers that are buffered, if one row has not more: a bound on memory however many columns a header names. */
const BUFFERED_NUMBERS = 2 ** 16;

/** Wider tables are mistakes, or attacks: a hidden layer of 30 units has nothing to make of them. */
export const MAX_COLUMNS = 10_000;

/**
 * Writes labelled rows to a directory as raw float32 files, `features.f32` and `targets.f32`, row-major. Rows stream
 * through a small buffer, so that a table may be larger than memory. A row with a missing or non-finite value is
 * dropped and counted.
 */
export class TableWriter {
  private readonly directory: string;
  private readonly features: readonly string[];
  private readonly targets: readonly string[];
  private readonly files: { features: number; targets: number };
  private readonly most: number;
  private readonly bufferedRows: number;
  private readonly featureBuffer: Float32Array;
  private readonly targetBuffer: Float32Array;
  private readonly missing: number[];
  private readonly hash = createHash('sha256');
  private buffered = 0;
  private rows = 0;
  private dropped = 0;
  private closed = false;

  /** Of at most `most` bytes of numbers. Throws `UNKNOWN_COLUMN` if there are more columns than a model is made for. */
  constructor(directory: string, { features, targets }: Columns, most = Number.POSITIVE_INFINITY) {
    const columns = features.length + targets.length;
    if (columns > MAX_COLUMNS) {
      throw new DomainError('UNKNOWN_COLUMN', `expected at most ${MAX_COLUMNS} columns, got ${columns}`);
    }
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
    this.most = most;
    this.features = features;
    this.targets = targets;
    this.files = {
      features: openSync(join(directory, 'features.f32'), 'w'),
      targets: openSync(join(directory, 'targets.f32'), 'w'),
    };
    this.bufferedRows = Math.max(1, Math.floor(BUFFERED_NUMBERS / (features.length + targets.length)));
    this.featureBuffer = new Float32Array(this.bufferedRows * features.length);
    this.targetBuffer = new Float32Array(this.bufferedRows * targets.length);
    this.missing = new Array<number>(features.length + targets.length).fill(0);
    this.hash.update(JSON.stringify([features, targets]));
  }

  /**
   * Adds one row, given by column number: features first, then targets. NaN or null is a missing value. Throws `TOO_LARGE`, as
   * `finish` does, when the table has more bytes than it may.
   */
  add(value: (column: number) => number | null): void {
    const width = this.features.length;
    let complete = true;
    for (let column = 0; column < this.missing.length; column++) {
      const number = value(column);
      if (!isFloat32(number)) {
        this.missing[column]!++;
        complete = false;
      } else if (column < width) this.featureBuffer[this.buffered * width + column] = number;
      else this.targetBuffer[this.buffered * this.targets.length + column - width] = number;
    }
    if (!complete) this.dropped++;
    else if (++this.buffered === this.bufferedRows) this.flush();
  }

  /** Writes what is buffered and the table's description. Throws `TOO_MANY_MISSING` if more than half the rows went. */
  finish(): TableInfo {
    this.flush();
    this.close();
    const columns = [...this.features, ...this.targets];
    if (this.dropped > this.rows) {
      const worst = this.missing.reduce((most, count, i) => (count > this.missing[most]! ? i : most), 0);
      throw new DomainError(
        'TOO_MANY_MISSING',
        `${this.dropped} of ${this.rows + this.dropped} rows have a missing or non-numeric value, most in column ` +
          `${show(columns[worst])} (${this.missing[worst]} rows); training needs at least half of them complete`,
      );
    }
    const info: TableInfo = {
      features: this.features,
      targets: this.targets,
      rows: this.rows,
      dropped: this.dropped,
      missing: Object.fromEntries(columns.map((name, column) => [name, this.missing[column]!])),
      fingerprint: this.hash.digest('hex'),
    };
    writeFileSync(join(this.directory, 'table.json'), JSON.stringify(info));
    return info;
  }

  /** Closes the files; may be called again. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const file of Object.values(this.files)) closeSync(file);
  }

  private flush(): void {
    const bytesOfRow = Float32Array.BYTES_PER_ELEMENT * this.missing.length;
    if ((this.rows + this.buffered) * bytesOfRow > this.most) {
      const rows = Math.floor(this.most / bytesOfRow);
      throw new DomainError(
        'TOO_LARGE',
        `body: expected at most ${rows} rows of ${this.missing.length} columns (${this.most} bytes as float32), got more`,
      );
    }
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

/** Reads a table that {@link TableWriter} wrote. Throws an Error if its files are not those that it finished. */
export function readTable(directory: string): { info: TableInfo; data: LabelledRows } {
  const info = JSON.parse(readFileSync(join(directory, 'table.json'), 'utf8')) as TableInfo;
  const features = readFloats(join(directory, 'features.f32'), info.rows * info.features.length);
  const targets = readFloats(join(directory, 'targets.f32'), info.rows * info.targets.length);
  return { info, data: { rows: info.rows, features, targets } };
}

/** Splits a table's columns into features and targets. Throws `UNKNOWN_COLUMN`, also for a target named twice. */
export function splitColumns(columns: readonly string[], targets: readonly string[]): Columns {
  const there = new Set(columns);
  const wanted = new Set<string>();
  for (const name of targets) {
    if (!there.has(name)) {
      throw new DomainError('UNKNOWN_COLUMN', `target ${show(name)} is not a column; there are ${listed(columns)}`);
    }
    if (wanted.has(name)) throw new DomainError('UNKNOWN_COLUMN', `target ${show(name)} is named twice`);
    wanted.add(name);
  }
  const features = columns.filter((name) => !wanted.has(name));
  if (features.length === 0) {
    throw new DomainError('UNKNOWN_COLUMN', `there is no feature column beside the target ${listed(targets)}`);
  }
  return { features, targets };
}

/** Read in pieces, straight into place: a whole-file read holds the bytes twice for a moment, and ends at 2 GiB. */
function readFloats(path: string, count: number): Float32Array {
  const size = count * Float32Array.BYTES_PER_ELEMENT;
  const found = statSync(path).size;
  if (found !== size) throw new Error(`${path}: expected ${size} bytes, found ${found}`);
  const floats = new Float32Array(count);
  const target = bytes(floats);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < target.length; ) {
      const read = readSync(file, target, at, Math.min(target.length - at, 2 ** 26), at);
      if (read === 0) throw new Error(`${path} ended early`);
      at += read;
    }
  } finally {
    closeSync(file);
  }
  return floats;
}

function bytes(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}
