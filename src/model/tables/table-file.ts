import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, show } from '../../base/domain-error.js';
import { openBytes } from './byte-source.js';
import { type Columns, checkColumns } from './columns.js';
import type { LabelledRows } from './labelled-rows.js';
import { isFloat32 } from './rows.js';

/** A table on disk: its columns, and what was dropped from it. Stored beside its numbers as `table.json`. */
export interface TableInfo extends Columns {
  /** Rows in the table: those with a finite number in every column. */
  readonly rows: number;
  /** Rows left out. */
  readonly dropped: number;
  /** Per column, the number of rows in which it was missing or not a finite number. */
  readonly missing: Readonly<Record<string, number>>;
  /** SHA-256 of the column names and the table's numbers, hexadecimal. */
  readonly fingerprint: string;
}

/** Bounds of a table. They count all of its rows, including those that are left out. */
export interface TableLimits {
  readonly rows: number;
  /** Bytes of its numbers as float32. */
  readonly bytes: number;
  /** How to send a table of more bytes, for the error. */
  readonly advice?: string;
}

/** For tables of the operator. Numbers that JSON has, for other processes. */
export const UNLIMITED: TableLimits = { rows: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** Numbers to buffer, or one row if a row has more. Bounds memory however many columns a header names. */
const BUFFERED_NUMBERS = 2 ** 16;

/**
 * Writes labelled rows to a directory as raw float32 files, `features.f32` and `targets.f32`, row-major. Rows stream
 * through a small buffer, so a table may be larger than memory. A row with a missing or non-finite value is dropped and
 * counted.
 */
export class TableWriter implements Disposable {
  private readonly directory: string;
  private readonly features: readonly string[];
  private readonly targets: readonly string[];
  private readonly files: { features: number; targets: number };
  private readonly limits: TableLimits;
  /** Follows from both limits. */
  private readonly maxRows: number;
  private readonly bufferedRows: number;
  private readonly featureBuffer: Float32Array;
  private readonly targetBuffer: Float32Array;
  private readonly missing: number[];
  private readonly hash = createHash('sha256');
  private buffered = 0;
  private rows = 0;
  private dropped = 0;
  /** Rows added so far: written, buffered or dropped. */
  private added = 0;
  private closed = false;

  /** Throws as `checkColumns` does. */
  constructor(directory: string, { features, targets }: Columns, limits = UNLIMITED) {
    checkColumns([...features, ...targets]);
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
    this.limits = limits;
    const bytesOfRow = Float32Array.BYTES_PER_ELEMENT * (features.length + targets.length);
    this.maxRows = Math.min(limits.rows, Math.floor(limits.bytes / bytesOfRow));
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
   * Adds one row. `value` returns the number in a column, by index: features first, then targets. NaN and null are missing
   * values. Throws `TOO_LARGE` once the table exceeds its limits.
   */
  add(value: (column: number) => number | null): void {
    if (this.added === this.maxRows) this.expect(1);
    this.added++;
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

  /** Throws `TOO_LARGE` if `rows` more would exceed the limits: a small file can declare any number of rows. */
  expect(rows: number): void {
    if (this.added + rows <= this.maxRows) return;
    const { rows: maxRows, bytes, advice } = this.limits;
    const tooWide = this.maxRows < maxRows;
    const size = tooWide ? ` of ${this.missing.length} columns (${bytes} bytes as float32)` : '';
    const found = rows > 1 ? this.added + rows : 'more';
    const wayOut = (tooWide && advice) || 'send a sample of the rows';
    throw new DomainError(
      'TOO_LARGE',
      `the table: expected at most ${this.maxRows} rows${size}, got ${found}; ${wayOut}`,
    );
  }

  /** Writes the buffered rows and `table.json`. Throws `TOO_MANY_MISSING` if more than half the rows were dropped. */
  finish(): TableInfo {
    this.flush();
    this.close();
    const columns = [...this.features, ...this.targets];
    if (this.dropped > this.rows) {
      const worst = this.missing.reduce((max, count, i) => (count > this.missing[max]! ? i : max), 0);
      throw new DomainError(
        'TOO_MANY_MISSING',
        `${this.dropped} of ${this.rows + this.dropped} rows have a missing or non-numeric value, most of them in column ` +
          `${show(columns[worst])} (${this.missing[worst]} rows); training needs at least half of the rows complete`,
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

  /** Closes the files. May be called more than once. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const file of Object.values(this.files)) closeSync(file);
  }

  [Symbol.dispose](): void {
    this.close();
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
