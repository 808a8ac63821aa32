import { DomainError } from '../../../base/domain-error.js';
import { Child } from '../../../base/node/child-process.js';
import { MEMORY } from '../../../base/node/memory-limits.js';
import type { RowModel } from '../row-model.js';
import type { Rows } from '../rows.js';
import type { RowsMessage, RowsRequest } from './reader-messages.js';

/** Milliseconds after which a file is given up. */
const PATIENCE = 30_000;
/** Maximum memory of the child, in bytes: Node.js itself, its heap, and as much outside of the heap. */
const MAX_MEMORY = Math.min(2 ** 30, 2 ** 20 * (128 + 2 * MEMORY.childHeap));

/** Settles when the last child has ended: together they could take all memory. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Reads the rows of a Parquet file in a child process, one file at a time: the library that reads them takes as much memory as an
 * untrusted file claims. Rejects with `INVALID_PARQUET`, `INVALID_ROWS` or `TOO_LARGE`.
 */
export function readParquetInChild(body: Uint8Array, model: RowModel): Promise<Rows> {
  const reading = last.then(() => read({ body, model }));
  last = reading.catch(() => {});
  return reading;
}

async function read(request: RowsRequest): Promise<Rows> {
  let verdict: RowsMessage | undefined;
  const onMessage = (message: RowsMessage) => {
    verdict = message;
  };
  const child = new Child('row-reader-process.js', onMessage, { serialization: 'advanced', maxMemory: MAX_MEMORY });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill();
  }, PATIENCE);
  child.send(request);
  const { reason, output } = await child.exit.finally(() => clearTimeout(timer));
  if (verdict?.type === 'rows') return verdict.rows;
  if (verdict) throw new DomainError(verdict.code, verdict.message);
  // For the log only: stacks and paths are not for clients.
  const cause = new Error(output);
  if (isLate) throw unreadable(`not within ${PATIENCE / 1000} seconds`, cause);
  if (/heap out of memory|Array buffer allocation failed/.test(output) || reason === 'SIGKILL') {
    throw unreadable('it takes more memory than a valid file does', cause);
  }
  throw new Error(`the process that reads rows exited early: ${reason}`, { cause });
}

function unreadable(why: string, cause: Error): DomainError {
  return new DomainError('INVALID_PARQUET', `Parquet file: it could not be read: ${why}`, { cause });
}
