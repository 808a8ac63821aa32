import { join } from 'node:path';
import { UPLOAD_MARK, type VersionFiles, writeFiles } from '../versions/version.js';
import type { FileStore } from './file-store.js';

/** Publishes the verified files of an uploaded version under the next number. */
export async function publishUpload(files: VersionFiles, store: FileStore): Promise<number> {
  const stage = await store.stage();
  try {
    writeFiles(join(stage, 'version'), new Map([[UPLOAD_MARK, new Uint8Array()], ...files]));
    return await store.publish(stage);
  } finally {
    await store.discard(stage);
  }
}
