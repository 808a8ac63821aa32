import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../../base/domain-error.js';
import { filesIn, ifExists } from '../../../base/files/directory.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { publishUpload } from '../../../model/store/publish-upload.js';
import { verifyUpload } from '../../../model/versions/archive.js';
import { parseCard } from '../../../model/versions/card.js';
import { readFiles, UPLOAD_MARK } from '../../../model/versions/version.js';
import type { OwnChanges } from './own-changes.js';

/**
 * Adds the version whose files are in a directory, like those of an unpacked archive, to the store, unless the store has it
 * already. If the directory itself has no card, its only folder with one is taken: archives are often packed with a folder.
 * Returns the version's number, or undefined if there is no card, or several. Throws `INVALID_ARCHIVE`, naming file and reason.
 */
export async function adoptArtifact(
  directory: string,
  store: FileStore,
  createEngine: EngineFactory,
  changes: OwnChanges,
): Promise<number | undefined> {
  const place = await placeOfCard(directory);
  if (place === undefined) return undefined;
  const names = await filesIn(place);
  const files = await readFiles(
    place,
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

async function placeOfCard(directory: string): Promise<string | undefined> {
  const hasCard = async (place: string) => (await filesIn(place)).includes('card.json');
  if (await hasCard(directory)) return directory;
  const entries = (await ifExists(readdir(directory, { withFileTypes: true }), 'ENOTDIR')) ?? [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const places: string[] = [];
  for (const folder of folders) if (await hasCard(folder)) places.push(folder);
  return places.length === 1 ? places[0] : undefined;
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
