import { EventEmitter } from 'node:events';
import type { FastifyBaseLogger } from 'fastify';
import { Format } from 'typebox/format';
import { DomainError, show } from '../../../base/domain-error.js';
import type { DriftEvent } from '../../../drift/monitor/alarms.js';
import { DriftMonitor } from '../../../drift/monitor/monitor.js';
import { RowSample } from '../../../drift/rows/row-sample.js';
import type { ModelStore } from '../../../model/store/store.js';
import type { Card } from '../../../model/versions/card.js';
import type { Observation } from '../prediction/prediction-service.js';
import { makeBaselineInThread } from './baseline-thread.js';
import { ErrorHistory } from './error-history.js';
import { newerBaseline, newestBaseline, type StoredBaseline, storeBaseline } from './stored-baseline.js';

export interface DriftOptions {
  readonly store: ModelStore;
  readonly log: FastifyBaseLogger;
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
}

/** What a monitor watches, and against what. */
export interface Watched extends StoredBaseline {
  readonly version: number;
  readonly card: Card;
  readonly monitor: DriftMonitor;
  readonly sample: RowSample;
}

/** The state is kept this often, in milliseconds: what a crash can lose of it. */
const KEEP_INTERVAL = 10_000;
/** Followers are told how the window fills this often, in milliseconds; it keeps their connections alive, too. */
const NEWS_INTERVAL = 5000;
/** Rows of one request that can become part of a new baseline: they are often of one kind. */
const SAMPLED_ROWS = 250;
const STATE = 'drift-state.json';

/**
 * Drift monitoring of whichever version serves: a monitor per version, its state kept in the store, its baseline
 * replaced on request. Emits `news` when an alarm is raised or cleared, with the event, and every few seconds without;
 * `close` at the end.
 */
export class DriftService extends EventEmitter<{ news: [DriftEvent?]; close: [] }> {
  /** The latest hour, in points that end with each `news` that is no event. */
  readonly history = new ErrorHistory();
  private readonly options: DriftOptions;
  private current: Watched | undefined;
  private reasonOff = 'no model serves yet';
  private keptRows = 0;
  private readonly timers: readonly NodeJS.Timeout[];
  private writing: Promise<void> = Promise.resolve();
  private replacing: Promise<unknown> = Promise.resolve();
  /** Whether the log says already that baselines of others cannot be followed. */
  private told = false;

  constructor(options: DriftOptions) {
    super();
    this.options = options;
    // Each client that follows the events listens here.
    this.setMaxListeners(0);
    this.timers = [
      setInterval(() => void this.keep(), KEEP_INTERVAL).unref(),
      setInterval(() => this.tellNews(), NEWS_INTERVAL).unref(),
    ];
  }

  /** What is watched; undefined if drift is off. */
  get watched(): Watched | undefined {
    return this.current;
  }

  /** Why drift is off, if it is. */
  get reason(): string {
    return this.reasonOff;
  }

  /**
   * Makes ready to watch a version, whose `baseline.json` is given, with the state that was kept if it is of the same
   * baseline. A version whose baseline is missing or broken cannot be watched: the reason is told, and nothing comes.
   */
  async prepare(version: number, card: Card, baselineJson: string | undefined): Promise<Watched | undefined> {
    try {
      const { store, log } = this.options;
      const watched = this.watch(version, card, await newestBaseline(store, version, card, baselineJson, log));
      await this.restore(watched);
      return watched;
    } catch (error) {
      this.reasonOff = error instanceof DomainError ? error.message : 'the baseline could not be read';
      this.options.log.warn({ err: error, model_version: String(version) }, 'drift is off');
      return undefined;
    }
  }

  /** Watches what was made ready, from the next request on. */
  follow(watched: Watched | undefined): void {
    // One that serves and was activated again is watched on: what was seen of it is not forgotten.
    if (watched && this.current && isOfOneBaseline(this.current, watched)) return;
    void this.keep();
    this.current = watched;
    this.history.forget();
    this.keptRows = 0;
  }

  /** Takes one answered request. May throw; the service counts and logs it. */
  observe({ rows, count, prediction, serving }: Observation): void {
    // A long prediction may end when another version serves already, whose baseline is nothing for its rows.
    if (this.current?.version !== serving.version) return;
    const { monitor, sample } = this.current;
    this.history.add(prediction.errors, count);
    monitor.observe(rows, count, prediction.outputs, prediction.errors);
    const now = Date.now();
    const step = Math.max(1, count / SAMPLED_ROWS);
    for (let r = 0; r < count; r += step) sample.add(rows, prediction.outputs, prediction.errors, Math.floor(r), now);
  }

  /** What is watched. Throws `DRIFT_OFF` with the reason. */
  require(): Watched {
    if (!this.current) throw new DomainError('DRIFT_OFF', `drift is off: ${this.reasonOff}`);
    return this.current;
  }

  /** Forgets all rows and alarms. Throws `DRIFT_OFF`. */
  reset(): void {
    this.require().monitor.reset();
    this.keptRows = -1;
  }

  /**
   * Makes the traffic since `since`, ISO 8601 with its zone, the reference: its rows become a new baseline of the serving
   * version, kept in the store with the reason. One after another. Throws `DRIFT_OFF`, `INVALID_REQUEST` for another
   * `since`, and `TOO_FEW_ROWS` if fewer than `minimum` rows were seen since then, or a feature had no value in any.
   */
  rebaseline(since: string, reason: string, minimum: number): Promise<Watched> {
    const replaced = this.replacing.then(() => this.replace(since, reason, minimum));
    this.replacing = replaced.catch(() => {});
    return replaced;
  }

  /** Compares with the newest baseline of the version by now, if another process has kept one. Never throws. */
  followBaseline(): Promise<void> {
    const followed = this.replacing
      .then(() => this.look())
      .catch((err: unknown) => {
        if (!this.told) this.options.log.error({ err }, 'newer baselines cannot be looked for; it will be tried again');
        this.told = true;
      });
    this.replacing = followed;
    return followed;
  }

  private async replace(since: string, reason: string, minimum: number): Promise<Watched> {
    const { version, card, sample, last } = this.require();
    // Without a zone it would mean another moment on another machine.
    const time = Format.IsDateTime(since) || Format.IsDate(since) ? Date.parse(since) : Number.NaN;
    if (Number.isNaN(time)) {
      const expected = 'an ISO 8601 time with its zone, such as 2026-01-12T00:00:00Z';
      throw new DomainError('INVALID_REQUEST', `since: expected ${expected}, got ${show(since)}`);
    }
    const rows = sample.since(time);
    // A sample of very many features has room for fewer rows than were seen.
    const least = Math.min(minimum, sample.wanted);
    if (rows.count < least) {
      const seen = `${rows.count} were seen by this process since ${since}`;
      throw new DomainError('TOO_FEW_ROWS', `a baseline needs at least ${least} rows, ${seen}`);
    }
    const empty = card.features.find((_, j) => isEmpty(rows.rows, card.features.length, j));
    if (empty !== undefined) {
      throw new DomainError(
        'TOO_FEW_ROWS',
        `${empty}: a baseline needs a value, it was missing in all rows since ${since}`,
      );
    }
    const { features, targets } = card;
    const baseline = await makeBaselineInThread({ rows, features, targets, seed: last + 1 });
    if (this.current?.version !== version) throw new DomainError('DRIFT_OFF', 'another version serves meanwhile');
    const kept = await storeBaseline(this.options.store, version, card, baseline, {
      last,
      created_at: new Date().toISOString(),
      reason,
      from: new Date(rows.from!).toISOString(),
    });
    return this.compareWith(kept, { version, card, sample });
  }

  /** Looks for a newer baseline of what is watched. */
  private async look(): Promise<void> {
    const { current } = this;
    if (!current) return;
    const { store, log } = this.options;
    const kept = await newerBaseline(store, current.version, current.card, current, log);
    this.told = false;
    if (kept === current || this.current !== current) return;
    if (kept.baseline === current.baseline) this.current = { ...current, ...kept };
    else this.compareWith(kept, current);
  }

  /** Watches anew, the same version, against another baseline. */
  private compareWith(
    kept: StoredBaseline,
    { version, card, sample }: Omit<Watched, 'monitor' | keyof StoredBaseline>,
  ) {
    const watched = { ...this.watch(version, card, kept), sample };
    this.options.log.info({ model_version: String(version), origin: kept.origin }, 'baseline replaced');
    // It is the version's from here on, even if another was swapped in while it was written.
    if (this.current?.version === version) {
      this.current = watched;
      this.keptRows = -1;
    }
    return watched;
  }

  /** Keeps the state and stops. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.emit('close');
    await this.keep();
  }

  private tellNews(): void {
    if (this.current) {
      const { version, monitor, baseline } = this.current;
      const alarms = monitor.alarms.filter(({ detected }) => detected).map(({ group }) => group);
      this.history.close(Date.now(), version, baseline, alarms);
    }
    this.emit('news');
  }

  private watch(version: number, card: Card, kept: StoredBaseline): Watched {
    const { rowsBetweenFalseAlarms, windowRows, log } = this.options;
    const monitor = new DriftMonitor(kept.baseline, {
      rowsBetweenFalseAlarms,
      windowRows,
      onEvent: (event) => {
        log.warn({ ...event, model_version: String(version) }, `drift alarm ${event.type}`);
        this.emit('news', event);
      },
    });
    const sample = new RowSample(card.features.length, card.targets.length);
    return { version, card, monitor, sample, ...kept };
  }

  private async restore({ monitor }: Watched): Promise<void> {
    const content = await this.options.store.readDocument(STATE);
    if (content === undefined) return;
    try {
      monitor.restore(JSON.parse(content));
    } catch (error) {
      this.options.log.info({ reason: (error as Error).message }, 'the kept drift state is not taken up');
    }
  }

  /** Writes the state if there are new rows; one write at a time. */
  private keep(): Promise<void> {
    const { store, log } = this.options;
    const monitor = this.current?.monitor;
    if (!monitor || monitor.counters.rows === this.keptRows) return this.writing;
    this.keptRows = monitor.counters.rows;
    const state = JSON.stringify(monitor.state());
    this.writing = this.writing
      .then(() => store.writeDocument(STATE, state))
      .catch((err: unknown) => log.error({ err }, 'the drift state could not be kept'));
    return this.writing;
  }
}

/** Whether what is watched has the baseline of what was made ready, or one made since then. */
function isOfOneBaseline(current: Watched, ready: Watched): boolean {
  if (current.card.checksum !== ready.card.checksum || current.version !== ready.version) return false;
  return current.monitor.hash === ready.monitor.hash || current.origin.version > ready.origin.version;
}

/** Whether column `j` of `rows` `[any, width]` has no value. */
function isEmpty(rows: Float32Array, width: number, j: number): boolean {
  for (let at = j; at < rows.length; at += width) if (!Number.isNaN(rows[at]!)) return false;
  return true;
}
