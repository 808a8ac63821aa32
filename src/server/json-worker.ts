import { parentPort } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../model/domain-error.js';
import { readRows } from '../model/rows.js';
import { readInstances } from './instances.js';
import { readJson } from './json-body.js';

/** A prediction's body to be read. */
export interface ReadingTask {
  readonly id: number;
  readonly body: Uint8Array;
  readonly features: readonly string[];
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

export type ReadingResult =
  | { readonly id: number; readonly rows: Float32Array; readonly count: number }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };

// The thread of json-reader.ts.
parentPort?.on('message', (task: ReadingTask) => {
  const result = read(task);
  parentPort!.postMessage(result, 'rows' in result ? [result.rows.buffer as ArrayBuffer] : []);
});

function read({ id, body, features, maxRows, allowMissing }: ReadingTask): ReadingResult {
  try {
    const instances = readInstances(readJson(Buffer.from(body).toString()), maxRows);
    return { id, rows: readRows(instances, features, allowMissing), count: instances.length };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { id, code: error.code, message: error.message };
  }
}
