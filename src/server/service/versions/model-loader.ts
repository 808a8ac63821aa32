import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { Aliases } from '../../../model/store/aliases.js';
import { changeAliases, makeProduction } from '../../../model/store/change-aliases.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { mayServeUnasked } from '../../../model/versions/gate-decision.js';
import type { DriftService } from '../drift/drift-service.js';
import type { MonitoredVersion } from '../drift/monitored-version.js';
import type { PredictionService } from '../prediction/prediction-service.js';
import { OpenedVersion } from './opened-version.js';
import type { OwnChanges } from './own-changes.js';

interface LoaderOptions {
  readonly store: FileStore;
  readonly createEngine: EngineFactory;
  readonly service: PredictionService;
  readonly drift: DriftService;
  readonly changes: OwnChanges;
  readonly log: Logger;
}

/** Result of an activation: the version that is `production` now, and the one that was before. */
export interface Activation {
  readonly version: number;
  readonly former: number | null;
}

/**
 * Brings versions from the store into service: reads them, verifies their checksums, replays their probe and swaps them
 * in. Every process on the store serves the version that the alias `production` names.
 */
export class ModelLoader {
  private readonly options: LoaderOptions;
  private readonly opened = new Set<OpenedVersion>();
  private latest: Promise<unknown> = Promise.resolve();
  /** Generation of the aliases whose failure was logged last; null if they could not be read. */
  private loggedGeneration: number | null | undefined;

  constructor(options: LoaderOptions) {
    this.options = options;
  }

  /** Reads and verifies a version. The caller disposes of it. Throws `VERSION_NOT_FOUND` or `INVALID_VERSION`. */
  async open(version: number): Promise<OpenedVersion> {
    const { store, createEngine } = this.options;
    const files = await store.read(version);
    const opened = new OpenedVersion(version, files, createEngine, () => this.opened.delete(opened));
    this.opened.add(opened);
    return opened;
  }

  /** Returns whether this process serves the version or has it open, for example in the shadow. */
  isInUse(version: number): boolean {
    if (this.options.service.servingIfReady?.version === version) return true;
    return Array.from(this.opened).some(({ model }) => model.version === version);
  }

  /**
   * Makes a version `production` and the former one `previous`, then serves it. Throws `VERSION_NOT_FOUND`,
   * `INVALID_VERSION`, or `ALIASES_CHANGED` if another process was faster; the former version continues to serve then.
   */
  activate(version: number): Promise<Activation> {
    return this.serialised(async () => {
      const aliases = await this.options.store.aliases();
      using opened = await this.open(version);
      return await this.promote(opened, aliases);
    });
  }

  /**
   * Activates a version that is open already, as {@link activate} does. Throws `ALIASES_CHANGED` also if a version other
   * than `over` is production; `over` undefined accepts any.
   */
  activateOpened(opened: OpenedVersion, over?: number | null): Promise<Activation> {
    return this.serialised(async () => {
      const aliases = await this.options.store.aliases();
      if (over !== undefined && aliases.production !== over) {
        const [found, expected] = [aliases.production, over].map((v) => (v === null ? 'no version' : `version ${v}`));
        throw new DomainError('ALIASES_CHANGED', `${found} is production meanwhile, not ${expected}`);
      }
      return this.promote(opened, aliases);
    });
  }

  /** Makes a version `candidate`, which does not serve. */
  nominate(version: number): Promise<void> {
    return changeAliases(this.options.store, (aliases) =>
      aliases.candidate === version ? undefined : { ...aliases, candidate: version },
    );
  }

  /** Makes `previous` `production` again. Throws as {@link activate}, and `NO_PREVIOUS_VERSION`. */
  rollback(): Promise<Activation> {
    return this.serialised(async () => {
      const aliases = await this.options.store.aliases();
      const { previous } = aliases;
      if (previous === null) {
        throw new DomainError(
          'NO_PREVIOUS_VERSION',
          'no version served before this one: there is nothing to go back to',
        );
      }
      using opened = await this.open(previous);
      return await this.promote(opened, aliases);
    });
  }

  /** Serves the current `production` if another process has changed it. Never throws: after a failure the former version serves on. */
  follow(): Promise<void> {
    return this.serialised(async () => {
      const { store, service, changes, log } = this.options;
      let generation: number | null = null;
      try {
        const aliases = await store.aliases();
        const { production } = aliases;
        const former = service.servingIfReady?.version;
        if (production === null || production === former) return;
        generation = aliases.generation;
        using opened = await this.open(production);
        this.serve(opened, await this.prepareDrift(opened));
        changes.done('activate', String(production), {
          ...activated({ version: production, former: former ?? null }),
          reason: 'another process has made it production',
        });
      } catch (error) {
        if (this.loggedGeneration === generation) return;
        this.loggedGeneration = generation;
        log.error({ err: error }, 'the new production version cannot be served; the service will try again');
      }
    });
  }

  /**
   * Serves `production`, else `previous`, else the newest intact version that the gate has not refused and that was not
   * trained with `promote=never`, and logs why a version is skipped. A version that replaces both aliases becomes `previous`, so
   * that no process removes it. Returns false if the store is empty. Throws `INVALID_VERSION` if every version is broken: a first
   * model must not replace them unrequested.
   */
  activateStored(): Promise<boolean> {
    return this.serialised(async () => {
      const { store, changes, log } = this.options;
      const versions = (await store.list()).reverse();
      const aliases = await store.aliases();
      const named = [aliases.production, aliases.previous].filter((version) => version !== null);
      const unasked: number[] = [];
      for (const version of new Set([...named, ...versions])) {
        try {
          if (!(await this.serveStored(version, named.includes(version)))) {
            unasked.push(version);
            continue;
          }
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          log.error({ err: error, model_version: String(version) }, 'model version is broken and was skipped');
          continue;
        }
        const isAdopted = aliases.production === null || !named.includes(version);
        const alias = isAdopted ? await this.adopt(version, aliases.production) : null;
        if (version !== aliases.production) {
          changes.done('activate', String(version), {
            ...activated({ version, former: aliases.production }),
            alias,
            reason: aliases.production === null ? 'no version was production' : 'production cannot be served',
          });
        }
        return true;
      }
      if (versions.length === 0) return false;
      throw new DomainError(
        'INVALID_VERSION',
        `none of the ${versions.length} versions in ${store.location} is intact` +
          (unasked.length > 0
            ? ` and accepted by the gate; POST /models/${unasked[0]}/activate serves version ${unasked[0]} all the same`
            : ', as the log says'),
      );
    });
  }

  /** Opens and serves a version. Returns false if it must not serve unless it is named, and no alias names it. */
  private async serveStored(version: number, named: boolean): Promise<boolean> {
    // Not in the caller's loop: esbuild's translation of `using` carries an error over to the next round.
    using opened = await this.open(version);
    const { gate } = opened.model.card;
    if (!named && !mayServeUnasked(gate)) {
      const line = { model_version: String(version), gate };
      this.options.log.warn(line, 'model version is only to serve if it is named, and was skipped');
      return false;
    }
    this.serve(opened, await this.prepareDrift(opened));
    return true;
  }

  /** The alias changes before the pointer: no version answers before it is `production`. */
  private async promote(opened: OpenedVersion, aliases: Aliases): Promise<Activation> {
    const { version } = opened.model;
    const watched = await this.prepareDrift(opened);
    await makeProduction(this.options.store, version, aliases);
    this.serve(opened, watched);
    return { version, former: aliases.production };
  }

  private prepareDrift({ model, baselineJson }: OpenedVersion): Promise<MonitoredVersion | undefined> {
    return this.options.drift.prepare(model.version, model.card, baselineJson, model.intervals);
  }

  private serve(opened: OpenedVersion, watched: MonitoredVersion | undefined): void {
    const { service, drift, log } = this.options;
    const { version, card, predictor } = opened.model;
    service.swap(opened.handOver());
    drift.activate(watched);
    log.info(
      {
        model_version: String(version),
        engine: predictor.engine.name,
        probe_deviation: opened.deviation,
        metrics: card.metrics,
      },
      'model version serves',
    );
  }

  /**
   * Names the serving version if no alias does: `production` if none is set, as in a store that was copied by hand, or
   * `previous` if the version replaces a broken one. Any process may remove a version without an alias. Returns the alias; null if it
   * cannot be set.
   */
  private async adopt(version: number, production: number | null): Promise<string | null> {
    const { store, log } = this.options;
    const alias = production === null ? 'production' : 'previous';
    try {
      await changeAliases(store, (aliases) =>
        aliases.production === production && aliases[alias] !== version ? { ...aliases, [alias]: version } : undefined,
      );
      log.info({ model_version: String(version) }, `the serving version is ${alias} now`);
      return alias;
    } catch (error) {
      log.warn({ err: error }, `the alias ${alias} cannot be set; the newest intact version serves`);
      return null;
    }
  }

  /** Runs one activation after another: each sees the aliases that the one before has left. */
  private serialised<T>(work: () => Promise<T>): Promise<T> {
    const done = this.latest.then(work);
    this.latest = done.catch(() => {});
    return done;
  }
}

/** An activation in replies, in the audit log, and on the command line. */
export type Activated = { readonly model_version: string; readonly former_version: string | null };

export function activated({ version, former }: Activation): Activated {
  return { model_version: String(version), former_version: former === null ? null : String(former) };
}
