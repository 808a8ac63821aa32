import { DomainError } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import { publishUpload } from '../../../model/store/publish-upload.js';
import type { ModelStore } from '../../../model/store/store.js';
import { verifyUpload } from '../../../model/versions/archive.js';
import { parseCard } from '../../../model/versions/card.js';
import { readFiles, UPLOAD_MARK } from '../../../model/versions/version.js';

/**
 * Takes the version whose files a directory holds, as an archive unpacks to, into the store, unless it is there already.
 * Gives its number; undefined if the directory is not there or has no card. Throws `INVALID_ARCHIVE`, naming file and
 * reason.
 */
export async function adoptArtifact(
  directory: string,
  store: ModelStore,
  createEngine: EngineFactory,
): Promise<number | undefined> {
  const names = await filesIn(directory);
  if (!names.includes('card.json')) return undefined;
  const files = await readFiles(
    directory,
    names.filter((name) => name !== UPLOAD_MARK),
  );
  const { checksum } = verifyUpload(files, createEngine);
  for (const version of (await store.list()).reverse()) {
    if ((await checksumOf(version, store)) === checksum) return version;
  }
  return publishUpload(files, store);
}

/** Undefined if the version is broken, or was removed meanwhile: then it is not the one that is looked for. */
async function checksumOf(version: number, store: ModelStore): Promise<string | undefined> {
  try {
    const card = await store.readFile(version, 'card.json');
    return card && parseCard(Buffer.from(card).toString()).checksum;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
