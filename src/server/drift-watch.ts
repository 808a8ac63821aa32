import { EventEmitter } from 'node:events';
import type { FastifyBaseLogger } from 'fastify';
import { type DriftEvent, DriftMonitor } from '../drift/monitor.js';
import { RowSample } from '../drift/row-sample.js';
import { readBaseline } from '../model/baseline/read.js';
import { type Baseline, makeBaseline } from '../model/baseline.js';
import type { Card } from '../model/card.js';
import { DomainError, show } from '../model/domain-error.js';
import type { ModelStore } from '../model/store.js';
import { ErrorHistory } from './error-history.js';
import type { Observation } from './service.js';

export interface DriftOptions {
  readonly store: ModelStore;
  readonly log: FastifyBaseLogger;
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
}

/** Where a baseline comes from. */
export interface BaselineOrigin {
  /** 0 is the one that the version was trained with; each re-baseline counts one up. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  /** Why it replaced the one before; null for the first. */
  readonly reason: string | null;
  /** When the oldest of its rows was seen, if it was made from traffic. */
  readonly from: string | null;
}

/** What a monitor watches, and against what. */
export interface Watched {
  readonly version: number;
  readonly card: Card;
  readonly monitor: DriftMonitor;
  readonly sample: RowSample;
  readonly baseline: Baseline;
  readonly origin: BaselineOrigin;
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
export class DriftWatch extends EventEmitter<{ news: [DriftEvent?]; close: [] }> {
  /** The latest hour, in points that end with each `news` that is no event. */
  readonly history = new ErrorHistory();
  private readonly options: DriftOptions;
  private current: Watched | undefined;
  private reasonOff = 'no model serves yet';
  private keptRows = 0;
  private readonly timers: readonly NodeJS.Timeout[];
  private writing: Promise<void> = Promise.resolve();

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
      const [baseline, origin] = await this.newestBaseline(version, card, baselineJson);
      const watched = this.watch(version, card, baseline, origin);
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
   * Makes the traffic since `since` the reference: its rows become a new baseline of the serving version, kept in the
   * store with the reason. Throws `DRIFT_OFF`, and `TOO_FEW_ROWS` if fewer than `minimum` rows were seen since then.
   */
  async rebaseline(since: string, reason: string, minimum: number): Promise<Watched> {
    const { version, card, sample, origin } = this.require();
    const time = Date.parse(since);
    if (Number.isNaN(time))
      throw new DomainError('INVALID_ROWS', `since: expected an ISO 8601 time, got ${show(since)}`);
    const rows = sample.since(time);
    if (rows.count < minimum) {
      throw new DomainError(
        'TOO_FEW_ROWS',
        `a baseline needs at least ${minimum} rows, ${rows.count} were seen since ${since}`,
      );
    }
    const next = makeBaseline(rows, card.features, card.targets, origin.version + 1);
    const nextOrigin: BaselineOrigin = {
      version: origin.version + 1,
      created_at: new Date().toISOString(),
      reason,
      from: new Date(rows.from!).toISOString(),
    };
    const content = JSON.stringify({ origin: nextOrigin, baseline: next });
    await this.options.store.writeDocument(documentName(version, nextOrigin.version), content);
    if (this.current?.version !== version) throw new DomainError('DRIFT_OFF', 'another version serves meanwhile');
    this.current = { ...this.watch(version, card, next, nextOrigin), sample };
    this.keptRows = -1;
    this.options.log.info({ model_version: String(version), origin: nextOrigin }, 'baseline replaced');
    return this.current;
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

  private watch(version: number, card: Card, baseline: Baseline, origin: BaselineOrigin): Watched {
    const { rowsBetweenFalseAlarms, windowRows, log } = this.options;
    const monitor = new DriftMonitor(baseline, {
      rowsBetweenFalseAlarms,
      windowRows,
      onEvent: (event) => {
        log.warn({ ...event, model_version: String(version) }, `drift alarm ${event.type}`);
        this.emit('news', event);
      },
    });
    const sample = new RowSample(card.features.length, card.targets.length);
    return { version, card, monitor, sample, baseline, origin };
  }

  private async newestBaseline(
    version: number,
    card: Card,
    baselineJson: string | undefined,
  ): Promise<[Baseline, BaselineOrigin]> {
    const { store, log } = this.options;
    const first: BaselineOrigin = { version: 0, created_at: card.created_at, reason: null, from: null };
    let newest: [Baseline, BaselineOrigin] | undefined = baselineJson ? [readBaseline(baselineJson), first] : undefined;
    for (let n = 1; ; n++) {
      const content = await store.readDocument(documentName(version, n));
      if (content === undefined) break;
      try {
        const { origin, baseline } = JSON.parse(content) as { origin: BaselineOrigin; baseline: unknown };
        newest = [readBaseline(JSON.stringify(baseline)), origin];
      } catch (error) {
        log.error({ err: error, baseline_version: n }, 'a kept baseline is broken and was skipped');
      }
    }
    if (!newest) throw new DomainError('INVALID_BASELINE', `version ${version} has no baseline`);
    return newest;
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

function documentName(version: number, baselineVersion: number): string {
  return `baseline-${version}-${baselineVersion}.json`;
}
