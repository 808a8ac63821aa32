import { createReadStream } from 'node:fs';
import { DomainError } from '../../base/domain-error.js';
import { type Columns, orderLike } from '../tables/columns.js';
import { csvToTable } from '../tables/csv/csv-table.js';
import { type TableInfo, TableWriter } from '../tables/table-file.js';
import type { FeedbackStore } from './feedback-store.js';

/** A CSV to train on together with the feedback. */
export interface Reference {
  readonly path: string;
  readonly targets: readonly string[];
}

/**
 * Writes the labelled rows of `columns` to a table on the disk, after those of `reference` if there is one.
 *
 * Throws `TOO_FEW_ROWS` if there are none, `FEEDBACK_UNAVAILABLE`, or the errors of a CSV with other columns.
 */
export async function feedbackToTable(
  store: FeedbackStore,
  columns: Columns,
  directory: string,
  reference?: Reference,
): Promise<TableInfo> {
  if (!store.exists || (await store.call('count', columns)) === 0) {
    throw new DomainError('TOO_FEW_ROWS', "there are no labelled rows of the serving model's columns");
  }
  if (reference) return withReference(store, columns, directory, reference);
  using writer = new TableWriter(directory, columns);
  await append(store, columns, writer);
  return writer.finish();
}

async function withReference(
  store: FeedbackStore,
  columns: Columns,
  directory: string,
  { path, targets }: Reference,
): Promise<TableInfo> {
  const source = createReadStream(path);
  let readError: Error | undefined;
  source.once('error', (error) => {
    readError = error;
  });
  try {
    return await csvToTable(
      source,
      directory,
      targets,
      (found) => orderLike(columns, found, 'the reference cannot be mixed in'),
      { append: (writer) => append(store, columns, writer) },
    );
  } catch (error) {
    if (!readError) throw error;
    throw new DomainError('FEEDBACK_UNAVAILABLE', 'the reference cannot be read', { cause: readError });
  }
}

async function append(store: FeedbackStore, columns: Columns, writer: TableWriter): Promise<void> {
  const [width, depth] = [columns.features.length, columns.targets.length];
  for await (const { rows, features, targets } of store.rows(columns)) {
    for (let r = 0; r < rows; r++) {
      writer.add((column) => (column < width ? features[r * width + column]! : targets[r * depth + column - width]!));
    }
  }
}
