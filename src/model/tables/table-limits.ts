import { DomainError } from '../../base/domain-error.js';

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

/** Counts the rows of a table against its limits. */
export class RowLimit {
  private readonly limits: TableLimits;
  private readonly columns: number;
  private readonly max: number;

  constructor(limits: TableLimits, columns: number) {
    this.limits = limits;
    this.columns = columns;
    this.max = Math.min(limits.rows, Math.floor(limits.bytes / (Float32Array.BYTES_PER_ELEMENT * columns)));
  }

  /** Throws `TOO_LARGE` if `more` rows after the first `rows` would exceed the limits: a small file can declare any number of rows. */
  check(rows: number, more: number): void {
    if (rows + more <= this.max) return;
    const { rows: maxRows, bytes, advice } = this.limits;
    const tooWide = this.max < maxRows;
    const size = tooWide ? ` of ${this.columns} columns (${bytes} bytes as float32)` : '';
    const found = more > 1 ? rows + more : 'more';
    const wayOut = (tooWide && advice) || 'send a sample of the rows';
    throw new DomainError('TOO_LARGE', `the table: expected at most ${this.max} rows${size}, got ${found}; ${wayOut}`);
  }
}
