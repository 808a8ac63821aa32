import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import type { FileStore } from '../../../model/store/file-store.js';
import type { ModelLoader } from './model-loader.js';
import type { OwnChanges } from './own-changes.js';

interface PruningOptions {
  readonly store: FileStore;
  readonly loader: Pick<ModelLoader, 'isInUse'>;
  readonly changes: OwnChanges;
  readonly log: Logger;
  /** Newest versions to keep. */
  readonly keep: number;
}

/**
 * Returns a function that removes old versions, except those in use and those that an alias names. It never rejects: a
 * version that cannot be removed now is removed the next time.
 */
export function createPruning(options: PruningOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  return () => {
    running = running.then(() => removeOld(options));
    return running;
  };
}

async function removeOld({ store, loader, changes, log, keep }: PruningOptions): Promise<void> {
  try {
    const old = (await store.list()).slice(0, -keep);
    if (old.length === 0) return;
    const { production, previous, candidate } = await store.aliases();
    for (const version of old) {
      if (loader.isInUse(version) || [production, previous, candidate].includes(version)) continue;
      try {
        const why = { setting: `KEEP_VERSIONS=${keep}` };
        await changes.record('delete', String(version), why, () => store.remove(version));
        log.info({ model_version: String(version), keep }, 'old model version removed');
      } catch (error) {
        // By now an alias names it, or another process is removing it.
        if (!(error instanceof DomainError)) throw error;
      }
    }
  } catch (error) {
    log.error({ err: error }, 'old model versions could not be removed');
  }
}
