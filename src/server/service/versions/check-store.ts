import type { FastifyBaseLogger } from 'fastify';
import type { ModelStore } from '../../../model/store/store.js';

/** Free space that is worth a warning, in bytes: a version has less than one, the table of a training may have more. */
const MIN_FREE = 128 * 2 ** 20;

/** Tells the store in the log and, before it matters, what will fail later. It stops nothing: a store that is only read serves. */
export async function checkStore(store: ModelStore, log: FastifyBaseLogger): Promise<void> {
  const { writable, reason, free_bytes } = await store.health();
  const { location } = store;
  log.info({ location, versions: (await store.list()).length, writable, free_bytes }, 'model store');
  if (!writable) {
    log.error({ location, reason }, 'the model store cannot be written: nothing can be trained, uploaded or activated');
  }
  if (free_bytes !== null && free_bytes < MIN_FREE) {
    log.warn({ location, free_bytes, expected: MIN_FREE }, 'the disk of the model store is nearly full');
  }
}
