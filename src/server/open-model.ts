import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EngineFactory } from '../model/network/engine.js';
import type { Config } from './config.js';
import { buildParts, type Parts } from './parts.js';
import type { Platform } from './platform.js';
import { retrainOnDrift } from './service/training/retraining.js';
import { startModel } from './start-model.js';

/** Milliseconds between two checks for changes by other processes, where the file system does not report them. */
const POLL_INTERVAL = 5000;
/** Milliseconds for which an application that gets ready waits for its model: less than Fastify waits for a hook. */
const PATIENCE = 5000;

/** A model that can be served. */
export interface OpenModel {
  readonly parts: Parts;
  /** Serves a version of the store, or trains a first one. Never rejects. */
  start(): Promise<void>;
  /** The same, but resolves after five seconds at the latest: the first training goes on. */
  startWithin(): Promise<void>;
  /** Ends trainings and event streams, stores what drift has counted, and no longer follows the store. */
  close(): Promise<void>;
}

/** Builds the parts of a model, and follows its store: other processes may change it. */
export function openModel(config: Config, createEngine: EngineFactory, platform: Platform, log: Logger): OpenModel {
  const parts = buildParts(config, createEngine, log);
  const { drift, loader, jobs, store } = parts;
  if (config.RETRAIN === 'on_drift' && platform.readOnly) {
    log.warn('RETRAIN=on_drift is ignored: the platform requires a read-only service (AIP_MODE=PREDICTION)');
  } else if (config.RETRAIN === 'on_drift') {
    retrainOnDrift({ ...parts, minRows: config.FEEDBACK_LEAST_ROWS, cooldown: 1000 * config.RETRAIN_COOLDOWN });
  }
  const stopWatching = store.watch(() => void loader.follow().then(() => drift.loadNewerBaseline()), POLL_INTERVAL);
  const start = () => startModel(parts, config, platform);
  return {
    parts,
    start,
    startWithin: () => Promise.race([start(), wait(PATIENCE, undefined, { ref: false })]),
    close: async () => {
      stopWatching();
      await jobs.close();
      await drift.close();
    },
  };
}
