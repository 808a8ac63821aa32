import { valueOfCode } from '../../columns/coding.js';
import type { ServingColumns } from '../table-choices.js';
import type { RawTable } from './raw-table.js';

/** Adds a row of codes as the values that they stand for. A level that the model does not know is a gap. */
export function addCodes(
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
