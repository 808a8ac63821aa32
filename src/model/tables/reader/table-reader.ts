import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError, type ErrorCode } from '../../../base/domain-error.js';
import { Child } from '../../../base/node/child-process.js';
import type { Columns, TableInfo } from '../table-file.js';

/** Files of a table, and what is wrong with one that cannot be read. */
const FORMATS = { arrow: 'INVALID_ARROW', parquet: 'INVALID_PARQUET' } as const;
export type TableFormat = keyof typeof FORMATS;

/** What the child is asked to do: make a table in `directory` of the file. */
export interface TableRequest {
  readonly format: TableFormat;
  readonly path: string;
  readonly directory: string;
  readonly targets: readonly string[];
  /** The columns that the table must have, unless `replace`; null if it may have any. */
  readonly model: Columns | null;
  readonly replace: boolean;
  /** Bytes that the table may have: a few of Parquet can tell of any number of rows. */
  readonly most: number;
}

/** What the child tells. */
export type TableMessage =
  | { readonly type: 'progress' }
  | { readonly type: 'done'; readonly info: TableInfo }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Milliseconds without progress after which a file is given up: a part takes a second or two. */
const PATIENCE = 60_000;
/** What the child may have for objects, in MiB. */
const HEAP = 512;

/**
 * Writes a file as it arrives to the disk, beside `directory`, and reads it into a table there. That is done by a child
 * process: whatever a stranger's file makes a library do, it neither holds nor ends this one.
 *
 * Rejects with the code of the format, naming the place, with `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`,
 * `TOO_LARGE` or `FEATURES_CHANGED`.
 */
export async function fileToTable(body: Readable, request: Omit<TableRequest, 'path'>): Promise<TableInfo> {
  const path = `${request.directory}.upload`;
  try {
    await pipeline(body, createWriteStream(path));
    return await readInChild({ ...request, path });
  } finally {
    await rm(path, { force: true });
  }
}

async function readInChild(request: TableRequest): Promise<TableInfo> {
  let verdict: TableMessage | undefined;
  let stuck = false;
  const onMessage = (message: TableMessage) => {
    verdict = message;
    timer.refresh();
  };
  const child = new Child('table-reader-process.js', onMessage, { execArgv: [`--max-old-space-size=${HEAP}`] });
  const timer = setTimeout(() => {
    stuck = true;
    child.kill();
  }, PATIENCE);
  child.send(request);
  const { reason, output } = await child.exit.finally(() => clearTimeout(timer));
  if (verdict?.type === 'done') return verdict.info;
  if (verdict?.type === 'failed') throw new DomainError(verdict.code, verdict.message);
  const cause = new Error(output);
  if (stuck) throw unreadable(request, `there was no progress in ${PATIENCE / 1000} seconds`, cause);
  if (/heap out of memory|Array buffer allocation failed/.test(output) || reason === 'SIGKILL') {
    throw unreadable(request, 'it takes more memory than a sound file does', cause);
  }
  throw new Error(`the process that reads a table ended early: ${reason}`, { cause });
}

function unreadable({ format }: TableRequest, why: string, cause: Error): DomainError {
  return new DomainError(FORMATS[format], `body: it could not be read: ${why}`, { cause });
}
