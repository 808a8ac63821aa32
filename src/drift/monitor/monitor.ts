import { type Baseline, hashBaseline } from '../../model/baseline/baseline.js';
import type { FeatureColumn } from '../../model/baseline/feature-column.js';
import { RowRecoder } from '../../model/baseline/row-recoder.js';
import { Charts } from '../counts/charts.js';
import { Counters } from '../counts/counters.js';
import { CycleCoverage } from '../counts/cycle-coverage.js';
import { RecentRows } from '../counts/recent-rows.js';
import { Repeats } from '../counts/repeats.js';
import type { RequestRows } from '../counts/row-counter.js';
import { fromBase64, RowCounts, toBase64 } from '../counts/row-counts.js';
import { TimeRing } from '../counts/time-ring.js';
import { WasmRowCounter } from '../counts/wasm-row-counter.js';
import { GuardCharts } from '../guards/guard-charts.js';
import { reportGuards } from '../guards/guard-report.js';
import { type Channel, channelsOf, GROUPS, type Group } from '../rows/channels.js';
import { ABOVE, BELOW, RowReader } from '../rows/row-reader.js';
import { testWindow, type WindowTest } from '../window/window-test.js';
import { type AlarmEvidence, withEvidence } from './alarm-evidence.js';
import { Alarms, type DriftEvent, type LatchState } from './alarms.js';
import { Dependence, type LearnedAnew } from './dependence.js';
import { reportDependence } from './dependence-report.js';
import { EvidenceGatherer } from './evidence-gatherer.js';
import { completeOptions, type MonitorOptions } from './monitor-options.js';
import { checkState, type MonitorState } from './monitor-state.js';
import { type DriftReport, reportCharts, reportGroups, reportWindow, type WindowReport } from './report.js';

/** The windows' and the guards' charts' shares of the false alarms. Each of the two other charts has half of the rest. */
const WINDOW_SHARE = 0.5;
const GUARD_SHARE = 0.05;
/** The significance level of the tests of the latest hour and day, which raise no alarm. */
const SPAN_ALPHA = 0.01;
/** Rows of a block, about: as many as a chart remembers. */
const BLOCK_ROWS = 100;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NO_ROWS = new Float32Array(0);

/** How unusual one row is. */
export interface RowScores {
  readonly p_value: number;
  readonly out_of_range: string[];
  readonly conditional_residuals: { feature: string; residual: number }[];
}

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
  /** Blocks per window. */
  private readonly blocks: number;
  /** Blocks of the window that is being filled, and the rows counted in them, `[bins of all channels]`. */
  private closedBlocks = 0;
  private readonly counted: Uint32Array;
  /** A buffer for the rows counted in one block, `[bins of all channels]`. */
  private readonly block: Uint32Array;
  readonly guards: GuardCharts;
  private readonly latches: Alarms;
  private readonly minutes: TimeRing;
  private readonly hours: TimeRing;
  private readonly totals: Counters;
  /** Rows of the latest minute, before `flush` adds them to the others: a row is then counted once and not four times. */
  private readonly fresh: RowCounts;
  private freshAt = 0;
  private readonly counter: WasmRowCounter;
  /** Reused by all requests, so that none allocates one. */
  private readonly request: RequestRows;
  /** The window that is being filled. */
  private window: RowCounts;
  /** The window before it, which was tested. */
  private tested: RowCounts;
  /** Its test, with all evidence. Undefined before the first full window. */
  latestTest: WindowTest | undefined;
  private testedAt: number | null = null;
  /** Its report, if it was described by its values. */
  private described: WindowReport | null = null;
  /** Its values, which are overwritten meanwhile in the counter, while it waits to be described: that takes a few milliseconds. */
  private readonly testedValues: RecentRows;
  private isToDescribe = false;
  /** What each group's latest alarm was raised on. */
  private readonly evidence = new Map<Group, AlarmEvidence>();
  private readonly gatherer: EvidenceGatherer;
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
    this.totals = new Counters(this.channels);
    this.charts = new Charts(baseline, this.channels, (2 * rowsBetweenFalseAlarms) / (1 - WINDOW_SHARE - GUARD_SHARE));
    this.blocks = Math.max(1, Math.round(windowRows / BLOCK_ROWS));
    this.dependence = new Dependence(this.channels, this.blocks, windowRows, baseline.rows);
    const rowsBetweenGuards = rowsBetweenFalseAlarms / GUARD_SHARE;
    const { guards: guardEffects, far } = this.dependence;
    this.guards = new GuardCharts(baseline, this.channels, rowsBetweenGuards, guardEffects, far);
    this.allowForDependence();
    this.repeats = new Repeats(baseline);
    this.latches = new Alarms(this.charts, this.channels, (event) => this.onAlarm(event));
    const shown = this.channels.filter(({ kind }) => kind !== 'conditional');
    this.minutes = new TimeRing(shown, MINUTE, 60);
    this.hours = new TimeRing(shown, HOUR, 24);
    this.fresh = new RowCounts(this.channels);
    this.window = new RowCounts(this.channels);
    this.tested = new RowCounts(this.channels);
    this.counted = new Uint32Array(this.fresh.counts.length);
    this.block = new Uint32Array(this.fresh.counts.length);
    const { reader, fresh, totals, charts, repeats } = this;
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

  /** Rows of the window at which its next block ends. */
  private get blockEnd(): number {
    return Math.floor(((this.closedBlocks + 1) * this.options.windowRows) / this.blocks);
  }

  /** Counts of all rows since the process started, for a scraper. */
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

  /** The rows of the window that was tested last; none before the first full window. */
  get latestWindow(): RowCounts {
    return this.tested;
  }

  /**
   * Counts the rows of one request: `rows` `[count, columns]` as the model reads them, NaN where a value is missing, `outputs`
   * `[count, outputs]` in target units, `errors` `[count]`. The arrays may be longer, and are only read.
   */
  observe(rows: Float32Array, count: number, outputs: Float32Array, errors: Float32Array): void {
    if (count <= 0) return;
    const now = this.options.clock();
    const { counter, request, options } = this;
    if (Math.floor(now / MINUTE) !== Math.floor(this.freshAt / MINUTE)) this.flush();
    this.freshAt = now;
    const counted = Math.min(count, options.rowsPerRequest);
    this.totals.skipped += count - counted;
    request.rows = this.recoder.recode(rows, count);
    request.outputs = outputs;
    request.errors = errors;
    request.count = count;
    request.counted = counted;
    for (let i = 0; i < counted; ) {
      const next = counter.count(request, i, Math.min(counted, i + this.blockEnd - this.filledRows));
      this.coverage.add(request, i, next);
      this.guards.observe(request, i, next, counter.guarded);
      i = next;
      if (counter.beyond) this.latches.applyCharts(now);
      this.latches.applyGuards(this.guards.takeRaised(), now);
      if (this.filledRows === this.blockEnd) this.closeBlock(now);
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

  /**
   * Scores one row without counting it. `row` `[columns]`, `outputs` `[outputs]`. Returns its p-value, the share of held-out
   * rows that is expected to be as unusual at most, the features outside the baseline's range, and the standardised conditional
   * residual of each feature that has one. A row that is average in everything has no small p-value: only windows show such a
   * drift.
   */
  explain(row: Float32Array, outputs: Float32Array, error: number): RowScores {
    const { reader, recoder, baseline } = this;
    reader.read(recoder.recode(row, 1), outputs, Float32Array.of(error), 0);
    const isOutside = (_: unknown, j: number) => reader.places[j] === BELOW || reader.places[j] === ABOVE;
    const outside = baseline.features.filter(isOutside);
    const isNew = ({ watched }: FeatureColumn) => watched?.type === 'category';
    const residuals = baseline.features.map(({ name, watched }, j) => ({
      feature: name,
      // Times have no residual.
      residual: watched?.type === 'timestamp' ? Number.NaN : reader.standardisedResidual(j),
    }));
    return {
      p_value: reader.p,
      out_of_range: outside.filter((feature) => !isNew(feature)).map(({ name }) => name),
      conditional_residuals: residuals.filter(({ residual }) => !Number.isNaN(residual)),
    };
  }

  report(): DriftReport {
    this.flush();
    const { baseline, options, dependence } = this;
    const now = options.clock();
    const groups = reportGroups(this.latches, this.latestTest, this.groups, this.windowAlpha, this.evidence);
    const effects = dependence.windows;
    const allTell = effects.every(Number.isFinite);
    const shown = this.channels.filter(({ kind }) => kind !== 'conditional');
    const span = (name: 'hour' | 'day', ring: TimeRing) => {
      const tally = ring.sum(now, new RowCounts(shown));
      return reportWindow(baseline, name, tally, testWindow(baseline, tally, SPAN_ALPHA, effects), now, allTell);
    };
    return {
      detected: groups.some(({ detected }) => detected),
      baseline: { hash: this.hash, rows: baseline.rows, conditional: baseline.conditional !== null },
      groups,
      windows: [
        this.describeTested() ?? reportWindow(baseline, 'latest', this.tested, this.latestTest, this.testedAt, allTell),
        span('hour', this.minutes),
        span('day', this.hours),
      ],
      charts: reportCharts(this.charts, this.channels, baseline.charts.lambda),
      guards: reportGuards(this.guards),
      design_effect: dependence.designEffect.settled ? Math.max(...dependence.designEffect.windows) : null,
      dependence: reportDependence(dependence, this.repeats, this.channels, options.windowRows),
      window_rows: options.windowRows,
      filled_rows: this.window.rows,
      rows: this.totals.rows,
      since: this.since,
    };
  }

  /** Discards all rows and clears all alarms, except for the counters. */
  reset(): void {
    this.flush();
    const now = this.options.clock();
    this.latches.clear(now);
    this.window.clear();
    this.coverage.clear();
    this.closedBlocks = 0;
    this.counted.fill(0);
    this.repeats.reset();
    this.tested.clear();
    this.latestTest = undefined;
    this.testedAt = null;
    this.described = null;
    this.isToDescribe = false;
    this.evidence.clear();
    this.counter.recent.clear();
    this.charts.reset();
    this.guards.reset();
    this.learnAnew('reset');
    this.minutes.clear();
    this.hours.clear();
    this.since = now;
  }

  /** The state for `restore`; JSON-serialisable. */
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
      ...(this.tested.covered.size > 0 && { covered: [...this.tested.covered] }),
      charts: this.charts.state(),
      guards: this.guards.state(),
      dependence: this.dependence.state(),
      repeats: this.repeats.state(),
      closed_blocks: toBase64(this.counted),
      latches: this.latches.state(),
      evidence: GROUPS.map((group) => this.evidence.get(group) ?? null),
      described: this.describeTested(),
      minutes: this.minutes.state(),
      hours: this.hours.state(),
    };
  }

  /**
   * Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has another baseline or window size. Returns
   * false if it is of an earlier release, whose estimate of dependence is dropped: any drift of the first rows was part of it.
   */
  restore(value: unknown): boolean {
    const state = checkState(value, this.hash, this.options.windowRows, this.channels);
    this.fresh.clear();
    this.window.restore(state.window);
    this.tested.restore(state.tested);
    this.tested.covered = new Set(state.covered);
    this.testedAt = state.tested_at;
    if (state.dependence) this.dependence.restore(state.dependence);
    else this.learnAnew('upgrade');
    if (state.repeats) this.repeats.restore(state.repeats);
    this.closedBlocks = Math.floor((state.window.rows * this.blocks) / this.options.windowRows);
    if (state.closed_blocks === undefined) this.counted.set(this.window.counts);
    else fromBase64(state.closed_blocks, this.counted);
    this.allowForDependence();
    this.charts.restore(state.charts);
    this.guards.reset();
    if (state.guards) this.guards.restore(state.guards);
    this.latches.restore(state.latches);
    this.described = state.described ?? null;
    this.isToDescribe = false;
    this.evidence.clear();
    state.evidence?.forEach((one, i) => {
      if (one) this.evidence.set(GROUPS[i]!, one);
    });
    this.counter.recent.clear();
    this.minutes.restore(state.minutes);
    this.hours.restore(state.hours);
    this.since = state.since;
    this.latestTest = testWindow(this.baseline, this.tested, this.windowAlpha, this.dependence.windows);
    return state.dependence !== undefined;
  }

  /** Adds the fresh rows, all of one minute, to the window, the rings, and the counters. */
  private flush(): void {
    if (this.fresh.rows === 0) return;
    this.window.merge(this.fresh);
    this.minutes.at(this.freshAt).merge(this.fresh);
    this.hours.at(this.freshAt).merge(this.fresh);
    this.totals.merge(this.fresh);
    this.fresh.clear();
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
    const { block, counted, dependence, latches } = this;
    const { counts: earlier } = this.window;
    const { counts: latest } = this.fresh;
    for (let k = 0; k < block.length; k++) {
      const total = earlier[k]! + latest[k]!;
      block[k] = total - counted[k]!;
      counted[k] = total;
    }
    // The rows of an hour resemble each other in what the clock shows: no order is learned from that.
    for (const { isCycle, offset, bins } of this.channels) {
      if (isCycle) block.fill(0, offset, offset + bins.counts.length);
    }
    const before = dependence.order;
    this.closedBlocks = (this.closedBlocks + 1) % this.blocks;
    const isFull = this.closedBlocks === 0;
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
    this.flush();
    this.counted.fill(0);
    const { baseline, windowAlpha, dependence, latches, channels } = this;
    [this.window, this.tested] = [this.tested, this.window];
    this.window.clear();
    this.tested.covered = this.coverage.covered();
    this.coverage.clear();
    this.testedAt = now;
    // By what was known before this window: a drift in it must not widen its own limits.
    const { own, effects } = dependence.frozen;
    const test = testWindow(baseline, this.tested, windowAlpha, own);
    dependence.addWindow(test);
    const allTell = effects.every((effect, c) => effect === own[c]);
    this.latestTest = allTell ? test : testWindow(baseline, this.tested, windowAlpha, effects);
    this.described = null;
    this.isToDescribe = this.latestTest?.groups.some(({ alarm }) => alarm) ?? false;
    if (this.isToDescribe) this.testedValues.copyFrom(this.counter.recent);
    this.guards.settle();
    if (!this.latestTest) return;
    const quiet = channels.map(({ group }) => !latches.of(group).detected);
    latches.applyWindow(this.latestTest, now, this.guards.beyond);
    dependence.exclude((c) => quiet[c]! && latches.of(channels[c]!.group).detected);
  }

  /** Describes the tested window by its values when somebody reads its report: there may be hundreds of windows a second. */
  private describeTested(): WindowReport | null {
    if (this.isToDescribe && this.latestTest) {
      this.described = this.gatherer.describe(this.tested, this.testedValues, this.latestTest, this.testedAt);
      this.isToDescribe = false;
    }
    return this.described;
  }

  /** Stores what an alarm was raised on, and passes it on. */
  private onAlarm(event: DriftEvent): void {
    const { evidence, gatherer, tested, latestTest } = this;
    if (event.type === 'raised' && event.cause) {
      evidence.set(event.group, gatherer.gather(event.group, event.cause, tested, latestTest));
    }
    this.options.onEvent(withEvidence(event, event.type === 'raised' ? evidence.get(event.group) : undefined));
  }
}
