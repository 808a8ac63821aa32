import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../model/domain-error.js';
import type { EngineFactory } from '../model/engine.js';
import type { ModelStore } from '../model/store.js';
import { openVersion } from '../model/version.js';
import type { DriftWatch } from './drift-watch.js';
import type { PredictionService } from './service.js';

export interface LoaderOptions {
  readonly store: ModelStore;
  readonly createEngine: EngineFactory;
  readonly service: PredictionService;
  readonly drift: DriftWatch;
  readonly log: FastifyBaseLogger;
}

/** Brings versions from the store to the service: read, verified against their checksums and probe, swapped in. */
export class ModelLoader {
  private readonly options: LoaderOptions;

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /** Makes a version serve. Throws `VERSION_NOT_FOUND` or `INVALID_VERSION`; what served before serves on. */
  async activate(version: number): Promise<void> {
    const { store, createEngine, service, drift, log } = this.options;
    const files = await store.read(version);
    const { card, predictor } = openVersion(files, createEngine);
    const baseline = files.get('baseline.json');
    const watched = await drift.prepare(version, card, baseline && Buffer.from(baseline).toString());
    service.swap({ version, card, predictor });
    drift.follow(watched);
    log.info({ model_version: String(version), metrics: card.metrics }, 'model version serves');
  }

  /** Makes the newest good version serve, and says in the log why newer ones do not. False if there is none. */
  async activateNewest(): Promise<boolean> {
    const { store, log } = this.options;
    for (const version of (await store.list()).reverse()) {
      try {
        await this.activate(version);
        return true;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        log.error({ err: error, model_version: String(version) }, 'model version is broken and was skipped');
      }
    }
    return false;
  }
}
