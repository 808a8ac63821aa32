import { loadEngine } from '../../model/engines/load-engine.js';
import type { EngineFactory } from '../../model/network/engine.js';
import type { Config } from '../../server/config.js';
import { UsageError } from '../terminal/exit-codes.js';

/** Loads the engine that the settings select. Throws a `UsageError` if it cannot be loaded. */
export async function configuredEngine({ ENGINE }: Pick<Config, 'ENGINE'>): Promise<EngineFactory> {
  try {
    return await loadEngine(ENGINE);
  } catch (error) {
    throw new UsageError(`ENGINE=${ENGINE}: ${(error as Error).message}`);
  }
}
