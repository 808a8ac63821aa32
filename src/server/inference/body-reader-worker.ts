import { readJson } from '../../base/json/parse-json.js';
import { workerTask } from '../../base/node/worker-task.js';
import { orderColumns } from '../../model/tables/columns.js';
import { jsonToTable } from '../../model/tables/json/json-table.js';
import type { TableInfo } from '../../model/tables/table-file.js';
import { type LabelledBody, labelledRows } from '../readers/labelled-request.js';
import { ROW_READERS } from '../readers/readers.js';
import { type FeedbackRows, joinTargets, readFeedback } from '../service/feedback/feedback-rows.js';
import { outline } from './body-outline.js';
import type { FeedbackTask, OutlinedBody, OutlineTask, ReadRows, RowsTask, TableTask } from './body-reader-tasks.js';

// The thread of body-reader.ts.

export const readPrediction = workerTask(
  ({ body, reader, options, ...model }: RowsTask): ReadRows => {
    const { rows, count, requested } = ROW_READERS[reader](asBuffer(body), model, options as never);
    // A reader may use its memory again.
    return { rows: rows.slice(0, count * model.features.length), count, requested };
  },
  ({ rows }) => [rows],
);

export const outlineBody = workerTask(
  ({ body }: OutlineTask): OutlinedBody => ({ outline: outline(parse(body)), body }),
  ({ body }) => [body],
);

// The outline of these bodies has passed the schema, so they have its form.

export const readLabelled = workerTask(
  ({ body, waiting, ...terms }: FeedbackTask): FeedbackRows => {
    const parsed = parse(body) as LabelledBody;
    return waiting ? joinTargets(waiting, parsed.targets!, terms) : readFeedback(labelledRows(parsed, '"ids"'), terms);
  },
  ({ features, targets, numbers }) => [features, targets, numbers],
);

export const writeTable = workerTask(({ body, directory, model, replace }: TableTask): TableInfo => {
  const rows = labelledRows(parse(body) as LabelledBody, '"source": "feedback"');
  return jsonToTable(rows, directory, model, (columns) => orderColumns(columns, model, replace));
});

function parse(body: Uint8Array): unknown {
  return readJson(asBuffer(body).toString());
}

/** Buffers arrive in the thread as plain `Uint8Array`. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
