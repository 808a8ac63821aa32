import { setImmediate as nextTurn } from 'node:timers/promises';
import { show } from '../../base/domain-error.js';
import type { Bytes } from '../../model/tables/byte-source.js';
import { placesOf } from '../../model/tables/columns.js';
import { invalidParquet } from '../../model/tables/parquet/parquet-error.js';
import { ParquetFile } from '../../model/tables/parquet/parquet-file.js';
import type { RowModel } from '../../model/tables/row-model.js';
import { CellBlocks } from './cell-blocks.js';
import type { BlockHandlers, BlockReader } from './row-blocks.js';

/** Reads a Parquet file, a few megabytes of values at a time. All methods throw `INVALID_PARQUET` with the place. */
export class ParquetBlocks implements BlockReader {
  readonly total: number;
  private readonly bytes: Bytes & Disposable;
  private readonly file: ParquetFile;
  private done = 0;

  constructor(bytes: Bytes & Disposable) {
    this.bytes = bytes;
    this.file = new ParquetFile(bytes);
    this.total = this.file.rows;
  }

  get share(): number {
    return this.done / Math.max(1, this.total);
  }

  async read(model: RowModel, handlers: BlockHandlers): Promise<void> {
    const { file } = this;
    const names = [...file.columns, ...file.unreadable].map(({ name }) => name);
    placesOf(model.features, names);
    const byName = new Map(file.columns.map((column) => [column.name, column]));
    const columns = model.features.map((name) => {
      const column = byName.get(name);
      if (column) return column;
      throw invalidParquet(`column ${show(name)}: expected numbers, texts, booleans, dates or times`);
    });
    const blocks = new CellBlocks(
      model,
      columns.map(({ type }) => type.kind),
      handlers,
    );
    for await (const { rows, cells } of file.chunks(columns)) {
      await blocks.add(cells, rows, this.done + 1);
      this.done += rows;
      await nextTurn();
    }
    await blocks.end();
  }

  [Symbol.dispose](): void {
    this.bytes[Symbol.dispose]();
  }
}
