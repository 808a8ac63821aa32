import { DomainError } from '../../../base/domain-error.js';
import { arrangeUnlessReplaced } from '../arrange.js';
import type { TableMessage, TableRequest } from './table-reader.js';

// The child of table-reader.ts: reads one file, tells what came of it, and ends.
process.once('message', (request: TableRequest) => {
  read(request)
    .then((info) => tell({ type: 'done', info }))
    .catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      tell({ type: 'failed', code: error.code, message: error.message });
    });
});
// Whom should it tell, if its parent is gone?
process.once('disconnect', () => process.exit());

async function read({ format, path, directory, targets, model, replace, most }: TableRequest) {
  const arrange = arrangeUnlessReplaced(model ?? undefined, replace);
  const progress = () => tell({ type: 'progress' });
  if (format === 'arrow') {
    const { arrowToTable } = await import('../arrow/arrow-table.js');
    return arrowToTable(path, directory, targets, arrange, progress, most);
  }
  const { parquetToTable } = await import('../parquet/parquet-table.js');
  return parquetToTable(path, directory, targets, arrange, progress, most);
}

function tell(message: TableMessage): void {
  process.send?.(message, undefined, undefined, () => {
    if (message.type !== 'progress') process.disconnect?.();
  });
}
