import { openBytes } from '../byte-source.js';
import { type ColumnOrder, splitColumns } from '../columns.js';
import { type TableInfo, TableWriter } from '../table-file.js';
import { ArrowStream } from './arrow-stream.js';

/** Values read per chunk. */
const VALUES_PER_CHUNK = 2 ** 18;

/**
 * Reads a file that holds an Arrow stream into a table on disk. Only one chunk of a record batch is in memory at a time,
 * however long the batch. `progress` is called after each chunk. `maxBytes` bounds the table.
 *
 * Throws `INVALID_ARROW`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `order` throws.
 */
export function arrowToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  order: ColumnOrder,
  progress: () => void,
  maxBytes?: number,
): TableInfo {
  using bytes = openBytes(path);
  const stream = new ArrowStream(bytes);
  const names = stream.columns.map(({ name }) => name);
  const ordered = order(splitColumns(names, targets));
  const places = [...ordered.features, ...ordered.targets].map((name) => names.indexOf(name));
  using writer = new TableWriter(directory, ordered, maxBytes);
  const rowsPerChunk = Math.max(1, Math.floor(VALUES_PER_CHUNK / places.length));
  for (let batch = stream.next(); batch; batch = stream.next()) {
    for (let from = 0; from < batch.rows; from += rowsPerChunk) {
      const to = Math.min(batch.rows, from + rowsPerChunk);
      const columns = places.map((place) => stream.read(batch, place, from, to));
      for (let row = 0; row < to - from; row++) writer.add((column) => columns[column]![row]!);
      progress();
    }
  }
  return writer.finish();
}
