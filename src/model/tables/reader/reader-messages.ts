import type { ErrorCode } from '../../../base/domain-error.js';
import type { RowModel } from '../row-model.js';
import type { Rows } from '../rows.js';
import type { ServingColumns, TableChoices } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import type { TableLimits } from '../table-limits.js';

/** `rows` is a file of `writeRowFile`. */
export type TableFormat = 'arrow' | 'csv' | 'parquet' | 'rows';

/** Asks the reading process to make a table in `directory` of the file at `path`. */
export interface TableRequest {
  readonly format: TableFormat;
  readonly path: string;
  readonly directory: string;
  readonly targets: readonly string[];
  /** The columns that the table must have, unless `replace`; null if it may have any. */
  readonly model: ServingColumns | null;
  readonly replace: boolean;
  readonly choices?: TableChoices;
  /** Only a report is asked for: other columns than the model's, and columns that cannot be read, are no errors. */
  readonly isReport?: boolean;
  readonly limits: TableLimits;
  /** A file of `writeRowFile` with more rows of the columns of `model`, to add after those of a CSV. */
  readonly append?: string;
}

/** Sent by the reading process. */
export type TableMessage =
  | { readonly type: 'progress' }
  | { readonly type: 'done'; readonly info: TableInfo }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Asks the process that reads rows for those in `body`. */
export interface RowsRequest {
  readonly body: Uint8Array;
  readonly model: RowModel;
}

/** Sent by the process that reads rows. */
export type RowsMessage =
  | { readonly type: 'rows'; readonly rows: Rows }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
