import { setImmediate as nextTurn } from 'node:timers/promises';
import { show } from '../../base/domain-error.js';
import { invalidArrow } from '../../model/tables/arrow/arrow-error.js';
import { typeNameOf } from '../../model/tables/arrow/arrow-schema.js';
import { ArrowStream } from '../../model/tables/arrow/arrow-stream.js';
import { openValues } from '../../model/tables/arrow/arrow-values.js';
import type { Bytes } from '../../model/tables/byte-source.js';
import { placesOf } from '../../model/tables/columns.js';
import type { RowModel } from '../../model/tables/row-model.js';
import { CellBlocks } from './cell-blocks.js';
import type { BlockHandlers, BlockReader } from './row-blocks.js';

/** Bytes that the columns of one record batch may decompress to. */
const MAX_DECOMPRESSED = 2 ** 31;

/** Reads an Arrow stream or file, one record batch at a time. All methods throw `INVALID_ARROW` with the place. */
export class ArrowBlocks implements BlockReader {
  readonly total: number;
  private readonly bytes: Bytes & Disposable;
  private done = 0;

  constructor(bytes: Bytes & Disposable) {
    this.bytes = bytes;
    this.total = countRows(bytes);
  }

  get share(): number {
    return this.done / Math.max(1, this.total);
  }

  async read(model: RowModel, handlers: BlockHandlers): Promise<void> {
    const stream = new ArrowStream(this.bytes);
    const names = stream.columns.map(({ name }) => name);
    const places = placesOf(model.features, names);
    const kinds = places.map((place) => {
      const column = stream.columns[place]!;
      if (column.type) return column.type.kind;
      const expected = 'expected numbers, texts, booleans, dates or times';
      throw invalidArrow(`column ${show(column.name)}: ${expected}, got ${typeNameOf(column)}`);
    });
    const blocks = new CellBlocks(model, kinds, handlers);
    for (let batch = stream.next(); batch; batch = stream.next()) {
      const budget = { left: MAX_DECOMPRESSED };
      const { parts, rows } = batch;
      const values = places.map((place) => openValues(parts[place]!, budget));
      await blocks.add((feature, from, to) => values[feature]!(from, to), rows, this.done + 1);
      this.done += rows;
      await nextTurn();
    }
    await blocks.end();
  }

  [Symbol.dispose](): void {
    this.bytes[Symbol.dispose]();
  }
}

/** Reads what precedes the values of each record batch only. */
function countRows(bytes: Bytes): number {
  const stream = new ArrowStream(bytes);
  let rows = 0;
  for (let batch = stream.next(); batch; batch = stream.next()) rows += batch.rows;
  return rows;
}
