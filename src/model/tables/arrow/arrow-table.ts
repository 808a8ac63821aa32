import { closeSync, openSync } from 'node:fs';
import { bytesOfFile } from '../byte-source.js';
import { type Arrange, splitColumns, type TableInfo, TableWriter } from '../table-file.js';
import { ArrowStream } from './arrow-stream.js';

/** Numbers that are read at a time. */
const NUMBERS_OF_A_PART = 2 ** 18;

/**
 * Reads a file with an Arrow stream into a table on disk; of a record batch, however long, no more is in memory than a
 * part. `progress` is called after each. `most`: bytes of the table.
 *
 * Throws `INVALID_ARROW`, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`, `TOO_LARGE`, and what `arrange` throws.
 */
export function arrowToTable(
  path: string,
  directory: string,
  targets: readonly string[],
  arrange: Arrange,
  progress: () => void,
  most?: number,
): TableInfo {
  const file = openSync(path, 'r');
  let writer: TableWriter | undefined;
  try {
    const stream = new ArrowStream(bytesOfFile(file));
    const names = stream.columns.map(({ name }) => name);
    const arranged = arrange(splitColumns(names, targets));
    const places = [...arranged.features, ...arranged.targets].map((name) => names.indexOf(name));
    writer = new TableWriter(directory, arranged, most);
    const some = Math.max(1, Math.floor(NUMBERS_OF_A_PART / places.length));
    for (let batch = stream.next(); batch; batch = stream.next()) {
      for (let from = 0; from < batch.rows; from += some) {
        const to = Math.min(batch.rows, from + some);
        const columns = places.map((place) => stream.read(batch, place, from, to));
        for (let row = 0; row < to - from; row++) writer.add((column) => columns[column]![row]!);
        progress();
      }
    }
    return writer.finish();
  } finally {
    writer?.close();
    closeSync(file);
  }
}
