import { show } from '../../base/domain-error.js';
import { cellCoder } from '../../model/tables/cell-coder.js';
import type { CellKind, Cells } from '../../model/tables/cells.js';
import type { RowModel } from '../../model/tables/row-model.js';
import { BlockBuffer, type BlockHandlers, isRowError } from './row-blocks.js';

/** Returns the cells of a feature in the rows `from` up to `to` of a part of a file. */
export type ReadCells = (feature: number, from: number, to: number) => Cells;

/** Codes the cells of files that have columns, block by block. */
export class CellBlocks {
  readonly buffer: BlockBuffer;
  private readonly coders;
  private readonly onRefused: BlockHandlers['onRefused'];
  private readonly width: number;
  /** The number of the row that is at index 0 of `buffer.rows`, for messages. */
  private base = 0;

  /** `kinds` are those of the features' columns. */
  constructor(model: RowModel, kinds: readonly CellKind[], { onBlock, onRefused }: BlockHandlers) {
    this.width = model.features.length;
    this.buffer = new BlockBuffer(this.width, onBlock);
    this.onRefused = onRefused;
    this.coders = kinds.map((kind, feature) => {
      const name = show(model.features[feature]);
      return cellCoder(model, feature, kind, (row) => `row ${this.base + row}, column ${name}`);
    });
  }

  /** Adds the rows of a part of the file, the first of which has the number `first`. */
  async add(read: ReadCells, rows: number, first: number): Promise<void> {
    for (let from = 0; from < rows; ) {
      const to = Math.min(rows, from + this.buffer.room);
      this.code(read, from, to, first);
      from = to;
      await this.buffer.drained();
    }
  }

  async end(): Promise<void> {
    this.buffer.flush();
    await this.buffer.drained();
  }

  /** Codes rows, and, if one of them cannot be coded, each half of them. */
  private code(read: ReadCells, from: number, to: number, first: number): void {
    const { buffer, coders, width } = this;
    this.base = first + from - buffer.count;
    try {
      for (let j = 0; j < width; j++) coders[j]!(read(j, from, to), buffer.count, buffer.rows, j, width);
    } catch (error) {
      if (!isRowError(error)) throw error;
      if (to - from === 1) {
        this.onRefused({ row: first + from, reason: error.message });
        return;
      }
      const middle = (from + to) >> 1;
      this.code(read, from, middle, first);
      this.code(read, middle, to, first);
      return;
    }
    buffer.addRange(first + from, to - from);
  }
}
