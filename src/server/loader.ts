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

/** The document that names the version that serves. */
const SERVING = 'serving-version';

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
    // First, so that nothing is left to wait for once it serves: who sees that may train the next one.
    await this.remember(version);
    service.swap({ version, card, predictor });
    drift.follow(watched);
    log.info({ model_version: String(version), metrics: card.metrics }, 'model version serves');
  }

  /**
   * Makes the version serve that did before the restart, or the newest good one if that is broken, and says in the log
   * why others do not. False if there are no versions. Throws `INVALID_VERSION` if all are broken: what is there shall
   * not be replaced by a first model, unasked.
   */
  async activateStored(): Promise<boolean> {
    const { store, log } = this.options;
    const versions = (await store.list()).reverse();
    const last = Number(await store.readDocument(SERVING));
    const candidates = versions.includes(last) ? [last, ...versions.filter((version) => version !== last)] : versions;
    for (const version of candidates) {
      try {
        await this.activate(version);
        return true;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        log.error({ err: error, model_version: String(version) }, 'model version is broken and was skipped');
      }
    }
    if (versions.length === 0) return false;
    throw new DomainError('INVALID_VERSION', `none of the ${versions.length} versions in ${store.location} is whole`);
  }

  /** A version that was uploaded, or whose training was cut off before the swap, shall not serve by a restart. */
  private async remember(version: number): Promise<void> {
    const { store, log } = this.options;
    try {
      await store.writeDocument(SERVING, String(version));
    } catch (error) {
      log.warn({ err: error, model_version: String(version) }, 'the next start will not know which version served');
    }
  }
}
