import { DomainError } from '../../../base/domain-error.js';
import { exitWithParent } from '../../../base/node/exit-with-parent.js';
import { takeInspectorSignal } from '../../../base/node/inspector-signal.js';
import { bytesOf } from '../byte-source.js';
import { readParquetRows } from '../parquet/parquet-rows.js';
import type { RowsMessage, RowsRequest } from './reader-messages.js';

// The child of row-reader.ts: reads the rows of one file, reports them, and exits.
takeInspectorSignal();
exitWithParent();
process.once('message', ({ body, model }: RowsRequest) => {
  readParquetRows(bytesOf(body), model)
    .then((rows) => send({ type: 'rows', rows }))
    .catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      send({ type: 'failed', code: error.code, message: error.message });
    });
});

function send(message: RowsMessage): void {
  process.send?.(message, undefined, undefined, () => process.disconnect?.());
}
