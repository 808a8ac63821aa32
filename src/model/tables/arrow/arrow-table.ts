import { show } from '../../../base/domain-error.js';
import { openBytes } from '../byte-source.js';
import { type ColumnOrder, splitColumns } from '../columns.js';
import { type TableInfo, type TableLimits, TableWriter } from '../table-file.js';
import { invalidArrow } from './arrow-error.js';
import { ArrowStream } from './arrow-stream.js';
import { openValues } from './arrow-values.js';

/** Values read per chunk. */
const VALUES_PER_CHUNK = 2 ** 18;
/** Bytes that a record batch may have without compression: its columns are decompressed as a whole. */
const MAX_DECOMPRESSED = 2 ** 27;

/**
 * Reads a file that holds an Arrow stream into a table on disk. Only one chunk of a record batch is in memory at a time,
 * however long the batch. `progress` is awaited after each chunk.
 *
 * Throws `INVALID_ARROW`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export async function arrowToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder,
  progress: () => Promise<void> | void,
  limits?: TableLimits,
): Promise<TableInfo> {
  using bytes = openBytes(path);
  const stream = new ArrowStream(bytes);
  const names = stream.columns.map(({ name }) => name);
  const ordered = order(splitColumns(names, targets));
  const places = [...ordered.features, ...ordered.targets].map((name) => names.indexOf(name));
  for (const { name, type, typeName } of stream.columns) {
    if (type?.kind === 'number') continue;
    throw invalidArrow(`column ${show(name)}: expected integers or floats, got ${typeName}`);
  }
  using writer = new TableWriter(directory, ordered, limits);
  const rowsPerChunk = Math.max(1, Math.floor(VALUES_PER_CHUNK / places.length));
  for (let batch = stream.next(); batch; batch = stream.next()) {
    writer.expect(batch.rows);
    const budget = { left: MAX_DECOMPRESSED };
    const values = places.map((place) => openValues(batch.parts[place]!, budget));
    for (let from = 0; from < batch.rows; from += rowsPerChunk) {
      const to = Math.min(batch.rows, from + rowsPerChunk);
      const columns = values.map((read) => read(from, to).values);
      for (let row = 0; row < to - from; row++) writer.add((column) => columns[column]![row]!);
      await progress();
    }
  }
  return writer.finish();
}
