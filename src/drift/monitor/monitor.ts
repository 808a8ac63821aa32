import { type Baseline, hashBaseline } from '../../model/baseline/baseline.js';
import { RowRecoder } from '../../model/baseline/features/row-recoder.js';
import { Blocks } from '../counts/blocks.js';
import { Charts } from '../counts/charts.js';
import type { Counters } from '../counts/counters.js';
import { CycleCoverage } from '../counts/cycle-coverage.js';
import { RecentRows } from '../counts/recent-rows.js';
import { Repeats } from '../counts/repeats.js';
import type { RequestRows } from '../counts/row-counter.js';
import { RowCounts } from '../counts/row-counts.js';
import type { TimeRing } from '../counts/time-ring.js';
import { TrafficCounts } from '../counts/traffic-counts.js';
import { WasmRowCounter } from '../counts/wasm-row-counter.js';
import { Dependence, type LearnedAnew } from '../dependence/dependence.js';
import { reportDependence } from '../dependence/dependence-report.js';
import { GuardCharts } from '../guards/guard-charts.js';
import { reportGuards } from '../guards/guard-report.js';
import { type Channel, channelsOf, GROUPS, type Group } from '../rows/channels.js';
import { RowReader } from '../rows/row-reader.js';
import { type RowScores, scoreRow } from '../rows/row-scores.js';
import { testWindow, type WindowTest } from '../window/window-test.js';
import { AlarmEvents } from './alarm-events.js';
import { Alarms, type DriftEvent, type LatchState } from './alarms.js';
import { EvidenceGatherer } from './evidence-gatherer.js';
import { completeOptions, type MonitorOptions } from './monitor-options.js';
import { checkState, type MonitorState } from './monitor-state.js';
import { type DriftReport, reportCharts, reportGroups, reportWindow, type WindowReport } from './report.js';

/** The windows' and the guards' charts' shares of the false alarms. Each of the two other charts has half of the rest. */
const WINDOW_SHARE = 0.5;
const GUARD_SHARE = 0.05;
/** The significance level of the tests of the latest hour and day, which raise no alarm. */
const SPAN_ALPHA = 0.01;
const NO_ROWS = new Float32Array(0);

/** Compares the rows of one model version with its baseline. Its memory is bounded, and it allocates nothing per row. */
export class DriftMonitor {
  readonly hash: string;
  readonly channels: readonly Channel[];
  /** The groups that the baseline has channels for. */
  readonly groups: readonly Group[];
  private readonly baseline: Baseline;
  private readonly options: MonitorOptions;
  /** The false alarm probability of each window that meets the rows between false alarms. */
  readonly windowAlpha: number;
  private readonly recoder: RowRecoder;
  private readonly reader: RowReader;
  private readonly coverage: CycleCoverage;
  readonly charts: Charts;
  readonly dependence: Dependence;
  readonly repeats: Repeats;
  private readonly blocks: Blocks;
  readonly guards: GuardCharts;
  private readonly latches: Alarms;
  private readonly counts: TrafficCounts;
  private readonly counter: WasmRowCounter;
  /** Reused by all requests, so that none allocates one. */
  private readonly request: RequestRows;
  /** The test of the latest full window, with all evidence. Undefined before the first. */
  latestTest: WindowTest | undefined;
  private testedAt: number | null = null;
  /** Its report, if it was described by its values. */
  private described: WindowReport | null = null;
  /** Its values, which are overwritten meanwhile in the counter, while it waits to be described: that takes a few milliseconds. */
  private readonly testedValues: RecentRows;
  private isToDescribe = false;
  private readonly gatherer: EvidenceGatherer;
  private readonly events: AlarmEvents;
  private since: number;

  /** Throws a RangeError for options that cannot be met. */
  constructor(baseline: Baseline, options: Partial<MonitorOptions> = {}) {
    this.options = completeOptions(options);
    const { rowsBetweenFalseAlarms, windowRows, clock } = this.options;
    this.baseline = baseline;
    this.hash = hashBaseline(baseline);
    this.channels = channelsOf(baseline);
    this.groups = GROUPS.filter((group) => group !== 'conditional' || baseline.conditional);
    this.windowAlpha = (WINDOW_SHARE * windowRows) / rowsBetweenFalseAlarms;
    this.recoder = new RowRecoder(baseline.features);
    this.coverage = new CycleCoverage(baseline);
    this.reader = new RowReader(baseline, this.channels);
    this.counts = new TrafficCounts(this.channels);
    const { fresh, totals } = this.counts;
    this.charts = new Charts(baseline, this.channels, (2 * rowsBetweenFalseAlarms) / (1 - WINDOW_SHARE - GUARD_SHARE));
    this.blocks = new Blocks(this.channels, fresh.counts.length, windowRows);
    this.dependence = new Dependence(this.channels, this.blocks.perWindow, windowRows, baseline.rows);
    const rowsBetweenGuards = rowsBetweenFalseAlarms / GUARD_SHARE;
    const { guards: guardEffects, far } = this.dependence;
    this.guards = new GuardCharts(baseline, this.channels, rowsBetweenGuards, guardEffects, far);
    this.allowForDependence();
    this.repeats = new Repeats(baseline);
    this.events = new AlarmEvents(this.options);
    this.latches = new Alarms(this.charts, this.channels, (event) => this.onAlarm(event));
    const { reader, charts, repeats } = this;
    this.counter = new WasmRowCounter({ reader, rowCounts: fresh, counters: totals, charts, repeats });
    const { channels, guards, windowAlpha, dependence } = this;
    const { recent } = this.counter;
    this.testedValues = new RecentRows(baseline.features.length, baseline.outputs.length);
    const designEffects = dependence.windows;
    const parts = { baseline, channels, charts, guards, reader, recent, windowAlpha, designEffects };
    this.gatherer = new EvidenceGatherer(parts);
    this.request = { rows: NO_ROWS, outputs: NO_ROWS, errors: NO_ROWS, count: 0, counted: 0 };
    this.since = clock();
    this.learnAnew(this.options.startedBy);
  }

  /** Counts of all rows since the process started, for a scraper. */
  get counters(): Counters {
    this.counts.flush();
    return this.counts.totals;
  }

  /** The alarms of the groups that the baseline has. */
  get alarms(): readonly (LatchState & { readonly group: Group })[] {
    return this.groups.map((group) => ({ group, ...this.latches.of(group) }));
  }

  /** Rows in the window that is being filled. */
  get filledRows(): number {
    return this.counts.filledRows;
  }

  /** The rows of the window that was tested last; none before the first full window. */
  get latestWindow(): RowCounts {
    return this.counts.last;
  }

  /**
   * Counts the rows of one request: `rows` `[count, columns]` as the model reads them, NaN where a value is missing, `outputs`
   * `[count, outputs]` in target units, `errors` `[count]`. The arrays may be longer, and are only read.
   */
  observe(rows: Float32Array, count: number, outputs: Float32Array, errors: Float32Array): void {
    if (count <= 0) return;
    const now = this.options.clock();
    const { counter, counts, blocks, coverage, guards, request, options } = this;
    counts.setTime(now);
    const counted = Math.min(count, options.rowsPerRequest);
    counts.totals.skipped += count - counted;
    request.rows = this.recoder.recode(rows, count);
    request.outputs = outputs;
    request.errors = errors;
    request.count = count;
    request.counted = counted;
    for (let i = 0; i < counted; ) {
      const next = counter.count(request, i, Math.min(counted, i + blocks.end - counts.filledRows));
      if (coverage.hasCycles) coverage.add(request, i, next);
      guards.observe(request, i, next, counter.guarded);
      i = next;
      if (counter.beyond) this.latches.applyCharts(now);
      if (guards.hasRaised) this.latches.applyGuards(guards.takeRaised(), now);
      if (counts.filledRows === blocks.end) this.closeBlock(now);
    }
    // Do not retain a large request's memory until the next request.
    request.rows = request.outputs = request.errors = NO_ROWS;
  }

  /**
   * Looks for implausible values in rows of a request that was refused because float32 cannot hold the predictions of the rows
   * numbered `refused`: `rows` `[count, features]`. No other test counts them.
   */
  observeRefused(rows: Float32Array, refused: readonly number[]): void {
    const { guards, recoder, latches, options } = this;
    const { width } = recoder;
    for (const r of refused) guards.observeRefused(recoder.recode(rows.subarray(r * width, (r + 1) * width), 1));
    latches.applyGuards(guards.takeRaised(), options.clock());
  }

  /** Scores one row without counting it: `row` `[columns]`, `outputs` `[outputs]`. */
  explain(row: Float32Array, outputs: Float32Array, error: number): RowScores {
    this.reader.read(this.recoder.recode(row, 1), outputs, Float32Array.of(error), 0);
    return scoreRow(this.baseline, this.reader);
  }

  report(): DriftReport {
    this.events.finish();
    const { baseline, options, dependence, counts } = this;
    counts.flush();
    const now = options.clock();
    const groups = reportGroups(this.latches, this.latestTest, this.groups, this.windowAlpha, this.events.evidence);
    const effects = dependence.windows;
    const allTell = effects.every(Number.isFinite);
    const span = (name: 'hour' | 'day', ring: TimeRing) => {
      const tally = ring.sum(now, new RowCounts(counts.shown));
      return reportWindow(baseline, name, tally, testWindow(baseline, tally, SPAN_ALPHA, effects), now, allTell);
    };
    return {
      detected: groups.some(({ detected }) => detected),
      baseline: { hash: this.hash, rows: baseline.rows, conditional: baseline.conditional !== null },
      groups,
      windows: [
        this.describeTested() ?? reportWindow(baseline, 'latest', counts.last, this.latestTest, this.testedAt, allTell),
        span('hour', counts.minutes),
        span('day', counts.hours),
      ],
      charts: reportCharts(this.charts, this.channels, baseline.charts.lambda),
      guards: reportGuards(this.guards),
      design_effect: dependence.designEffect.settled ? Math.max(...dependence.designEffect.windows) : null,
      dependence: reportDependence(dependence, this.repeats, this.channels, options.windowRows),
      window_rows: options.windowRows,
      filled_rows: counts.window.rows,
      rows: counts.totals.rows,
      since: this.since,
    };
  }

  /** Discards all rows and clears all alarms, except for the counters. */
  reset(): void {
    const now = this.options.clock();
    this.latches.clear(now);
    this.counts.clear();
    this.coverage.clear();
    this.blocks.clear();
    this.repeats.reset();
    this.latestTest = undefined;
    this.testedAt = null;
    this.described = null;
    this.isToDescribe = false;
    this.events.evidence.clear();
    this.counter.recent.clear();
    this.charts.reset();
    this.guards.reset();
    this.learnAnew('reset');
    this.since = now;
  }

  /** The state for `restore`; JSON-serialisable. */
  state(): MonitorState {
    this.events.finish();
    const { counts } = this;
    counts.flush();
    const { window, last, minutes, hours } = counts;
    return {
      schema: 1,
      baseline: this.hash,
      window_rows: this.options.windowRows,
      since: this.since,
      window: window.state(),
      tested: last.state(),
      tested_at: this.testedAt,
      ...(last.covered.size > 0 && { covered: [...last.covered] }),
      charts: this.charts.state(),
      guards: this.guards.state(),
      dependence: this.dependence.state(),
      repeats: this.repeats.state(),
      closed_blocks: this.blocks.state(),
      latches: this.latches.state(),
      evidence: GROUPS.map((group) => this.events.evidence.get(group) ?? null),
      described: this.describeTested(),
      minutes: minutes.state(),
      hours: hours.state(),
    };
  }

  /**
   * Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has another baseline or window size. Returns
   * false if it is of an earlier release, whose estimate of dependence is dropped: any drift of the first rows was part of it.
   */
  restore(value: unknown): boolean {
    const state = checkState(value, this.hash, this.options.windowRows, this.channels);
    const { fresh, window, last, minutes, hours } = this.counts;
    fresh.clear();
    window.restore(state.window);
    last.restore(state.tested);
    last.covered = new Set(state.covered);
    minutes.restore(state.minutes);
    hours.restore(state.hours);
    this.testedAt = state.tested_at;
    if (state.dependence) this.dependence.restore(state.dependence);
    else this.learnAnew('upgrade');
    if (state.repeats) this.repeats.restore(state.repeats);
    this.blocks.restore(state.closed_blocks, window);
    this.allowForDependence();
    this.charts.restore(state.charts);
    this.guards.reset();
    if (state.guards) this.guards.restore(state.guards);
    this.latches.restore(state.latches);
    this.described = state.described ?? null;
    this.isToDescribe = false;
    this.events.evidence.clear();
    state.evidence?.forEach((one, i) => {
      if (one) this.events.evidence.set(GROUPS[i]!, one);
    });
    this.counter.recent.clear();
    this.since = state.since;
    this.latestTest = testWindow(this.baseline, last, this.windowAlpha, this.dependence.windows);
    return state.dependence !== undefined;
  }

  private readonly inAlarm = (channel: number): boolean => this.latches.of(this.channels[channel]!.group).detected;

  private allowForDependence(): void {
    const { dependence, charts } = this;
    if (!dependence.changed) return;
    charts.allowFor(dependence.charts);
    dependence.changed = false;
  }

  private learnAnew(because: LearnedAnew): void {
    this.dependence.reset(because, this.options.clock());
    this.allowForDependence();
  }

  /** Ends a block, and with the last block of a window the window. */
  private closeBlock(now: number): void {
    const { counts, blocks, dependence, latches } = this;
    const block = blocks.close(counts.window, counts.fresh);
    const isFull = blocks.isWindowFull;
    const before = dependence.order;
    if (isFull) dependence.freeze();
    dependence.addBlock(block, this.inAlarm, this.charts);
    this.guards.testFirstRows();
    latches.applyGuards(this.guards.takeRaised(), now);
    if (isFull) this.closeWindow(now);
    this.allowForDependence();
    const { order } = dependence;
    if (order !== before && (order === 'within_window' || order === 'longer_than_window')) latches.withdraw(now);
  }

  private closeWindow(now: number): void {
    const { baseline, windowAlpha, dependence, latches, channels, counts } = this;
    counts.nextWindow();
    const { last } = counts;
    last.covered = this.coverage.covered();
    this.coverage.clear();
    this.testedAt = now;
    // By what was known before this window: a drift in it must not widen its own limits.
    const { own, effects } = dependence.frozen;
    const test = testWindow(baseline, last, windowAlpha, own);
    dependence.addWindow(test);
    const allTell = effects.every((effect, c) => effect === own[c]);
    this.latestTest = allTell ? test : testWindow(baseline, last, windowAlpha, effects);
    this.described = null;
    this.isToDescribe = this.latestTest?.groups.some(({ alarm }) => alarm) ?? false;
    if (this.isToDescribe) this.testedValues.copyFrom(this.counter.recent);
    this.guards.settle();
    if (!this.latestTest) return;
    const quiet = channels.map(({ group }) => !latches.of(group).detected);
    latches.applyWindow(this.latestTest, now, this.guards.beyond);
    dependence.exclude((c) => quiet[c]! && latches.of(channels[c]!.group).detected);
  }

  /** Describes the tested window by its values, once its report is read: there may be hundreds of windows a second. */
  private describeTested(): WindowReport | null {
    if (this.isToDescribe && this.latestTest) {
      this.described = this.gatherer.describe(this.counts.last, this.testedValues, this.latestTest, this.testedAt);
      this.isToDescribe = false;
    }
    return this.described;
  }

  /** Passes an event on: of an alarm that is raised, with its evidence. */
  private onAlarm(event: DriftEvent): void {
    const { gatherer, counts, latestTest, events } = this;
    if (event.type === 'raised' && event.cause) {
      events.addRaised(event, gatherer.gather(event.group, event.cause, counts.last, latestTest));
    } else events.add(event);
  }
}
