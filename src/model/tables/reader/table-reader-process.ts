import { DomainError } from '../../../base/domain-error.js';
import { exitWithParent } from '../../../base/node/exit-with-parent.js';
import { type Columns, orderColumns } from '../columns.js';
import type { TableMessage, TableRequest } from './reader-messages.js';

// The child of table-reader.ts: reads one file, reports the outcome, and exits.
exitWithParent();
process.once('message', (request: TableRequest) => {
  read(request)
    .then((info) => send({ type: 'done', info }))
    .catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      send({ type: 'failed', code: error.code, message: error.message });
    });
});

async function read({ format, path, directory, targets, model, replace, maxBytes }: TableRequest) {
  const order = (columns: Columns) => orderColumns(columns, model ?? undefined, replace);
  const progress = () => send({ type: 'progress' });
  if (format === 'arrow') {
    const { arrowToTable } = await import('../arrow/arrow-table.js');
    return arrowToTable(path, directory, targets, order, progress, maxBytes);
  }
  const { parquetToTable } = await import('../parquet/parquet-table.js');
  return parquetToTable(path, directory, targets, order, progress, maxBytes);
}

function send(message: TableMessage): void {
  process.send?.(message, undefined, undefined, () => {
    if (message.type !== 'progress') process.disconnect?.();
  });
}
