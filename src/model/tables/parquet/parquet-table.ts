import { openBytes } from '../byte-source.js';
import type { ColumnOrder } from '../columns.js';
import { addCells } from '../raw/add-cells.js';
import { RawTable, type RawTableOptions } from '../raw/raw-table.js';
import type { TableInfo } from '../table-file.js';
import type { TableLimits } from '../table-limits.js';
import { ParquetFile } from './parquet-file.js';

/**
 * Maximum ratio of a table to its file. Repeated values take next to no space in a file, but each takes four bytes in the
 * table. Writers reach this ratio with constant columns only.
 */
const MAX_RATIO = 32;
/** Bytes of a table below which the ratio does not matter. */
const MIN_BYTES = 2 ** 27;

/**
 * Reads a Parquet file into a table on disk. `progress` is awaited after each chunk.
 *
 * Throws `INVALID_PARQUET`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function parquetToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder,
  progress: () => Promise<void> | void,
  { limits, ...options }: Pick<RawTableOptions, 'choices' | 'isReport' | 'limits' | 'serving'> = {},
): Promise<TableInfo> {
  using bytes = openBytes(path);
  const file = new ParquetFile(bytes);
  const bounds = limits && limitedByFile(limits, bytes.length);
  const { unreadable } = file;
  const terms = { ...options, limits: bounds, targets, order, code: 'INVALID_PARQUET', unreadable } as const;
  const byName = new Map(file.columns.map((column) => [column.name, column]));
  const columns = file.columns.map(({ name, declared, type }) => ({
    name,
    declared,
    isNumeric: type.kind === 'number',
  }));
  return (await read(true)) ?? (await read(false))!;

  /** Returns what `RawTable.tryFinish` returns. */
  async function read(isRepeatable: boolean): Promise<TableInfo | undefined> {
    using table = new RawTable(directory, columns, { ...terms, isRepeatable });
    table.expect(file.rows);
    const chosen = table.columns.map(({ name }) => byName.get(name)!);
    for await (const { rows, cells } of file.chunks(chosen)) {
      for (let from = 0; from < rows; ) {
        const to = Math.min(rows, from + table.room);
        chosen.forEach(({ type }, i) => {
          addCells(table.columns[i]!, type.kind, cells(i, from, to));
        });
        table.endRows(to - from);
        from = to;
        await progress();
      }
    }
    return table.tryFinish();
  }
}

function limitedByFile(limits: TableLimits, fileBytes: number): TableLimits {
  const bytes = Math.max(MIN_BYTES, MAX_RATIO * fileBytes);
  if (limits.bytes <= bytes) return limits;
  const advice = `a file of ${fileBytes} bytes may not become a larger table; send it as a CSV or an Arrow stream`;
  return { ...limits, bytes, advice };
}
