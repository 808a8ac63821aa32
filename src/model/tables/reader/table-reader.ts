import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../../base/domain-error.js';
import { Child } from '../../../base/node/child-process.js';
import { MEMORY } from '../../../base/node/memory-limits.js';
import { changed, sameNames, splitColumns } from '../columns.js';
import { withEarlyHeader } from '../csv/early-header.js';
import { chosenColumns } from '../table-choices.js';
import type { TableInfo } from '../table-file.js';
import type { TableMessage, TableRequest } from './reader-messages.js';

/** The error code for an unreadable file, by format. */
const UNREADABLE = {
  arrow: 'INVALID_ARROW',
  csv: 'INVALID_CSV',
  parquet: 'INVALID_PARQUET',
  rows: 'INVALID_ROWS',
} as const;

/** Milliseconds without progress before giving up on a file. A chunk takes a second or two. */
const PATIENCE = 60_000;
/**
 * Maximum memory of the child, in bytes: Node.js itself, its heap, and as much outside the heap, where libraries that decompress
 * allocate whatever a file declares.
 */
const MAX_MEMORY = Math.min(2 ** 30, 2 ** 20 * (128 + 2 * MEMORY.childHeap));

export interface FileToTableOptions {
  /** May throw; it is called when the file has arrived, before the child starts. */
  readonly onArrived?: () => void;
  /** Stops the child when aborted, for example because the client has gone. */
  readonly signal?: AbortSignal;
}

/**
 * Streams a file to the disk beside `directory`, then reads it into a table there. A child process reads it, so that an
 * untrusted file can neither block nor crash this process, whatever it makes a library do. The header of a CSV is checked as soon
 * as it has arrived.
 *
 * Rejects with `INVALID_ARROW`, `INVALID_CSV` or `INVALID_PARQUET` with the place, or with `UNKNOWN_COLUMN`,
 * `TOO_MANY_MISSING`, `TOO_LARGE` or `FEATURES_CHANGED`. Once it has settled, nothing of it runs and the file is gone.
 */
export async function fileToTable(
  source: Readable,
  request: Omit<TableRequest, 'path'>,
  { onArrived, signal }: FileToTableOptions = {},
): Promise<TableInfo> {
  const path = `${request.directory}.upload`;
  const { targets, choices = {} } = request;
  const { charset, delimiter } = choices;
  const early = { charset, delimiter, names: targets };
  try {
    const checked = withEarlyHeader(source, (header) => checkHeader(header, request), early);
    await pipeline(request.format === 'csv' ? checked : source, createWriteStream(path));
    onArrived?.();
    return await readInChild({ ...request, path }, signal);
  } finally {
    await rm(path, { force: true });
  }
}

/** Refuses a table that lacks columns. Those that it has beside the model's may turn out to be of no use. */
function checkHeader(
  header: readonly string[],
  { targets, choices = {}, model, replace, isReport = false }: Omit<TableRequest, 'path'>,
): void {
  splitColumns(header, targets);
  const columns = splitColumns(chosenColumns(header, targets, choices).names, targets);
  if (!model || replace || isReport) return;
  const lacks = model.features.some((name) => !columns.features.includes(name));
  if (lacks || !sameNames(columns.targets, model.targets)) throw changed(model, columns);
}

/** Reads a file on the disk into a table, in a child process. Rejects as `fileToTable`. */
export async function readInChild(request: TableRequest, signal?: AbortSignal): Promise<TableInfo> {
  if (signal?.aborted) throw stopped();
  let verdict: TableMessage | undefined;
  let stuck = false;
  const onMessage = (message: TableMessage) => {
    verdict = message;
    timer.refresh();
  };
  const child = new Child('table-reader-process.js', onMessage, {
    maxMemory: MAX_MEMORY,
    ...(signal && { signal }),
  });
  const timer = setTimeout(() => {
    stuck = true;
    child.kill();
  }, PATIENCE);
  child.send(request);
  const { reason, output } = await child.exit.finally(() => clearTimeout(timer));
  if (signal?.aborted) throw stopped();
  if (verdict?.type === 'done') return verdict.info;
  if (verdict?.type === 'failed') throw new DomainError(verdict.code, verdict.message);
  // For the log only: stacks and paths are not for clients.
  const cause = new Error(output);
  if (stuck) throw unreadable(request, `no progress for ${PATIENCE / 1000} seconds`, cause);
  if (/heap out of memory|Array buffer allocation failed/.test(output) || reason === 'SIGKILL') {
    throw unreadable(request, 'it takes more memory than a valid file does', cause);
  }
  throw new Error(`the process that reads a table exited early: ${reason}`, { cause });
}

function unreadable({ format }: TableRequest, why: string, cause: Error): DomainError {
  return new DomainError(UNREADABLE[format], `the file could not be read: ${why}`, { cause });
}

function stopped(): DomainError {
  return new DomainError('INVALID_REQUEST', 'the client closed the connection while its table was being read');
}
