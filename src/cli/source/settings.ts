import { join } from 'node:path';
import { FileStore } from '../../model/store/file-store.js';
import { type Config, readConfig } from '../../server/config.js';
import { UsageError } from '../terminal/exit-codes.js';
import type { ModelOptions } from './model-options.js';

/** Reads the service's settings from the environment, with the options of a command in place of those that they name. */
export function settings({ store, name }: Pick<ModelOptions, 'store' | 'name'> = {}): Config {
  try {
    return readConfig({ ...process.env, ...(store && { MODEL_STORE: store }), ...(name && { MODEL_NAME: name }) });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Returns the store that the settings name. */
export function storeOf({ MODEL_STORE, MODEL_NAME }: Config): FileStore {
  return new FileStore(join(MODEL_STORE, MODEL_NAME));
}
