import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { Predictor } from '../../../model/network/predictor.js';
import type { Aliases, ModelStore } from '../../../model/store/store.js';
import type { Card } from '../../../model/versions/card.js';
import type { Probe } from '../../../model/versions/probe.js';
import { openVersion } from '../../../model/versions/version.js';
import type { DriftService, Watched } from '../drift/drift-service.js';
import type { PredictionService } from '../prediction/prediction-service.js';

export interface LoaderOptions {
  readonly store: ModelStore;
  readonly createEngine: EngineFactory;
  readonly service: PredictionService;
  readonly drift: DriftService;
  readonly log: FastifyBaseLogger;
}

/** What an activation did: which version is `production` now, and which one was before. */
export interface Activation {
  readonly version: number;
  readonly former: number | null;
}

interface Opened {
  readonly version: number;
  readonly card: Card;
  readonly predictor: Predictor;
  readonly probe: Probe;
  readonly deviation: number;
  readonly watched: Watched | undefined;
}

/**
 * Brings versions from the store to the service: read, verified against their checksums, warmed by replaying their probe,
 * swapped in. What serves is what the alias `production` names, in every process on the store.
 */
export class ModelLoader {
  private readonly options: LoaderOptions;
  private turn: Promise<unknown> = Promise.resolve();
  /** The generation of aliases that could not be followed, which was said in the log; null if they could not be read. */
  private told: number | null | undefined;

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /**
   * Makes a version `production`, and what was it `previous`; then it serves. Throws `VERSION_NOT_FOUND`,
   * `INVALID_VERSION`, or `ALIASES_CHANGED` if another process was faster, or if another version is
   * production than `over`, if that is given; what served before serves on.
   */
  activate(version: number, over?: number | null): Promise<Activation> {
    return this.inTurn(async () => {
      const aliases = await this.options.store.aliases();
      if (over !== undefined && aliases.production !== over) {
        const [found, expected] = [aliases.production, over].map((v) => (v === null ? 'no version' : `version ${v}`));
        throw new DomainError('ALIASES_CHANGED', `${found} is production meanwhile, not ${expected}`);
      }
      return this.promote(version, aliases);
    });
  }

  /** Makes a version `candidate`, which serves nobody. */
  nominate(version: number): Promise<void> {
    return this.change((aliases) => (aliases.candidate === version ? undefined : { ...aliases, candidate: version }));
  }

  /** Makes `previous` `production` again. Throws as `activate`, and `NO_PREVIOUS_VERSION`. */
  rollback(): Promise<Activation> {
    return this.inTurn(async () => {
      const aliases = await this.options.store.aliases();
      if (aliases.previous === null) {
        throw new DomainError(
          'NO_PREVIOUS_VERSION',
          'no version served before this one: there is nothing to go back to',
        );
      }
      return this.promote(aliases.previous, aliases);
    });
  }

  /** Serves what `production` names by now, if another process has changed it. Never throws: what serves serves on. */
  follow(): Promise<void> {
    return this.inTurn(async () => {
      const { store, service, log } = this.options;
      let generation: number | null = null;
      try {
        const aliases = await store.aliases();
        const { production } = aliases;
        if (production === null || production === service.servingIfReady?.version) return;
        generation = aliases.generation;
        this.serve(await this.open(production));
      } catch (error) {
        if (this.told === generation) return;
        this.told = generation;
        log.error({ err: error }, 'the version that is production now cannot be served; it will be tried again');
      }
    });
  }

  /**
   * Serves `production`, or else `previous`, or else the newest good version, and says in the log why others do not. What
   * stands in for both becomes `previous`: so no process removes it.
   * False if there are no versions. Throws `INVALID_VERSION` if all are broken: what is there shall not be replaced by a
   * first model, unasked.
   */
  activateStored(): Promise<boolean> {
    return this.inTurn(async () => {
      const { store, log } = this.options;
      const versions = (await store.list()).reverse();
      const aliases = await store.aliases();
      const first = [aliases.production, aliases.previous].filter((version) => version !== null);
      for (const version of new Set([...first, ...versions])) {
        try {
          const opened = await this.open(version);
          if (!first.includes(version) && opened.card.gate?.decision === 'refused') {
            opened.predictor.close();
            log.warn({ model_version: String(version) }, 'model version was refused by the gate and was skipped');
            continue;
          }
          this.serve(opened);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          log.error({ err: error, model_version: String(version) }, 'model version is broken and was skipped');
          continue;
        }
        if (aliases.production === null || !first.includes(version)) await this.adopt(version, aliases.production);
        return true;
      }
      if (versions.length === 0) return false;
      throw new DomainError(
        'INVALID_VERSION',
        `none of the ${versions.length} versions in ${store.location} is whole and was let through`,
      );
    });
  }

  /** The alias changes before the pointer: no reply ever comes of a version that did not become `production`. */
  private async promote(version: number, aliases: Aliases): Promise<Activation> {
    const opened = await this.open(version);
    try {
      await this.name(version, aliases);
    } catch (error) {
      opened.predictor.close();
      throw error;
    }
    this.serve(opened);
    return { version, former: aliases.production };
  }

  /** A change of what is not ours, such as a removal, is no reason to give up: only one of `production` is. */
  private async name(version: number, read: Aliases): Promise<void> {
    const { store } = this.options;
    for (let aliases = read; aliases.production !== version; ) {
      const { generation, candidate, production } = aliases;
      const others = { candidate: candidate === version ? null : candidate, previous: production };
      try {
        aliases = await store.setAliases({ generation, production: version, ...others });
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'ALIASES_CHANGED') throw error;
        aliases = await store.aliases();
        if (aliases.production !== read.production) throw error;
      }
    }
  }

  private async open(version: number): Promise<Opened> {
    const { store, createEngine, drift } = this.options;
    const files = await store.read(version);
    const { card, predictor, probe, deviation } = openVersion(files, createEngine);
    const baseline = files.get('baseline.json');
    const watched = await drift.prepare(version, card, baseline && Buffer.from(baseline).toString());
    return { version, card, predictor, probe, deviation, watched };
  }

  private serve({ watched, deviation, ...next }: Opened): void {
    const { service, drift, log } = this.options;
    service.swap(next);
    drift.follow(watched);
    const { version, card, predictor } = next;
    log.info(
      {
        model_version: String(version),
        engine: predictor.engine.name,
        probe_deviation: deviation,
        metrics: card.metrics,
      },
      'model version serves',
    );
  }

  /**
   * Names a version that serves though no alias named it: `production` where there is none, such as in a store that was
   * copied by hand, `previous` where it stands in for a broken one. What no alias names is removed, by any process.
   */
  private async adopt(version: number, production: number | null): Promise<void> {
    const { log } = this.options;
    const alias = production === null ? 'production' : 'previous';
    try {
      await this.change((aliases) =>
        aliases.production === production && aliases[alias] !== version ? { ...aliases, [alias]: version } : undefined,
      );
      log.info({ model_version: String(version) }, `the version that serves is ${alias} now`);
    } catch (error) {
      log.warn({ err: error }, `the alias ${alias} cannot be set; the newest good version serves`);
    }
  }

  /** Changes the aliases, whoever else changes them meanwhile, unless `next` has nothing to change in them. */
  private async change(next: (aliases: Aliases) => Aliases | undefined): Promise<void> {
    const { store } = this.options;
    for (;;) {
      const wanted = next(await store.aliases());
      if (!wanted) return;
      try {
        await store.setAliases(wanted);
        return;
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'ALIASES_CHANGED') throw error;
      }
    }
  }

  /** One activation after another: each sees what the one before has done. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }
}
