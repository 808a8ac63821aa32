import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { DomainError } from '../../base/domain-error.js';
import { fileToTable, readInChild } from '../tables/reader/table-reader.js';
import { writeRowFile } from '../tables/row-file.js';
import type { ServingColumns } from '../tables/table-choices.js';
import { type TableInfo, TableWriter } from '../tables/table-file.js';
import { UNLIMITED } from '../tables/table-limits.js';
import { codedColumnsOf } from './coded-columns.js';
import type { FeedbackStore } from './feedback-store.js';

/** A CSV to train on together with the feedback. */
export interface Reference {
  readonly path: string;
  readonly targets: readonly string[];
}

/**
 * Writes the labelled rows of `columns` to a table on the disk, after those of `reference` if there is one. Rows of several versions
 * may be coded in as many ways: what they stand for is decided anew from all of them.
 *
 * Throws `TOO_FEW_ROWS` if there are none, `FEEDBACK_UNAVAILABLE`, or the errors of a CSV with other columns.
 */
export async function feedbackToTable(
  store: FeedbackStore,
  columns: ServingColumns,
  directory: string,
  reference?: Reference,
): Promise<TableInfo> {
  const coded = codedColumnsOf(columns);
  if (!store.exists || (await store.call('count', coded)) === 0) {
    throw new DomainError('TOO_FEW_ROWS', "there are no labelled rows of the serving model's columns");
  }
  if (!reference && !coded.codebook) return writeNumbers(store, columns, directory);
  const path = `${directory}.feedback`;
  const { features, targets } = columns;
  const model: ServingColumns = { features, targets, columns: columns.columns };
  const table = { directory, model, replace: false, limits: UNLIMITED } as const;
  try {
    await writeRowFile(path, store.rows(coded));
    if (!reference) return await readInChild({ ...table, format: 'rows', path, targets });
    const request = { ...table, format: 'csv', targets: reference.targets, append: path } as const;
    return await fileToTable(createReadStream(reference.path), request);
  } catch (error) {
    throw reference ? mixingError(error, reference) : error;
  } finally {
    await rm(path, { force: true });
  }
}

/** Rows of numbers are a table already. */
async function writeNumbers(store: FeedbackStore, columns: ServingColumns, directory: string): Promise<TableInfo> {
  const [width, depth] = [columns.features.length, columns.targets.length];
  using writer = new TableWriter(directory, columns, undefined, columns.columns);
  for await (const { rows, features, targets } of store.rows(codedColumnsOf(columns))) {
    for (let r = 0; r < rows; r++) {
      writer.add((column) => (column < width ? features[r * width + column]! : targets[r * depth + column - width]!));
    }
  }
  return writer.finish();
}

function mixingError(error: unknown, { path }: Reference): unknown {
  const { path: failed, syscall } = error as NodeJS.ErrnoException;
  if (failed === path || syscall === 'read') {
    return new DomainError('FEEDBACK_UNAVAILABLE', 'the reference cannot be read', { cause: error });
  }
  if (!(error instanceof DomainError) || error.code !== 'FEATURES_CHANGED') return error;
  return new DomainError(error.code, `${error.message}; the reference cannot be mixed in`, { cause: error });
}
