import { type Columns, orderColumns } from '../../model/tables/columns.js';
import { type JsonRows, jsonToTable } from '../../model/tables/json/json-table.js';
import type { ServingColumns, TableChoices } from '../../model/tables/table-choices.js';
import type { TableInfo } from '../../model/tables/table-file.js';

/** How the rows of a training request become a table. */
export interface TableTerms {
  /** Columns that the table must have, unless `replace`. */
  readonly model: ServingColumns | undefined;
  readonly replace: boolean;
  readonly choices: TableChoices;
  /** Only a report is asked for, in which other columns than the model's are no error. */
  readonly isReport: boolean;
}

/** Writes the rows of a training request to a table in `directory`. Throws what `jsonToTable` throws. */
export function writeJsonTable(rows: JsonRows, directory: string, terms: TableTerms): TableInfo {
  const { model, replace, choices, isReport } = terms;
  const order = (columns: Columns) => (isReport ? columns : orderColumns(columns, model, replace));
  const serving = replace ? undefined : model;
  return jsonToTable(rows, directory, model, order, { choices, serving, isReport });
}
