import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { requireRowCounter } from '../drift/counts/wasm-row-counter.js';
import { loadEngine } from '../model/engines/load-engine.js';
import { buildApp as buildStandAloneApp } from './app.js';
import { readConfig } from './config.js';
import { openModel } from './open-model.js';
import { NO_PLATFORM } from './platform.js';
import { reconstructionRegressor } from './plugin.js';

export type { ReconstructionRegressorOptions } from './plugin-options.js';
export { reconstructionRegressor };
export default reconstructionRegressor;

/**
 * Builds the stand-alone server without listening, from settings by the names of environment variables (`{ MODEL_STORE: 'models' }`; others
 * are ignored). Its model is loaded when it gets ready. Signals and exits are up to the caller. Rejects, naming the setting, for an
 * invalid one, and for an engine that cannot be loaded.
 */
export async function buildApp(settings: Readonly<Record<string, string | undefined>>): Promise<FastifyInstance> {
  const config = readConfig(settings);
  const output = { dropped: 0, write: (line: string) => void process.stdout.write(line) };
  const log = pino({ level: config.LOG_LEVEL }, output);
  const createEngine = await loadEngine(config.ENGINE);
  requireRowCounter();
  const model = openModel(config, createEngine, NO_PLATFORM, log);
  const app = await buildStandAloneApp(model.parts, config, NO_PLATFORM, output);
  app.addHook('onReady', () => model.startWithin());
  app.addHook('onClose', () => model.close());
  return app;
}
