import { createReadStream } from 'node:fs';
import { DomainError } from '../../base/domain-error.js';
import { valueOfCode } from '../columns/coding.js';
import { orderLike } from '../tables/columns.js';
import { csvToTable } from '../tables/csv/csv-table.js';
import type { RawTable } from '../tables/raw/raw-table.js';
import type { ServingColumns } from '../tables/table-choices.js';
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

async function withReference(
  store: FeedbackStore,
  columns: ServingColumns,
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
      { serving: columns, append: (table) => append(store, columns, (code) => addCodes(table, columns, code)) },
    );
  } catch (error) {
    if (!readError) throw error;
    throw new DomainError('FEEDBACK_UNAVAILABLE', 'the reference cannot be read', { cause: readError });
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

/** Adds a row of codes as the values that they stand for. A level that the model does not know is a gap. */
function addCodes(
  table: RawTable,
  { features, targets, columns }: ServingColumns,
  code: (column: number) => number,
): void {
  const names = [...features, ...targets];
  for (const column of table.columns) {
    const place = names.indexOf(column.name);
    const type = columns?.[place];
    column.value(type ? valueOfCode(type, code(place)) : code(place));
  }
  table.endRow();
}
