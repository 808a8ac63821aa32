import { Readable } from 'node:stream';
import { workerTask } from '../../../base/node/worker-task.js';
import { loadEngine } from '../../../model/engines/load-engine.js';
import { ANNOTATIONS_FILE, type Annotations, parseAnnotations } from '../../../model/versions/annotations.js';
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

/** What an upload is, beside its files. */
export interface Uploaded {
  readonly card: Card;
  readonly annotations: Annotations;
}

/** Returns the card and the annotations. Throws what `unpackArchive` and `verifyUpload` throw. */
export const storeUpload = workerTask(async ({ archive, limit, directory }: UploadTask): Promise<Uploaded> => {
  const files = await unpackArchive(Readable.from([archive]), limit);
  // A version that answers its probe on one engine does so on the others.
  const card = verifyUpload(files, await loadEngine('auto'));
  writeUpload(directory, files);
  return { card, annotations: parseAnnotations(files.get(ANNOTATIONS_FILE)) };
});
