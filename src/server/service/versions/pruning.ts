import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import type { ModelStore } from '../../../model/store/store.js';
import type { PredictionService } from '../prediction/prediction-service.js';

export interface PruningOptions {
  readonly store: ModelStore;
  readonly service: PredictionService;
  readonly log: FastifyBaseLogger;
  /** Newest versions that are kept. */
  readonly keep: number;
}

/** Removes old versions when new ones have come; never one that serves or that an alias names. */
export class Pruning {
  private readonly options: PruningOptions;
  private running: Promise<void> = Promise.resolve();

  constructor(options: PruningOptions) {
    this.options = options;
  }

  /** Never rejects: what could not be removed now goes the next time. */
  prune(): Promise<void> {
    this.running = this.running.then(() => this.removeOld());
    return this.running;
  }

  private async removeOld(): Promise<void> {
    const { store, service, log, keep } = this.options;
    try {
      for (const version of (await store.list()).slice(0, -keep)) {
        if (version === service.servingIfReady?.version) continue;
        try {
          await store.remove(version);
          log.info({ model_version: String(version), keep }, 'old model version removed');
        } catch (error) {
          // An alias names it, or another process is at it as well.
          if (!(error instanceof DomainError)) throw error;
        }
      }
    } catch (error) {
      log.error({ err: error }, 'old model versions could not be removed');
    }
  }
}
