import { parentPort } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../model/domain-error.js';
import { readRows } from '../model/rows.js';
import { ROW_READERS, type RowReaderName } from './contracts/row-readers.js';
import { readInstances } from './instances.js';
import { readJson } from './json-body.js';

/** A prediction's body to be read. */
export interface ReadingTask {
  readonly id: number;
  readonly body: Uint8Array;
  readonly features: readonly string[];
  readonly maxRows: number;
  readonly allowMissing: boolean;
  /** The contract whose body it is, if it is not that of `POST /predict`, and what its reader is told beside the body. */
  readonly reader?: RowReaderName;
  readonly given?: unknown;
}

export type ReadingResult =
  | { readonly id: number; readonly rows: Float32Array; readonly count: number; readonly asked?: unknown }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };

// The thread of json-reader.ts.
parentPort?.on('message', (task: ReadingTask) => {
  const result = read(task);
  parentPort!.postMessage(result, 'rows' in result ? [result.rows.buffer as ArrayBuffer] : []);
});

function read({ id, body, reader, given, ...model }: ReadingTask): ReadingResult {
  const { features, maxRows, allowMissing } = model;
  try {
    if (reader) {
      const { rows, count, asked } = ROW_READERS[reader](
        Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        model,
        given as never,
      );
      // A reader may keep its memory, to be used again.
      return { id, rows: rows.slice(0, count * features.length), count, asked };
    }
    const instances = readInstances(readJson(Buffer.from(body).toString()), maxRows);
    return { id, rows: readRows(instances, features, allowMissing), count: instances.length };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { id, code: error.code, message: error.message };
  }
}
