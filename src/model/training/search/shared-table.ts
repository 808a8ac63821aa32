import type { Column } from '../../columns/column.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';

/** A table whose numbers are in memory that threads share, so that all of them work on one copy. */
export interface SharedTable extends LabelledRows {
  /** Features of a row. */
  readonly width: number;
  readonly targetNames: readonly string[];
  /** Of the features; undefined if all are plain numbers. */
  readonly columns: readonly Column[] | undefined;
}

/** Copies `data` `[rows, width]` into shared memory. */
export function shareTable(
  data: LabelledRows,
  width: number,
  targetNames: readonly string[],
  columns?: readonly Column[],
): SharedTable {
  return { rows: data.rows, features: share(data.features), targets: share(data.targets), width, targetNames, columns };
}

function share(numbers: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(numbers.byteLength));
  shared.set(numbers);
  return shared;
}
