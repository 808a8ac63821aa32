import { type Bytes, openBytes } from '../byte-source.js';
import type { ColumnOrder } from '../columns.js';
import { addCells, declaredType } from '../raw/add-cells.js';
import { type RawColumnName, RawTable, type RawTableOptions } from '../raw/raw-table.js';
import type { LeftOut } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import { typeNameOf } from './arrow-schema.js';
import { ArrowStream } from './arrow-stream.js';
import { openValues } from './arrow-values.js';

type ArrowTableOptions = Pick<RawTableOptions, 'choices' | 'isReport' | 'limits' | 'serving'>;

/** Bytes that a record batch may have without compression: its columns are decompressed as a whole. */
const MAX_DECOMPRESSED = 2 ** 27;

/**
 * Reads a file that holds an Arrow stream, or an Arrow file, into a table on disk. Only one chunk of a record batch is in memory at a
 * time, however long the batch, unless it is compressed. `progress` is awaited after each chunk.
 *
 * Throws `INVALID_ARROW`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function arrowToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder,
  progress: () => Promise<void> | void,
  options: ArrowTableOptions = {},
): Promise<TableInfo> {
  using bytes = openBytes(path);
  const terms = { ...options, targets, order, code: 'INVALID_ARROW' } as const;
  return (
    (await read(bytes, directory, terms, progress, true)) ?? (await read(bytes, directory, terms, progress, false))!
  );
}

/** Returns what `RawTable.tryFinish` returns. */
async function read(
  bytes: Bytes,
  directory: string,
  terms: RawTableOptions,
  progress: () => Promise<void> | void,
  isRepeatable: boolean,
): Promise<TableInfo | undefined> {
  const stream = new ArrowStream(bytes);
  const { index, categories } = stream.notes;
  const unreadable: LeftOut[] = [];
  const columns: RawColumnName[] = [];
  for (const column of stream.columns) {
    const { name, type, dictionary } = column;
    if (!type) unreadable.push({ name, reason: `values of type ${typeNameOf(column)} are not learned from` });
    else {
      const isCategory = dictionary !== undefined || categories.has(name);
      const declared = declaredType(type.kind, index.has(name), isCategory);
      columns.push({ name, declared, isNumeric: type.kind === 'number' });
    }
  }
  using table = new RawTable(directory, columns, { ...terms, unreadable, isRepeatable });
  const places = table.columns.map(({ name }) => stream.columns.findIndex((column) => column.name === name));
  for (let batch = stream.next(); batch; batch = stream.next()) {
    table.expect(batch.rows);
    const budget = { left: MAX_DECOMPRESSED };
    const values = places.map((place) => openValues(batch.parts[place]!, budget));
    for (let from = 0; from < batch.rows; ) {
      const to = Math.min(batch.rows, from + table.room);
      table.columns.forEach((column, i) => {
        addCells(column, stream.columns[places[i]!]!.type!.kind, values[i]!(from, to));
      });
      table.endRows(to - from);
      from = to;
      await progress();
    }
  }
  return table.tryFinish();
}
