import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { type ErrorEvent, ErrorMonitor, type LabelledPredictions } from '../../../drift/feedback/error-monitor.js';
import { type CoverageEvent, CoverageMonitor, type CoveredRows } from '../../../drift/intervals/coverage-monitor.js';
import type { AlarmEvent } from '../../../drift/monitor/alarm-evidence.js';
import type { LatchState } from '../../../drift/monitor/alarms.js';
import { DriftMonitor } from '../../../drift/monitor/monitor.js';
import { RowSample } from '../../../drift/rows/row-sample.js';
import { followedLevels } from '../../../model/intervals/covered.js';
import type { Intervals } from '../../../model/intervals/intervals.js';
import { rankOf } from '../../../model/intervals/level.js';
import type { FileStore } from '../../../model/store/file-store.js';
import type { Card } from '../../../model/versions/card.js';
import type { Observation, Refusal, Serving } from '../prediction/prediction-service.js';
import type { AlarmGroup } from './alarm-groups.js';
import { DriftState } from './drift-state.js';
import { ErrorHistory } from './error-history.js';
import { hasSameBaseline, type MonitoredVersion } from './monitored-version.js';
import { type ApprovedTraffic, rebaseline } from './rebaseline.js';
import { newerBaseline, newestBaseline, type StoredBaseline } from './stored-baseline.js';

/** The state of a group's alarm. */
export type Alarm = LatchState & { readonly group: AlarmGroup };

export interface DriftOptions {
  readonly store: FileStore;
  readonly log: FastifyBaseLogger;
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
}

/** Milliseconds between saves of the state: a crash loses at most this much. */
const SAVE_INTERVAL = 10_000;
/** Milliseconds between `update` events. They also keep the connections of the clients that follow the events alive. */
const UPDATE_INTERVAL = 5000;
/** Maximum rows of one request that are sampled for a new baseline: rows of one request are often alike. */
const SAMPLED_ROWS = 250;

/**
 * Monitors the serving version for drift: one monitor per version, its state saved in the store, its baseline replaced on
 * request. Emits `update` with an event when an alarm is raised or cleared, and without one every few seconds; `adopted` with a
 * baseline that another process has stored; `close` at the end.
 */
export class DriftService extends EventEmitter<{
  update: [(AlarmEvent | ErrorEvent | CoverageEvent)?];
  adopted: [MonitoredVersion];
  close: [];
}> {
  /** The latest hour. A point ends with each `update` without an event. */
  readonly history = new ErrorHistory();
  /** The version that is monitored; undefined if drift monitoring is off. */
  monitored: MonitoredVersion | undefined;
  /** The reason why drift monitoring is off, if it is. */
  reason = 'no model serves yet';
  private readonly options: DriftOptions;
  private readonly state: DriftState;
  private readonly errorState: DriftState;
  private readonly coverageState: DriftState;
  private readonly timers: readonly NodeJS.Timeout[];
  /** Whether newer baselines could not be read, and the log has the error. */
  private readFailed = false;
  /** Baselines are replaced one after another. */
  private replacing: Promise<unknown> = Promise.resolve();

  constructor(options: DriftOptions) {
    super();
    this.options = options;
    this.state = new DriftState(options.store, options.log, 'drift-state.json');
    this.errorState = new DriftState(options.store, options.log, 'prediction-error-state.json');
    this.coverageState = new DriftState(options.store, options.log, 'interval-coverage-state.json');
    // Each client that follows the events adds a listener.
    this.setMaxListeners(0);
    this.timers = [
      setInterval(() => void this.save(), SAVE_INTERVAL).unref(),
      setInterval(() => this.update(), UPDATE_INTERVAL).unref(),
    ];
  }

  /**
   * Prepares to monitor a version, given its `baseline.json` and its intervals, and restores the stored state if it has the same
   * baseline. If the baseline is missing or broken, logs the reason and returns undefined.
   */
  async prepare(
    version: number,
    card: Card,
    baselineJson: string | undefined,
    intervals?: Intervals | undefined,
  ): Promise<MonitoredVersion | undefined> {
    const { store, log } = this.options;
    try {
      const stored = await newestBaseline(store, version, card, baselineJson, log);
      const coverage = intervals && this.createCoverage(version, card, intervals, stored);
      const prepared = { ...this.createMonitor(version, card, stored), coverage };
      await this.state.restore(prepared.monitor);
      if (prepared.errors) await this.errorState.restore(prepared.errors);
      if (coverage) await this.coverageState.restore(coverage);
      return prepared;
    } catch (error) {
      this.reason = error instanceof DomainError ? error.message : 'the baseline could not be read';
      log.warn({ err: error, model_version: String(version) }, 'drift is off');
      return undefined;
    }
  }

  /** Monitors a prepared version from the next request on; nothing if it is undefined. */
  activate(prepared: MonitoredVersion | undefined): void {
    // A serving version that is activated again keeps its monitor, and with it the rows that the monitor has counted.
    if (prepared && this.monitored && hasSameBaseline(this.monitored, prepared)) return;
    void this.save();
    this.monitored = prepared;
    this.history.discardPoint();
    this.state.expectRestored();
    this.errorState.expectRestored();
    this.coverageState.expectRestored();
  }

  /** Counts the rows of one prediction. May throw: the prediction service counts and logs errors of its observers. */
  observe({ rows, count, prediction, serving }: Observation): void {
    // A long prediction may end after another version, with another baseline, has begun to serve.
    if (this.monitored?.version !== serving.version) return;
    const { monitor, sample } = this.monitored;
    this.history.add(prediction.errors, count);
    monitor.observe(rows, count, prediction.outputs, prediction.errors);
    const now = Date.now();
    const step = Math.max(1, count / SAMPLED_ROWS);
    for (let r = 0; r < count; r += step) sample.add(rows, prediction.outputs, prediction.errors, Math.floor(r), now);
  }

  /** Looks for implausible values in rows that were refused. */
  observeRefused({ rows, refused, serving }: Refusal): void {
    if (this.monitored?.version !== serving.version) return;
    this.monitored.monitor.observeRefused(rows, refused);
    this.state.invalidate();
  }

  /**
   * Compares the errors on labelled rows that `serving` has predicted with those on held-out rows, and counts the true values that
   * its intervals cover. Never throws: the rows are stored, whatever becomes of the comparison.
   */
  observeLabels(
    { card }: Serving,
    labelled: LabelledPredictions & { covered: CoveredRows['covered'] | undefined },
  ): void {
    if (this.monitored?.card.checksum !== card.checksum) return;
    try {
      this.monitored.errors?.observe(labelled);
      const { covered } = labelled;
      if (covered) this.monitored.coverage?.observe({ ...labelled, covered });
    } catch (err) {
      this.options.log.error({ err }, 'the errors of labelled rows could not be compared');
    }
  }

  /** The alarms of the version that is monitored: those of the traffic, and those of labelled rows as far as there are any. */
  get alarms(): readonly Alarm[] {
    if (!this.monitored) return [];
    const { monitor, errors, coverage } = this.monitored;
    return [...monitor.alarms, ...(errors ? [errors.alarm] : []), ...(coverage ? [coverage.alarm] : [])];
  }

  /** The version that is monitored. Throws `DRIFT_OFF` with the reason if there is none. */
  require(): MonitoredVersion {
    if (!this.monitored) throw new DomainError('DRIFT_OFF', `drift is off: ${this.reason}`);
    return this.monitored;
  }

  /** Discards all rows and alarms. Throws `DRIFT_OFF`. */
  reset(): void {
    const { monitor, errors, coverage } = this.require();
    monitor.reset();
    errors?.reset();
    coverage?.reset();
    for (const state of [this.state, this.errorState, this.coverageState]) state.invalidate();
  }

  /** Makes approved traffic the reference of the serving version. Rejects as `rebaseline` throws, and with `DRIFT_OFF`. */
  rebaseline(traffic: ApprovedTraffic): Promise<MonitoredVersion> {
    const replaced = this.replacing.then(async () => {
      const monitored = this.require();
      const isServing = () => this.monitored?.version === monitored.version;
      const stored = await rebaseline(monitored, traffic, this.options.store, isServing);
      return this.replaceBaseline(monitored, stored);
    });
    this.replacing = replaced.catch(() => {});
    return replaced;
  }

  /** Switches to a newer baseline of the serving version if another process has stored one. Never rejects. */
  loadNewerBaseline(): Promise<void> {
    const loaded = this.replacing
      .then(async () => {
        const current = this.monitored;
        const newer = current && (await this.newerBaseline(current));
        if (!newer || newer === current || this.monitored !== current) return;
        // Only the number of a broken baseline is new.
        if (newer.baseline === current.baseline) this.monitored = { ...current, ...newer };
        else this.emit('adopted', this.replaceBaseline(current, newer));
      })
      .catch((err: unknown) => this.options.log.error({ err }, 'a newer baseline could not be loaded'));
    this.replacing = loaded;
    return loaded;
  }

  /** Saves the state and stops. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.emit('close');
    await this.save();
  }

  /** Reads the newest baseline of `current`, which may be its own. Returns undefined if it cannot be read. */
  private async newerBaseline(current: MonitoredVersion): Promise<StoredBaseline | undefined> {
    const { store, log } = this.options;
    try {
      const newest = await newerBaseline(store, current.version, current.card, current, log);
      this.readFailed = false;
      return newest;
    } catch (err) {
      if (!this.readFailed) log.error({ err }, 'newer baselines could not be read; the server will try again');
      this.readFailed = true;
      return undefined;
    }
  }

  /** Monitors the same version with a new monitor and another baseline, which the intervals do not depend on. */
  private replaceBaseline(current: MonitoredVersion, stored: StoredBaseline): MonitoredVersion {
    const { version, card, sample, coverage } = current;
    const replaced = { ...this.createMonitor(version, card, stored, 'baseline'), sample, coverage };
    this.options.log.info({ model_version: String(version), origin: stored.origin }, 'baseline replaced');
    // The baseline is stored for this version even if another version has begun to serve meanwhile.
    if (this.monitored?.version === version) {
      this.monitored = replaced;
      this.state.invalidate();
      this.errorState.invalidate();
    }
    return replaced;
  }

  /** What all monitors of a version share. */
  private monitoringOf(version: number) {
    const { rowsBetweenFalseAlarms, windowRows, log } = this.options;
    const onEvent = (event: AlarmEvent | ErrorEvent | CoverageEvent) => {
      log.warn({ ...event, model_version: String(version) }, `drift alarm ${event.type}`);
      this.emit('update', event);
    };
    return { rowsBetweenFalseAlarms, windowRows, onEvent };
  }

  private createMonitor(
    version: number,
    card: Card,
    stored: StoredBaseline,
    startedBy: 'activation' | 'baseline' = 'activation',
  ): Omit<MonitoredVersion, 'coverage'> {
    const monitoring = this.monitoringOf(version);
    const monitor = new DriftMonitor(stored.baseline, { ...monitoring, startedBy, gather: this.gather });
    const reference = stored.baseline.prediction_errors;
    const errors = reference && new ErrorMonitor(reference, card.targets, monitoring);
    const sample = new RowSample(card.features.length, card.targets.length);
    return { version, card, monitor, errors, sample, ...stored };
  }

  private createCoverage(version: number, card: Card, intervals: Intervals, { baseline }: StoredBaseline) {
    const { rows } = intervals;
    const calibrations = followedLevels(intervals).map((level) => ({ level, rows, rank: rankOf(level, rows) }));
    const distinct = baseline.prediction_errors?.distinct ?? false;
    const monitored = { id: card.checksum, targets: card.targets, calibrations, distinct };
    return new CoverageMonitor(monitored, this.monitoringOf(version));
  }

  /** Gathers evidence in time slices, after the reply to the request that raised the alarm. Never rejects. */
  private readonly gather = async (step: () => boolean): Promise<void> => {
    await nextTurn();
    const slice = new TimeSlice();
    for (let hasMore = true; hasMore; ) {
      try {
        hasMore = step();
      } catch (err) {
        this.options.log.error({ err }, 'the evidence of a drift alarm could not be gathered');
      }
      await slice.yieldIfOver();
    }
  };

  /** Never throws: it runs in a timer, where an error would end the process. */
  private update(): void {
    try {
      if (this.monitored) {
        const { version, baseline } = this.monitored;
        const alarms = this.alarms.filter(({ detected }) => detected).map(({ group }) => group);
        this.history.endPoint(Date.now(), version, baseline, alarms);
      }
      this.emit('update');
    } catch (err) {
      this.options.log.error({ err }, 'the drift history could not be updated');
    }
  }

  private async save(): Promise<void> {
    const { monitor, errors, coverage } = this.monitored ?? {};
    await Promise.all([this.state.save(monitor), this.errorState.save(errors), this.coverageState.save(coverage)]);
  }
}
