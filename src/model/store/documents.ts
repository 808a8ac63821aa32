import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory, ifExists, makeDirectory } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import { discardStage, makeStage } from '../../base/files/staging.js';

/** Folder of a store's small documents, such as the state of a monitor. */
const DOCUMENTS = '.documents';

/** Returns undefined if the document does not exist. */
export function readDocument(location: string, name: string): Promise<string | undefined> {
  return ifExists(readFile(join(location, DOCUMENTS, name), 'utf8'));
}

/** Names of all documents. */
export async function listDocuments(location: string): Promise<string[]> {
  return (await ifExists(readdir(join(location, DOCUMENTS)))) ?? [];
}

/** Deletes a document, if it still exists. */
export async function removeDocument(location: string, name: string): Promise<void> {
  await rm(join(location, DOCUMENTS, name), { force: true });
  failpoint('document:removed');
}

/** Writes atomically: a reader sees the old document or the new one. A sweep removes the stage of a process that died. */
export async function writeDocument(location: string, name: string, content: string): Promise<void> {
  const directory = join(location, DOCUMENTS);
  await makeDirectory(directory);
  const stage = await makeStage(location);
  try {
    const written = join(stage, 'document');
    await writeFile(written, content, { flush: true });
    failpoint('document:written');
    await rename(written, join(directory, name));
    failpoint('document:renamed');
  } finally {
    await discardStage(stage);
  }
  flushDirectory(directory);
}
