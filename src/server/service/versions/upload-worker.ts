import { Readable } from 'node:stream';
import { workerTask } from '../../../base/node/worker-task.js';
import { loadEngine } from '../../../model/engines/load-engine.js';
import { unpackArchive, verifyUpload } from '../../../model/versions/archive.js';
import type { Card } from '../../../model/versions/card.js';
import { writeUpload } from '../../../model/versions/version.js';

// The thread of uploads.ts.

export interface UploadTask {
  /** A tar.gz. */
  readonly archive: Uint8Array;
  /** Maximum bytes when unpacked. */
  readonly limit: number;
  /** Where to write the files once they have been verified. */
  readonly directory: string;
}

/** Returns the card. Throws what `unpackArchive` and `verifyUpload` throw. */
export const storeUpload = workerTask(async ({ archive, limit, directory }: UploadTask): Promise<Card> => {
  const files = await unpackArchive(Readable.from([archive]), limit);
  // A version that answers its probe on one engine does so on the others.
  const card = verifyUpload(files, await loadEngine('auto'));
  writeUpload(directory, files);
  return card;
});
