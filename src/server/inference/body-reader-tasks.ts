import type { WaitingRows } from '../../model/feedback/labelled-batch.js';
import type { Columns } from '../../model/tables/columns.js';
import type { Rows } from '../../model/tables/rows.js';
import type { RowReaderName } from '../readers/readers.js';
import type { FeedbackTerms } from '../service/feedback/feedback-rows.js';

/** Reads the rows of a prediction request. */
export interface RowsTask {
  readonly body: Uint8Array;
  readonly features: readonly string[];
  readonly maxRows: number;
  readonly allowMissing: boolean;
  readonly reader: RowReaderName;
  /** Third argument of the reader. */
  readonly options?: unknown;
}

/** Rows, and what the body requests beside the predictions. */
export interface ReadRows extends Rows {
  readonly requested?: unknown;
}

/** Outlines a body that holds a table. */
export interface OutlineTask {
  readonly body: Uint8Array;
}

/** A body's `outline`, and the body, handed back. */
export interface OutlinedBody {
  readonly outline: unknown;
  readonly body: Uint8Array;
}

/** Writes the rows of a training request to a table in `directory`. */
export interface TableTask {
  readonly body: Uint8Array;
  readonly directory: string;
  /** Columns that the table must have, unless `replace`. */
  readonly model: Columns | undefined;
  readonly replace: boolean;
}

/** Reads the rows of a feedback request. If its body has ids, their targets are joined with the rows in `waiting`. */
export interface FeedbackTask extends FeedbackTerms {
  readonly body: Uint8Array;
  readonly waiting: readonly WaitingRows[] | undefined;
}
