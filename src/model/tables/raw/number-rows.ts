import type { Columns } from '../columns.js';
import { CodedWriter } from './coded-writer.js';
import type { RawColumn } from './raw-column.js';

/**
 * Writes rows of numbers as the table that they become if every column is learned from: numbers are their own codes. The
 * source is read once more if it turns out that a column is not learned from.
 */
export class NumberRows implements Disposable {
  readonly writer: CodedWriter;
  private readonly raws: readonly RawColumn[];
  private readonly codes: readonly Float32Array[];

  constructor(directory: string, columns: readonly RawColumn[], { features, targets }: Columns, chunkRows: number) {
    this.writer = new CodedWriter(directory, { features, targets });
    this.raws = [...features, ...targets].map((name) => columns.find((column) => column.name === name)!);
    this.codes = this.raws.map(() => new Float32Array(chunkRows));
  }

  /** Adds the first `count` cells of the columns. */
  add(count: number): void {
    for (const [i, { cells }] of this.raws.entries()) this.codes[i]!.set(cells.subarray(0, count));
    this.writer.add(this.codes, count);
  }

  [Symbol.dispose](): void {
    this.writer[Symbol.dispose]();
  }
}
