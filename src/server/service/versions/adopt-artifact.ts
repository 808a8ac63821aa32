import { DomainError } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { publishUpload } from '../../../model/store/publish-upload.js';
import { verifyUpload } from '../../../model/versions/archive.js';
import { parseCard } from '../../../model/versions/card.js';
import { readFiles, UPLOAD_MARK } from '../../../model/versions/version.js';
import type { OwnChanges } from './own-changes.js';

/**
 * Adds the version whose files are in a directory, like those of an unpacked archive, to the store, unless the store has it
 * already. Returns its number, or undefined if the directory does not exist or has no card. Throws `INVALID_ARCHIVE`, naming
 * file and reason.
 */
export async function adoptArtifact(
  directory: string,
  store: FileStore,
  createEngine: EngineFactory,
  changes: OwnChanges,
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
  return changes.record(
    'upload',
    null,
    { reason: "the platform's artifact" },
    () => publishUpload(files, store),
    (version) => ({ model_version: String(version) }),
  );
}

/** Returns undefined if the version is broken or was removed meanwhile: it cannot be the artifact then. */
async function checksumOf(version: number, store: FileStore): Promise<string | undefined> {
  try {
    const card = await store.readFile(version, 'card.json');
    return card && parseCard(card).checksum;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
