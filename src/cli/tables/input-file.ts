import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileError } from '../terminal/file-error.js';
import { removeAtExit } from '../terminal/interruption.js';

export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** Bytes that show the format. */
export const HEAD_BYTES = 8;
const GZIP = '\x1f\x8b';

/** A file on the disk, which is removed when it is disposed of if it is a temporary one. */
export interface InputFile extends Disposable {
  readonly path: string;
}

/**
 * Returns standard input, or what a path leads to if that is no file: a pipe, which can be read once only. Undefined for a file. Throws
 * `INVALID_REQUEST` if it cannot be read.
 */
export function inputStream(path: string): Readable | undefined {
  if (path === '-') return process.stdin;
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    return found.isFile() ? undefined : createReadStream(path);
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** Returns a file; the bytes of a pipe are stored in one first. Rejects with `INVALID_REQUEST`, also if `signal` is aborted. */
export async function inputFile(path: string, signal?: AbortSignal): Promise<InputFile> {
  const stream = inputStream(path);
  return stream ? storeStream(stream, signal) : { path, [Symbol.dispose]: () => {} };
}

/** Stores a stream in a temporary file. */
export async function storeStream(source: Readable, signal?: AbortSignal): Promise<InputFile> {
  const directory = mkdtempSync(join(tmpdir(), 'reconstruction-regressor-'));
  const path = join(directory, 'input');
  const forget = removeAtExit(directory);
  const dispose = () => {
    rmSync(directory, { recursive: true, force: true });
    forget();
  };
  try {
    await pipeline(source, createWriteStream(path), { ...(signal && { signal }) });
  } catch (error) {
    dispose();
    throw fileError(path, 'written', error);
  }
  return { path, [Symbol.dispose]: dispose };
}

/** Returns the first bytes of a file. Throws `INVALID_REQUEST` if it cannot be read. */
export function headOf(path: string): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/** Returns the format of a table by its first bytes. */
export function formatOf(head: Uint8Array): TableFormat {
  const text = Buffer.from(head).toString('latin1');
  if (text.startsWith('PAR1') || text.startsWith('PARE')) return 'parquet';
  return isArrowFile(head) || text.startsWith('\xff\xff\xff\xff') ? 'arrow' : 'csv';
}

/** Returns whether it is an Arrow file, which has a footer, and not a stream. */
export function isArrowFile(head: Uint8Array): boolean {
  return Buffer.from(head).toString('latin1').startsWith('ARROW1');
}

export function isGzip(head: Uint8Array): boolean {
  return Buffer.from(head).toString('latin1').startsWith(GZIP);
}
