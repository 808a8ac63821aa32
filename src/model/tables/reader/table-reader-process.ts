import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '../../../base/domain-error.js';
import { storageError } from '../../../base/files/storage-error.js';
import { exitWithParent } from '../../../base/node/exit-with-parent.js';
import { takeInspectorSignal } from '../../../base/node/inspector-signal.js';
import { type Columns, orderColumns } from '../columns.js';
import type { RawTable } from '../raw/raw-table.js';
import { appendRowFile, rowFileToTable } from '../row-file.js';
import type { TableInfo } from '../table-file.js';
import type { TableMessage, TableRequest } from './reader-messages.js';

/** Bytes of a CSV read before progress is reported. */
const CSV_CHUNK = 2 ** 20;
/** Milliseconds between two reports of progress. */
const PROGRESS_INTERVAL = 500;

// The child of table-reader.ts: reads one file, reports the outcome, and exits.
takeInspectorSignal();
exitWithParent();
process.once('message', (request: TableRequest) => {
  read(request)
    .then((info) => send({ type: 'done', info }))
    .catch((error: unknown) => {
      const known = error instanceof DomainError ? error : storageError(error);
      if (!known) throw error;
      send({ type: 'failed', code: known.code, message: known.message });
    });
});

async function read(request: TableRequest): Promise<TableInfo> {
  const { format, path, directory, targets, model, replace, limits, choices, isReport = false, append } = request;
  const order = (columns: Columns) => orderColumns(columns, isReport ? undefined : (model ?? undefined), replace);
  // A model that is replaced does not say what the columns are.
  const options = { limits, choices, isReport, serving: replace ? undefined : (model ?? undefined) };
  if (format === 'arrow') {
    const { arrowToTable } = await import('../arrow/arrow-table.js');
    return arrowToTable(path, directory, targets, order, progress, options);
  }
  if (format === 'parquet') {
    const { parquetToTable } = await import('../parquet/parquet-table.js');
    return parquetToTable(path, directory, targets, order, progress, options);
  }
  if (format === 'rows') return rowFileToTable(path, directory, model!, limits);
  const { csvToTable } = await import('../csv/csv-table.js');
  const addRows = append === undefined ? undefined : (table: RawTable) => appendRowFile(append, model!, table);
  return csvToTable(inChunks(path), directory, targets, order, { ...options, append: addRows });
}

async function* inChunks(path: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: CSV_CHUNK })) {
    yield chunk as Buffer;
    await progress();
  }
}

let reported = 0;

/** Reports progress now and then, and yields to the event loop, which notices the end of the parent. */
async function progress(): Promise<void> {
  if (performance.now() - reported > PROGRESS_INTERVAL) {
    reported = performance.now();
    send({ type: 'progress' });
  }
  await nextTurn();
}

function send(message: TableMessage): void {
  process.send?.(message, undefined, undefined, () => {
    if (message.type !== 'progress') process.disconnect?.();
  });
}
