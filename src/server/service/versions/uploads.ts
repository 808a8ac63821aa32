import { join } from 'node:path';
import { DomainError } from '../../../base/domain-error.js';
import { WorkerThread } from '../../../base/node/worker-thread.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { writeAnnotations } from '../../../model/store/version-annotations.js';
import type { Uploaded, UploadTask } from './upload-worker.js';

/** Milliseconds without work after which the thread ends. */
const IDLE = 10_000;
/** Maximum unpacked size of an upload, in multiples of its own limit: numbers as JSON text compress to about a third. */
const MAX_UNPACKED = 4;

/**
 * Adds uploaded versions to the store. An archive is unpacked and verified in a thread: it may have been made to take much time
 * and memory.
 */
export class Uploads {
  private readonly store: FileStore;
  private readonly limit: number;
  private readonly thread = new WorkerThread('upload-worker.js', { idleTimeout: IDLE });

  /** `maxBytes` is the maximum size of an archive. */
  constructor(store: FileStore, maxBytes: number) {
    this.store = store;
    this.limit = MAX_UNPACKED * maxBytes;
  }

  /**
   * Adds the version in a tar.gz under the next number. Rejects with `INVALID_ARCHIVE`, with `TOO_LARGE`, and with what the store
   * throws. Then nothing is left in the store.
   */
  async add(archive: Uint8Array): Promise<Uploaded & { readonly version: number }> {
    const { store, limit } = this;
    const stage = await store.stage();
    try {
      const uploaded = await this.verify({ archive, limit, directory: join(stage, 'version') });
      const version = await store.publish(stage);
      await writeAnnotations(store, version, uploaded.card, uploaded.annotations);
      return { version, ...uploaded };
    } finally {
      await store.discard(stage);
    }
  }

  /** Ends the thread. */
  close(): Promise<void> {
    return this.thread.close();
  }

  private async verify(task: UploadTask): Promise<Uploaded> {
    try {
      return await this.thread.run<Uploaded>('storeUpload', task);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
      throw new DomainError('TOO_LARGE', 'archive: takes more memory to read than a valid version does');
    }
  }
}
