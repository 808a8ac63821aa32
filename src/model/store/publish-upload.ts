import { join } from 'node:path';
import { type VersionFiles, writeUpload } from '../versions/version.js';
import type { FileStore } from './file-store.js';

/** Publishes the verified files of an uploaded version under the next number. */
export async function publishUpload(files: VersionFiles, store: FileStore): Promise<number> {
  const stage = await store.stage();
  try {
    writeUpload(join(stage, 'version'), files);
    return await store.publish(stage);
  } finally {
    await store.discard(stage);
  }
}
