import { pino } from 'pino';
import type { Config } from '../../server/config.js';
import { buildParts } from '../../server/parts.js';
import { configuredEngine } from './configured-engine.js';

/**
 * Builds the service's own parts on a store, without HTTP: what trains and activates there does the same here. A service that runs on the
 * same store notices.
 */
export async function localService(config: Config) {
  return buildParts(config, await configuredEngine(config), pino({ level: 'silent' }));
}
