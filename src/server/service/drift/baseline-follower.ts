import type { FastifyBaseLogger } from 'fastify';
import type { ModelStore } from '../../../model/store/store.js';
import type { MonitoredVersion } from './monitored-version.js';
import { newerBaseline, type StoredBaseline } from './stored-baseline.js';

/** Finds baselines that other processes have stored. */
export class BaselineFollower {
  private readonly store: ModelStore;
  private readonly log: FastifyBaseLogger;
  /** Whether the log has an error since the last success. */
  private logged = false;

  constructor(store: ModelStore, log: FastifyBaseLogger) {
    this.store = store;
    this.log = log;
  }

  /** Reads the newest baseline of `monitored`, or returns undefined if there is no newer one. Never rejects. */
  async newer(monitored: MonitoredVersion): Promise<StoredBaseline | undefined> {
    try {
      const newest = await newerBaseline(this.store, monitored.version, monitored.card, monitored, this.log);
      this.logged = false;
      return newest === monitored ? undefined : newest;
    } catch (err) {
      if (!this.logged) this.log.error({ err }, 'newer baselines could not be read; the server will try again');
      this.logged = true;
      return undefined;
    }
  }
}
