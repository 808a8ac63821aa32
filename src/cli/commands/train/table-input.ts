import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DomainError } from '../../../base/domain-error.js';
import type { TableRequest } from '../../../model/tables/reader/reader-messages.js';
import { fileToTable, readInChild } from '../../../model/tables/reader/table-reader.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import { formatOf, headOf, inputFile, isGzip } from '../../tables/input-file.js';

/**
 * Reads a file, or standard input for `-`, into a table of a training, in a child process. Rejects as `readInChild`; the advice for
 * other columns than those of the version in production names the option.
 */
export async function readTrainingTable(
  file: string,
  request: Omit<TableRequest, 'path' | 'format'>,
  signal: AbortSignal,
): Promise<TableInfo> {
  using input = await inputFile(file, signal);
  const { path } = input;
  const head = headOf(path);
  const format = formatOf(head);
  try {
    if (isGzip(head)) return await fileToTable(unpacked(path), { ...request, format }, { signal });
    return await readInChild({ ...request, format, path }, signal);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'FEATURES_CHANGED') throw error;
    throw new DomainError(error.code, `${error.message}; --replace accepts them`, { cause: error });
  }
}

function unpacked(path: string): Readable {
  const out = new PassThrough();
  // An error reaches the reader.
  pipeline(createReadStream(path), createGunzip(), out).catch(() => {});
  return out;
}
