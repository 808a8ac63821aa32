import type { Logger } from 'pino';
import type { FileStore } from '../../../model/store/file-store.js';

/** Free bytes below which a warning is logged. A version is smaller than this; the table of a training may be larger. */
const MIN_FREE = 128 * 2 ** 20;

/** Logs the state of the store, and warns early of what will fail later. A read-only store can still serve. */
export async function checkStore(store: FileStore, log: Logger): Promise<void> {
  const { writable, reason, free_bytes } = await store.health();
  const { location } = store;
  log.info({ location, versions: (await store.list()).length, writable, free_bytes }, 'model store');
  if (!writable) {
    log.error(
      { location, reason },
      'the model store is not writable: no version can be trained, uploaded or activated',
    );
  }
  if (free_bytes !== null && free_bytes < MIN_FREE) {
    log.warn({ location, free_bytes, expected: MIN_FREE }, 'the disk of the model store is almost full');
  }
}
