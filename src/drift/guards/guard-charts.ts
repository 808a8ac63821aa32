import { type Static, Type } from 'typebox';
import { type RequestRows, rowIndex } from '../counts/row-counter.js';
import type { Channel } from '../rows/channels.js';
import { rarity } from './column-range.js';
import { isAstray, isFar, rankOf } from './far-values.js';
import { FAR_RANK, Guard, GuardState, type GuardTest, RANK_FACTOR, type RankLimits } from './guard.js';
import { GuardLimits } from './guard-limits.js';
import {
  type GuardedBaseline,
  type GuardedColumn,
  guardedColumns,
  IMPLAUSIBLE_RANGES,
  PLAUSIBLE_ROWS,
} from './guarded-column.js';
import { RepeatedRows } from './repeated-rows.js';

/** The guards' charts on disk: the numbers of the latest row, and the guards that have seen an event. */
export const GuardChartsState = Type.Object({
  counted: Type.Number({ minimum: 0 }),
  all: Type.Number({ minimum: 0 }),
  guards: Type.Array(GuardState),
});
export type GuardChartsState = Static<typeof GuardChartsState>;

/** Before the order of the rows is known, far values within this many rows count once: those of a sorted day come one after another. */
const FAR_APART = 10;
/** The first rows are tested up to this many, by when windows are. */
const FIRST_ROWS = 500;

/**
 * The running charts of the guards: for each feature, values out of the range of the held-out rows and missing values; for each
 * output, predictions out of range. A chart is an exact scan of the latest events (span-limits.ts), once for each rank of
 * rarity, so that a few values far out of the range count as much as many just outside.
 *
 * Of a large request only some rows are counted, because rows of one request are often alike. Implausible values are
 * looked for in all of them.
 */
export class GuardCharts {
  readonly columns: readonly GuardedColumn[];
  private raised: number[] = [];
  private readonly guards = new Map<string, Guard>();
  private readonly features: number;
  /** `[features + outputs, 2]` */
  private readonly limits: Float64Array;
  private readonly spans: GuardLimits;
  private readonly repeated: RepeatedRows;
  private readonly designEffects: Float64Array;
  private readonly farEffects: Float64Array;
  /** The first rank whose events are implausible, and are looked for in all rows. */
  private readonly implausibleRank: number;
  /** `[features + outputs]`: implausible rows since the process started, for a scraper. Only grows. */
  readonly implausible: Float64Array;
  private counted = 0;
  private all = 0;

  /**
   * `rowsBetweenAlarms`: of all guards together. `designEffects` `[channels]`, each at least 1: they widen the limits for rows that
   * resemble their neighbours. `farEffects` `[channels]`: the same for values several ranges out. With infinite ones, only
   * implausible values raise an alarm. The arrays may change.
   */
  constructor(
    baseline: GuardedBaseline,
    channels: readonly Channel[],
    rowsBetweenAlarms: number,
    designEffects: Float64Array,
    farEffects: Float64Array,
  ) {
    this.columns = guardedColumns(baseline, channels);
    this.features = baseline.features.length;
    this.limits = Float64Array.from(this.columns.flatMap(({ min, max }) => [min, max]));
    this.spans = new GuardLimits(this.columns, rowsBetweenAlarms);
    this.implausibleRank = Math.ceil(Math.log(PLAUSIBLE_ROWS / baseline.rows) / Math.log(RANK_FACTOR));
    this.designEffects = designEffects;
    this.farEffects = farEffects;
    this.implausible = new Float64Array(this.columns.length);
    this.repeated = new RepeatedRows(this.features);
  }

  /**
   * Counts the rows of a request that its counted rows from number `start` to number `end` stand for. `guarded`: 1 for each of
   * these counted rows with a value that is missing or out of range; undefined if there are none.
   */
  observe(request: RequestRows, start: number, end: number, guarded: Uint8Array | undefined): void {
    const { rows, outputs, count, counted } = request;
    if (counted === count) {
      for (let i = start; guarded && i < end; i++) {
        if (guarded[i - start]) this.addRow(rows, outputs, i, this.counted + i - start, true, this.all + i - start);
      }
      this.all += end - start;
    } else {
      // The rows between the counted ones.
      const last = end === counted ? count : rowIndex(end, request);
      for (let i = start, r = rowIndex(start, request); r < last; r++, this.all++) {
        const isCounted = r === rowIndex(i, request);
        this.addRow(rows, outputs, r, this.counted + i - start, isCounted, this.all);
        if (isCounted) i++;
      }
    }
    this.counted += end - start;
  }

  /** Adds row `r`, number `all` of all rows, and number `counted` of the counted rows, or before it if it is not counted. */
  private addRow(
    rows: Float32Array,
    outputs: Float32Array,
    r: number,
    counted: number,
    isCounted: boolean,
    all: number,
  ): void {
    const { features: d, limits, columns } = this;
    const width = columns.length - d;
    for (let j = 0; j < columns.length; j++) {
      const value = j < d ? rows[r * d + j]! : outputs[r * width + j - d]!;
      // Not (inside): NaN is neither inside nor outside.
      if (!(value >= limits[2 * j]! && value <= limits[2 * j + 1]!))
        this.add(j, value, rows, r, counted, isCounted, all);
    }
  }

  /** Counts the implausible values of a row without a finite prediction, `[features]`. No other chart sees it. */
  observeRefused(row: Float32Array): void {
    row.forEach((value, j) => {
      if (!Number.isNaN(value) && rankOf(this.columns[j]!, value) >= this.implausibleRank)
        this.add(j, value, row, 0, this.counted, false, this.all);
    });
    for (let j = this.features; j < this.columns.length; j++)
      this.add(j, Number.NaN, row, 0, this.counted, false, this.all);
    this.all++;
  }

  /**
   * Raises the alarm of each column whose first rows since a reset are out of range, or missing, more often than in any order of
   * rows like the held-out ones.
   */
  testFirstRows(): void {
    if (this.counted > FIRST_ROWS) return;
    for (const guard of this.guards.values()) {
      if (guard.alarm || guard.events > this.counted || !this.spans.exceedsAnyOrder(guard)) continue;
      guard.raiseAll();
      this.raised.push(this.columns[guard.column]!.channel);
    }
  }

  /** Whether guards have raised an alarm since `takeRaised`. */
  get hasRaised(): boolean {
    return this.raised.length > 0;
  }

  /** The channels whose guards have raised an alarm since the last call. */
  takeRaised(): readonly number[] {
    if (this.raised.length === 0) return this.raised;
    const { raised } = this;
    this.raised = [];
    return raised;
  }

  /** Whether a guard's alarm lasts. */
  get beyond(): boolean {
    for (const { alarm } of this.guards.values()) if (alarm) return true;
    return false;
  }

  /** The guards with an alarm or an implausible value. */
  get reported(): readonly Guard[] {
    return [...this.guards.values()].filter(({ alarm, implausible }) => alarm || implausible > 0);
  }

  /** The guards that have seen an event, each with the density of its latest events: an alarm from 1 on. */
  *densities(): Generator<{ readonly column: GuardedColumn; readonly test: GuardTest; readonly density: number }> {
    for (const guard of this.guards.values()) {
      const density = guard.density((rank) => ({ ...this.limitsOf(guard, rank), row: this.rowsOf(rank) }));
      yield {
        column: this.columns[guard.column]!,
        test: guard.test,
        density: guard.alarm ? Math.max(1, density) : density,
      };
    }
  }

  /** Ends the alarms whose events have been absent for long. */
  settle(): void {
    for (const guard of this.guards.values()) guard.settle((rank) => this.rowsOf(rank));
  }

  /** Forgets all events and alarms. */
  reset(): void {
    this.guards.clear();
    this.raised = [];
    this.repeated.clear();
    this.counted = 0;
    this.all = 0;
  }

  state(): GuardChartsState {
    const { counted, all } = this;
    return { counted, all, guards: [...this.guards.values()].map((guard) => guard.state()) };
  }

  restore({ counted, all, guards }: GuardChartsState): void {
    this.reset();
    this.counted = counted;
    this.all = all;
    for (const state of guards) this.guard(state.column, state.test).restore(state);
  }

  /** Adds the value of a column that is not inside its range, in a row as `addRow` describes it. */
  private add(
    column: number,
    value: number,
    rows: Float32Array,
    r: number,
    counted: number,
    isCounted: boolean,
    all: number,
  ): void {
    const isFeature = column < this.features;
    const guarded = this.columns[column]!;
    if (guarded.isCycle) return;
    const missing = isFeature && Number.isNaN(value);
    const alone = !isFeature && isAstray(guarded, value, guarded.far);
    const astray = !isFeature && isAstray(guarded, value, IMPLAUSIBLE_RANGES);
    const top = missing ? 0 : Math.max(rankOf(guarded, value), alone ? this.implausibleRank : 0);
    const implausible = top >= this.implausibleRank || astray;
    const far = isFeature ? !missing && isFar(guarded, value) : astray;
    if (!isCounted && !implausible && !far) return;
    const guard = this.guard(column, missing ? 'missing' : 'range');
    const had = guard.alarm;
    if (implausible) {
      guard.count(value);
      this.implausible[column]!++;
    }
    const repeated = (isCounted || far) && this.repeated.isRepeated(rows, r, counted, all);
    const { channel } = guarded;
    for (let rank = 0; rank <= top; rank++) {
      // Implausible values count even if they come in one row that is asked again and again.
      const always = rank >= this.implausibleRank;
      if (!always && (repeated || !isCounted)) continue;
      const row = always ? all : counted;
      guard.add(rank, row, value, this.limitsOf(guard, rank));
    }
    const ordered = !Number.isFinite(this.designEffects[channel]!) && all - guard.latest(FAR_RANK) < FAR_APART;
    if (far && !repeated && !ordered) {
      guard.add(FAR_RANK, all, value, this.limitsOf(guard, FAR_RANK));
    }
    if (alone && !guard.alarm) guard.raise(this.implausibleRank, 1);
    if (guard.alarm && !had) this.raised.push(channel);
  }

  /** The rows that a rank counts. */
  private rowsOf(rank: number): number {
    return rank < this.implausibleRank ? this.counted : this.all;
  }

  private limitsOf(guard: Guard, rank: number): RankLimits {
    const limits = this.spans.of(guard, rank);
    return { limits, equalLimits: this.spans.ofEqual(guard, rank), designEffect: this.designEffectOf(guard, rank) };
  }

  /** Implausible values are no less so if they come together. */
  private designEffectOf({ column }: Guard, rank: number): number {
    const { channel } = this.columns[column]!;
    if (rank === FAR_RANK) return this.farEffects[channel]!;
    return rank < this.implausibleRank ? this.designEffects[channel]! : 1;
  }

  private guard(column: number, test: GuardTest): Guard {
    const key = `${test} ${column}`;
    let guard = this.guards.get(key);
    if (!guard) {
      guard = new Guard(column, test, (value) => rarity(this.columns[column]!.range, value));
      this.guards.set(key, guard);
    }
    return guard;
  }
}
