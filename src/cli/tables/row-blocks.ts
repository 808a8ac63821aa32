import { DomainError } from '../../base/domain-error.js';
import type { RowModel } from '../../model/tables/row-model.js';

/** Rows that are read, and predicted, at once. */
export const BLOCK_ROWS = 4096;

/** Rows of a file, in its order. All arrays are overwritten by the next block. */
export interface RowBlock {
  /** `[≥ count, features]`: numbers in raw units, other values as codes, NaN where a value is missing. */
  readonly rows: Float32Array;
  readonly count: number;
  /** The number of each row in the file, from 1. A header is no row. */
  readonly numbers: Float64Array;
}

/** A row that cannot be read. */
export interface RefusedRow {
  /** Its number, from 1. */
  readonly row: number;
  /** Its line in a file of text. */
  readonly line?: number;
  readonly reason: string;
}

export interface BlockHandlers {
  /** Called with each block. The reader waits for it before it reads on, but may overwrite the block once it has returned. */
  readonly onBlock: (block: RowBlock) => Promise<void> | void;
  /** Called with each row that cannot be read. It throws if there may be none. */
  readonly onRefused: (row: RefusedRow) => void;
}

/** Reads all rows of a file. `share` is how much of it has been read, from 0 to 1; undefined if unknown. */
export interface BlockReader extends Disposable {
  /** Rows of the file; undefined if unknown before the end. */
  readonly total: number | undefined;
  read(model: RowModel, handlers: BlockHandlers): Promise<void>;
  readonly share: number | undefined;
}

/** Gathers rows, and passes them on as blocks. */
export class BlockBuffer {
  readonly rows: Float32Array;
  private readonly numbers = new Float64Array(BLOCK_ROWS);
  private readonly onBlock: BlockHandlers['onBlock'];
  private pending: Promise<void>[] = [];
  count = 0;

  constructor(width: number, onBlock: BlockHandlers['onBlock']) {
    this.rows = new Float32Array(BLOCK_ROWS * width);
    this.onBlock = onBlock;
  }

  get room(): number {
    return BLOCK_ROWS - this.count;
  }

  /** Adds the row that was written at `count` of `rows`. */
  add(number: number): void {
    this.numbers[this.count++] = number;
    if (this.count === BLOCK_ROWS) this.flush();
  }

  /** Adds `rows` rows, the first of which has the number `first`. */
  addRange(first: number, rows: number): void {
    for (let i = 0; i < rows; i++) this.numbers[this.count + i] = first + i;
    this.count += rows;
    if (this.count === BLOCK_ROWS) this.flush();
  }

  flush(): void {
    const { rows, numbers, count } = this;
    this.count = 0;
    if (count === 0) return;
    const passed = this.onBlock({ rows, count, numbers });
    if (!passed) return;
    // `drained` reports it.
    passed.catch(() => {});
    this.pending.push(passed);
  }

  /** Waits until the blocks so far have been taken. */
  async drained(): Promise<void> {
    const { pending } = this;
    this.pending = [];
    await Promise.all(pending);
  }
}

/** Returns whether the error concerns one row, not the file. */
export function isRowError(error: unknown): error is DomainError {
  return error instanceof DomainError && error.code === 'INVALID_ROWS';
}
