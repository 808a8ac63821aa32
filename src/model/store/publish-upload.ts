import { join } from 'node:path';
import { ANNOTATIONS_FILE, parseAnnotations } from '../versions/annotations.js';
import { parseCard } from '../versions/card.js';
import { type VersionFiles, writeUpload } from '../versions/version.js';
import type { FileStore } from './file-store.js';
import { writeAnnotations } from './version-annotations.js';

/** Publishes the verified files of an uploaded version under the next number, with its annotations. */
export async function publishUpload(files: VersionFiles, store: FileStore): Promise<number> {
  const stage = await store.stage();
  try {
    writeUpload(join(stage, 'version'), files);
    const version = await store.publish(stage);
    const annotations = parseAnnotations(files.get(ANNOTATIONS_FILE));
    await writeAnnotations(store, version, parseCard(files.get('card.json') ?? ''), annotations);
    return version;
  } finally {
    await store.discard(stage);
  }
}
