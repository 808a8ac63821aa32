import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { DomainError } from '../../base/domain-error.js';
import { fileToTable } from '../tables/reader/table-reader.js';
import { writeRowFile } from '../tables/row-file.js';
import type { ServingColumns } from '../tables/table-choices.js';
import { type TableInfo, TableWriter, UNLIMITED } from '../tables/table-file.js';
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
  columns: ServingColumns,
  directory: string,
  reference?: Reference,
): Promise<TableInfo> {
  if (!store.exists || (await store.call('count', columns)) === 0) {
    throw new DomainError('TOO_FEW_ROWS', "there are no labelled rows of the serving model's columns");
  }
  if (reference) return withReference(store, columns, directory, reference);
  using writer = new TableWriter(directory, columns, undefined, columns.columns);
  await append(store, columns, (value) => writer.add(value));
  return writer.finish();
}

/** The CSV is read in a child process, as an upload is: a long one would take much of the event loop's time. */
async function withReference(
  store: FeedbackStore,
  columns: ServingColumns,
  directory: string,
  { path, targets }: Reference,
): Promise<TableInfo> {
  const labelled = `${directory}.feedback`;
  try {
    await writeRowFile(labelled, store.rows(columns));
    const table = { format: 'csv', directory, targets, model: columns, replace: false, limits: UNLIMITED } as const;
    return await fileToTable(createReadStream(path), { ...table, append: labelled });
  } catch (error) {
    const { path: failed, syscall } = error as NodeJS.ErrnoException;
    if (failed === path || syscall === 'read') {
      throw new DomainError('FEEDBACK_UNAVAILABLE', 'the reference cannot be read', { cause: error });
    }
    if (!(error instanceof DomainError) || error.code !== 'FEATURES_CHANGED') throw error;
    throw new DomainError(error.code, `${error.message}; the reference cannot be mixed in`, { cause: error });
  } finally {
    await rm(labelled, { force: true });
  }
}

async function append(
  store: FeedbackStore,
  columns: ServingColumns,
  add: (code: (column: number) => number) => void,
): Promise<void> {
  const [width, depth] = [columns.features.length, columns.targets.length];
  for await (const { rows, features, targets } of store.rows(columns)) {
    for (let r = 0; r < rows; r++) {
      add((column) => (column < width ? features[r * width + column]! : targets[r * depth + column - width]!));
    }
  }
}
