import { parseWithGaps } from '../../base/json/nonfinite-tokens.js';
import { readJson } from '../../base/json/parse-json.js';
import { freeMemory } from '../../base/node/free-memory.js';
import { workerTask } from '../../base/node/worker-task.js';
import type { KnownPrediction } from '../../model/feedback/labelled-batch.js';
import type { TableInfo } from '../../model/tables/table-file.js';
import { type LabelledBody, labelledRows } from '../readers/labelled-request.js';
import { ROW_READERS, type RowReaderName } from '../readers/readers.js';
import type { Reading, RowModel } from '../readers/row-list.js';
import {
  type FeedbackRows,
  type FeedbackTerms,
  type JoinedRows,
  joinTargets,
  readFeedback,
} from '../service/feedback/feedback-rows.js';
import { outline } from './body-outline.js';
import { type TableTerms, writeJsonTable } from './json-training-table.js';

// The thread of body-reader.ts.

interface Task {
  readonly body: Uint8Array;
}

/** Reads the rows of a prediction request. */
export interface RowsTask extends Task, RowModel {
  readonly reader: RowReaderName;
  /** Third argument of the reader. */
  readonly options?: unknown;
}

/** The body is handed back. */
export interface OutlinedBody extends Task {
  readonly outline: unknown;
}

/** Writes the rows of a training request to a table in `directory`. */
export interface TableTask extends Task, TableTerms {
  readonly directory: string;
}

/** Reads the rows of a feedback request. */
export interface FeedbackTask extends Task, FeedbackTerms {}

/** Joins the targets of a feedback request with the predictions that its ids name. */
export interface AnswersTask extends FeedbackTask {
  readonly predictions: readonly KnownPrediction[];
}

export const readPrediction = workerTask(
  lastReading(({ body, reader, options, ...model }: RowsTask): Reading => {
    const reading: Reading = ROW_READERS[reader](asBuffer(body), model, options as never);
    // A reader may use its memory again.
    return { ...reading, rows: reading.rows.slice(0, reading.count * model.features.length) };
  }),
  ({ rows }) => [rows],
);

export const outlineBody = workerTask(
  ({ body }: Task): OutlinedBody => ({ outline: outline(parse(body)), body }),
  ({ body }) => [body],
);

// The outline of these bodies has passed the schema, so they have its form.

export const readLabelled = workerTask(
  lastReading(
    ({ body, ...terms }: FeedbackTask): FeedbackRows =>
      readFeedback(labelledRows(parse(body) as LabelledBody, '"ids"'), terms),
  ),
  ({ features, targets, numbers }) => [features, targets, numbers],
);

export const readAnswers = workerTask(
  lastReading(
    ({ body, predictions, ...terms }: AnswersTask): JoinedRows =>
      joinTargets(predictions, (parse(body) as LabelledBody).targets!, terms),
  ),
  ({ features, targets, numbers }) => [features, targets, numbers],
);

export const writeTable = workerTask(
  lastReading(({ body, directory, ...terms }: TableTask): TableInfo => {
    const rows = labelledRows(parse(body) as LabelledBody, '"source": "feedback"');
    return writeJsonTable(rows, directory, terms);
  }),
);

/** Returns a function that does `work`, after which nobody reads the body. */
function lastReading<T extends Task, Value>(work: (task: T) => Value): (task: T) => Value {
  return (task) => {
    try {
      return work(task);
    } finally {
      freeMemory(task.body);
    }
  };
}

function parse(body: Uint8Array): unknown {
  return readJson(body, parseWithGaps);
}

/** Buffers arrive in the thread as plain `Uint8Array`. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
