import { type Baseline, hashBaseline } from '../../model/baseline/baseline.js';
import { Charts } from '../counts/charts.js';
import { Counters } from '../counts/counters.js';
import { DesignEffect } from '../counts/design-effect.js';
import type { RequestRows } from '../counts/row-counter.js';
import { RowCounts } from '../counts/row-counts.js';
import { TimeRing } from '../counts/time-ring.js';
import { WasmRowCounter } from '../counts/wasm-row-counter.js';
import { type Channel, channelsOf, GROUPS, type Group } from '../rows/channels.js';
import { RowReader } from '../rows/row-reader.js';
import { type RowScores, rowScores } from '../rows/row-scores.js';
import { testWindow, type WindowTest } from '../window/window-test.js';
import { Alarms, type Cause, type DriftEvent, type LatchState } from './alarms.js';
import { checkState, type MonitorState } from './monitor-state.js';
import { type DriftReport, reportCharts, reportGroups, reportSpan, reportWindow } from './report.js';

export interface MonitorOptions {
  /** Expected rows from one false alarm of any kind to the next. */
  readonly rowsBetweenFalseAlarms: number;
  /** Rows of a window that is tested. */
  readonly windowRows: number;
  /** Rows of one request that count: they are often of one kind. More are thinned out evenly. */
  readonly rowsPerRequest: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Hears of every alarm that is raised or switched off. */
  readonly onEvent: (event: DriftEvent) => void;
}

const DEFAULT_MONITOR: MonitorOptions = {
  rowsBetweenFalseAlarms: 100_000,
  windowRows: 500,
  rowsPerRequest: 250,
  clock: Date.now,
  onEvent: () => {},
};

/** The windows' share of the false alarms; the two charts have half of the rest each. */
const WINDOW_SHARE = 0.5;
/** Fewer rows between false alarms than this many windows leave nothing to tell alarms from. */
const MIN_WINDOWS = 5;
/** A window is quiet if no group's p-value is below this, and every chart below this share of its limit. */
const QUIET_P = 0.05;
const QUIET_CHART = 0.75;
const SPAN_ALPHA = 0.01;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NONE = new Float32Array(0);

/** Compares the rows of one model version with its baseline. Bounded in memory; nothing is allocated per row. */
export class DriftMonitor {
  readonly hash: string;
  readonly channels: readonly Channel[];
  /** The groups that the baseline has channels for. */
  readonly groups: readonly Group[];
  private readonly baseline: Baseline;
  private readonly options: MonitorOptions;
  private readonly alpha: number;
  private readonly reader: RowReader;
  readonly charts: Charts;
  private readonly designEffect: DesignEffect;
  private readonly latches: Alarms;
  private readonly minutes: TimeRing;
  private readonly hours: TimeRing;
  private readonly totals: Counters;
  /** Rows of the latest minute that the others have not got yet: a row is then counted once, not four times. */
  private readonly fresh: RowCounts;
  private freshAt = 0;
  private readonly counter: WasmRowCounter;
  /** Filled anew by each request, so that none allocates one. */
  private readonly request: RequestRows;
  /** The window that is being filled, and the one before, which was tested. */
  private window: RowCounts;
  private tested: RowCounts;
  private test: WindowTest | undefined;
  private testedAt: number | null = null;
  private since: number;

  /** Throws a RangeError for options that cannot be met. */
  constructor(baseline: Baseline, options: Partial<MonitorOptions> = {}) {
    this.options = { ...DEFAULT_MONITOR, ...options };
    const { rowsBetweenFalseAlarms, windowRows, rowsPerRequest, clock } = this.options;
    if (!(windowRows >= 50)) throw new RangeError(`windowRows: expected at least 50, got ${windowRows}`);
    if (!(rowsPerRequest >= 1)) throw new RangeError(`rowsPerRequest: expected at least 1, got ${rowsPerRequest}`);
    if (!(rowsBetweenFalseAlarms >= MIN_WINDOWS * windowRows)) {
      throw new RangeError(
        `rowsBetweenFalseAlarms: expected at least ${MIN_WINDOWS} windows of ${windowRows} rows, got ${rowsBetweenFalseAlarms}`,
      );
    }
    this.baseline = baseline;
    this.hash = hashBaseline(baseline);
    this.channels = channelsOf(baseline);
    this.groups = GROUPS.filter((group) => group !== 'conditional' || baseline.conditional);
    this.alpha = (WINDOW_SHARE * windowRows) / rowsBetweenFalseAlarms;
    this.reader = new RowReader(baseline, this.channels);
    this.totals = new Counters(this.channels);
    this.charts = new Charts(baseline, this.channels, (2 * rowsBetweenFalseAlarms) / (1 - WINDOW_SHARE));
    this.designEffect = new DesignEffect(this.channels.length, Math.ceil(windowRows / 5));
    this.latches = new Alarms((event) => this.options.onEvent(event));
    const shown = this.channels.filter(({ kind }) => kind !== 'conditional');
    this.minutes = new TimeRing(shown, MINUTE, 60);
    this.hours = new TimeRing(shown, HOUR, 24);
    this.fresh = new RowCounts(this.channels);
    this.window = new RowCounts(this.channels);
    this.tested = new RowCounts(this.channels);
    const { reader, fresh, totals, designEffect, charts } = this;
    this.counter = new WasmRowCounter({ reader, rowCounts: fresh, counters: totals, designEffect, charts });
    this.request = { rows: NONE, outputs: NONE, errors: NONE, count: 0, counted: 0 };
    this.since = clock();
  }

  /** Rows between false alarms are met by windows with this false alarm probability each. */
  get windowAlpha(): number {
    return this.alpha;
  }

  /** All rows since the process began, for a scraper. */
  get counters(): Counters {
    this.flush();
    return this.totals;
  }

  /** The alarms of the groups that the baseline has. */
  get alarms(): readonly (LatchState & { readonly group: Group })[] {
    return this.groups.map((group) => ({ group, ...this.latches.of(group) }));
  }

  /** Rows in the window that is being filled. */
  get filledRows(): number {
    return this.window.rows + this.fresh.rows;
  }

  /** The test of the latest full window: all its evidence. Undefined before the first. */
  get latestTest(): WindowTest | undefined {
    return this.test;
  }

  /**
   * Takes the rows of one request: `rows` `[count, features]` in raw units, NaN where a value is missing, `outputs`
   * `[count, outputs]` in target units, `errors` `[count]`. Only reads; longer arrays are allowed.
   */
  observe(rows: Float32Array, count: number, outputs: Float32Array, errors: Float32Array): void {
    if (count <= 0) return;
    const now = this.options.clock();
    const { fresh, counter, request, options } = this;
    if (Math.floor(now / MINUTE) !== Math.floor(this.freshAt / MINUTE)) this.flush();
    this.freshAt = now;
    const counted = Math.min(count, options.rowsPerRequest);
    this.totals.skipped += count - counted;
    request.rows = rows;
    request.outputs = outputs;
    request.errors = errors;
    request.count = count;
    request.counted = counted;
    for (let i = 0; i < counted; ) {
      const room = options.windowRows - this.window.rows - fresh.rows;
      i = counter.count(request, i, Math.min(counted, i + room));
      if (counter.beyond) this.raiseCharts(now);
      if (this.window.rows + fresh.rows >= options.windowRows) this.closeWindow(now);
    }
    // A large request's memory is not held until the next one comes.
    request.rows = request.outputs = request.errors = NONE;
  }

  /** Scores one row, `row` `[features]`, `outputs` `[outputs]`, without counting it. */
  explain(row: Float32Array, outputs: Float32Array, error: number): RowScores {
    this.reader.read(row, outputs, Float32Array.of(error), 0);
    return rowScores(this.reader, this.channels);
  }

  report(): DriftReport {
    this.flush();
    const { baseline, options, designEffect } = this;
    const now = options.clock();
    const groups = reportGroups(this.latches, this.test, this.groups, this.alpha);
    const effects = designEffect.effects;
    const shown = this.channels.filter(({ kind }) => kind !== 'conditional');
    const span = (name: 'hour' | 'day', ring: TimeRing) =>
      reportSpan(baseline, name, ring.sum(now, new RowCounts(shown)), SPAN_ALPHA, effects, now);
    return {
      detected: groups.some(({ detected }) => detected),
      baseline: { hash: this.hash, rows: baseline.rows, conditional: baseline.conditional !== null },
      groups,
      windows: [
        reportWindow(baseline, 'latest', this.tested, this.test, this.testedAt),
        span('hour', this.minutes),
        span('day', this.hours),
      ],
      charts: reportCharts(this.charts, this.channels, baseline.charts.lambda),
      design_effect: designEffect.settled ? Math.max(...effects) : null,
      window_rows: options.windowRows,
      filled_rows: this.window.rows,
      rows: this.totals.rows,
      since: this.since,
    };
  }

  /** Forgets all rows and switches all alarms off. The counters go on. */
  reset(): void {
    this.flush();
    const now = this.options.clock();
    this.latches.clear(now);
    this.window.clear();
    this.tested.clear();
    this.test = undefined;
    this.testedAt = null;
    this.charts.reset();
    this.designEffect.reset();
    this.charts.allowFor(this.designEffect.effects);
    this.minutes.clear();
    this.hours.clear();
    this.since = now;
  }

  /** What `restore` needs; JSON-serialisable. */
  state(): MonitorState {
    this.flush();
    return {
      schema: 1,
      baseline: this.hash,
      window_rows: this.options.windowRows,
      since: this.since,
      window: this.window.state(),
      tested: this.tested.state(),
      tested_at: this.testedAt,
      charts: this.charts.state(),
      design_effect: this.designEffect.state(),
      latches: this.latches.state(),
      minutes: this.minutes.state(),
      hours: this.hours.state(),
    };
  }

  /** Goes on from a state. Throws `INVALID_BASELINE` if it is not whole, or of another baseline or window size. */
  restore(value: unknown): void {
    const state = checkState(value, this.hash, this.options.windowRows, this.channels);
    this.fresh.clear();
    this.window.restore(state.window);
    this.tested.restore(state.tested);
    this.testedAt = state.tested_at;
    this.designEffect.restore(state.design_effect);
    this.charts.allowFor(this.designEffect.effects);
    this.charts.restore(state.charts);
    this.latches.restore(state.latches);
    this.minutes.restore(state.minutes);
    this.hours.restore(state.hours);
    this.since = state.since;
    this.test = testWindow(this.baseline, this.tested, this.alpha, this.designEffect.effects);
  }

  /** Hands the fresh rows, all of one minute, on. */
  private flush(): void {
    if (this.fresh.rows === 0) return;
    this.window.merge(this.fresh);
    this.minutes.at(this.freshAt).merge(this.fresh);
    this.hours.at(this.freshAt).merge(this.fresh);
    this.totals.merge(this.fresh);
    this.fresh.clear();
  }

  private closeWindow(now: number): void {
    this.flush();
    [this.window, this.tested] = [this.tested, this.window];
    this.window.clear();
    this.testedAt = now;
    this.test = testWindow(this.baseline, this.tested, this.alpha, this.designEffect.effects);
    this.test?.groups.forEach(({ group, alarm, logP, channel }) => {
      if (alarm) this.raise(group, now, 'window', channel);
      const quiet = logP > Math.log(QUIET_P) && !this.isBeyond(group, QUIET_CHART);
      this.latches.settle(group, now, quiet);
    });
    if (this.designEffect.settled) this.charts.allowFor(this.designEffect.effects);
  }

  private raiseCharts(now: number): void {
    for (let c = 0; c < this.channels.length; c++) {
      if (!this.charts.isBeyond(c)) continue;
      const { group } = this.channels[c]!;
      const { detected, quiet } = this.latches.of(group);
      if (!detected || quiet > 0) this.raise(group, now, 'chart', c);
    }
  }

  private isBeyond(group: Group, share: number): boolean {
    return this.channels.some((channel, c) => channel.group === group && this.charts.isBeyond(c, share));
  }

  private raise(group: Group, now: number, by: Cause['by'], channel: number): void {
    const { kind, name } = this.channels[channel]!;
    this.latches.raise(group, now, { by, kind, name });
  }
}
