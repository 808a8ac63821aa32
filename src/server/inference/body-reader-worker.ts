import { parentPort } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { readJson } from '../../base/json/parse-json.js';
import type { WaitingRows } from '../../model/feedback/feedback-database.js';
import { arrangeUnlessReplaced } from '../../model/tables/arrange.js';
import { jsonToTable } from '../../model/tables/json/json-table.js';
import { readRows } from '../../model/tables/rows.js';
import type { Columns, TableInfo } from '../../model/tables/table-file.js';
import { type LabelledBody, labelledRows } from '../readers/labelled-request.js';
import { readInstances } from '../readers/predict-request.js';
import { ROW_READERS, type RowReaderName } from '../readers/readers.js';
import { type FeedbackRows, type FeedbackTerms, joinTargets, readFeedback } from '../service/feedback/feedback-rows.js';
import { outline } from './body-outline.js';
import type { ReadRows } from './body-reader.js';

/** A prediction's body to be read. */
export interface ReadingTask {
  readonly kind: 'rows';
  readonly body: Uint8Array;
  readonly features: readonly string[];
  readonly maxRows: number;
  readonly allowMissing: boolean;
  /** The contract whose body it is, if it is not that of `POST /predict`, and what its reader is told beside the body. */
  readonly reader?: RowReaderName;
  readonly given?: unknown;
}

/** A training's body to be looked at. */
export interface OutlineTask {
  readonly kind: 'outline';
  readonly body: Uint8Array;
}

/** What a body holds beside its rows, and the body, handed back. */
export interface OutlinedBody {
  readonly outline: unknown;
  readonly body: Uint8Array;
}

/** A training's body to be written to a table in `directory`. */
export interface TableTask {
  readonly kind: 'table';
  readonly body: Uint8Array;
  readonly directory: string;
  /** The columns that the table must have, unless `replace`. */
  readonly model: Columns | undefined;
  readonly replace: boolean;
}

/** The rows of feedback to be read; those of predictions, if its body has ids, to be joined with their targets. */
export interface FeedbackTask extends FeedbackTerms {
  readonly kind: 'feedback';
  readonly body: Uint8Array;
  readonly waiting: readonly WaitingRows[] | undefined;
}

export type WorkerTask = ReadingTask | OutlineTask | TableTask | FeedbackTask;

export type ReadingResult =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };

// The thread of json-reader.ts.
parentPort?.on('message', ({ id, task }: { id: number; task: WorkerTask }) => {
  try {
    if (task.kind === 'rows') {
      const value = readPrediction(task);
      answer({ id, value }, value.rows);
    } else if (task.kind === 'outline') {
      const { body } = task;
      answer({ id, value: { outline: outline(parse(body)), body } satisfies OutlinedBody }, body);
    } else if (task.kind === 'feedback') {
      const value = readLabelled(task);
      answer({ id, value }, value.features, value.targets, value.numbers);
    } else answer({ id, value: writeTable(task) });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    answer({ id, code: error.code, message: error.message });
  }
});

/** What is `given` is handed over, and not copied. */
function answer(result: ReadingResult, ...given: readonly ArrayBufferView[]): void {
  parentPort!.postMessage(
    result,
    given.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

function readPrediction({ body, reader, given, ...model }: ReadingTask): ReadRows {
  const { features, maxRows, allowMissing } = model;
  if (reader) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const { rows, count, asked } = ROW_READERS[reader](bytes, model, given as never);
    // A reader may keep its memory, to be used again.
    return { rows: rows.slice(0, count * features.length), count, asked };
  }
  const instances = readInstances(parse(body), maxRows);
  return { rows: readRows(instances, features, allowMissing), count: instances.length };
}

// A body that is read once more has the form that its outline was found to have.

function readLabelled({ body, waiting, ...terms }: FeedbackTask): FeedbackRows {
  const parsed = parse(body) as LabelledBody;
  return waiting ? joinTargets(waiting, parsed.targets!, terms) : readFeedback(labelledRows(parsed, '"ids"'), terms);
}

function writeTable({ body, directory, model, replace }: TableTask): TableInfo {
  const rows = labelledRows(parse(body) as LabelledBody, '"source": "feedback"');
  return jsonToTable(rows, directory, model, arrangeUnlessReplaced(model, replace));
}

function parse({ buffer, byteOffset, byteLength }: Uint8Array): unknown {
  return readJson(Buffer.from(buffer, byteOffset, byteLength).toString());
}
