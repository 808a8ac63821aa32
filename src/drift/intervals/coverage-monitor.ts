import { ComparedRows, type LabelledRows } from '../feedback/compared-rows.js';
import { WindowAlarm, windowSizes } from '../feedback/window-alarm.js';
import type { Cause, LatchState } from '../monitor/alarms.js';
import { type CoverageAlarm, describeAlarm } from './coverage-alarm.js';
import { type CoverageState, checkCoverageState } from './coverage-state.js';
import type { Calibration } from './coverage-test.js';
import { CoverageWindow, type TestedCoverage } from './coverage-window.js';

/** The group of the tests of coverage. */
export const INTERVAL_COVERAGE = 'interval_coverage';

export interface CoverageEvent {
  readonly type: 'raised' | 'cleared';
  readonly group: typeof INTERVAL_COVERAGE;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cause: LatchState['cause'];
  /** What the coverage was when the alarm was raised. */
  readonly evidence: CoverageAlarm | null;
}

export interface CoverageMonitorOptions {
  /** Expected labelled rows between two false alarms. */
  readonly rowsBetweenFalseAlarms: number;
  /** Labelled rows of the longest window. */
  readonly windowRows: number;
  readonly onEvent: (event: CoverageEvent) => void;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The intervals of a version. */
export interface MonitoredIntervals {
  /** Identifies them. */
  readonly id: string;
  readonly targets: readonly string[];
  /** One per level that is monitored, up to eight. */
  readonly calibrations: readonly Calibration[];
  /** Whether rows hardly repeat, so that an equal row is one that was sent again. */
  readonly distinct: boolean;
}

/** Labelled rows, and in which intervals their true values lie. */
export interface CoveredRows extends LabelledRows {
  /** `[rows, targets]`: bit l says whether the interval of the l-th level covers the true value. */
  readonly covered: Uint8Array;
}

/**
 * Monitors whether intervals cover as many labelled rows as they say: for each target and level, in windows of several sizes at the
 * same time, each with an even share of the false alarms. Only coverage that is too low raises the alarm.
 */
export class CoverageMonitor {
  readonly windows: readonly CoverageWindow[];
  readonly targets: readonly string[];
  readonly calibrations: readonly Calibration[];
  private readonly intervals: MonitoredIntervals;
  private readonly options: CoverageMonitorOptions;
  private readonly clock: () => number;
  private readonly compared: ComparedRows;
  private readonly latched = new WindowAlarm();
  private raisedBy: CoverageAlarm | null = null;

  constructor(intervals: MonitoredIntervals, options: CoverageMonitorOptions) {
    const { targets, calibrations } = intervals;
    this.intervals = intervals;
    this.targets = targets;
    this.calibrations = calibrations;
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.compared = new ComparedRows(intervals.distinct);
    const sizes = windowSizes(options.windowRows);
    const windows: CoverageWindow[] = [];
    for (const size of sizes) {
      const threshold = size / (sizes.length * options.rowsBetweenFalseAlarms);
      windows.push(new CoverageWindow(calibrations, targets.length, size, threshold, windows.at(-1)));
    }
    this.windows = windows;
  }

  /** Rows since the process started: all that were compared, and those left out because they were sent before. */
  get counters(): ComparedRows['counters'] {
    return this.compared.counters;
  }

  get alarm(): LatchState & { readonly group: typeof INTERVAL_COVERAGE } {
    return { group: INTERVAL_COVERAGE, ...this.latched.latch };
  }

  /** The latest window with the strongest evidence, measured by its own threshold; undefined before the first full window. */
  get strongest(): CoverageWindow | undefined {
    const excess = ({ tested, threshold }: CoverageWindow) => tested!.logP - Math.log(threshold);
    return this.windows.filter(({ tested }) => tested).sort((a, b) => excess(a) - excess(b))[0];
  }

  /** What raised the alarm that is on; null without one. */
  get evidence(): CoverageAlarm | null {
    return this.latched.latch.detected ? this.raisedBy : null;
  }

  /** Counts labelled rows that came in one request, in the order of their arrival. */
  observe(labelled: CoveredRows): void {
    const now = this.clock();
    const width = this.targets.length;
    for (const r of this.compared.choose(labelled)) {
      const missed = (target: number, level: number) => ((labelled.covered[r * width + target]! >> level) & 1) === 0;
      for (const window of this.windows) {
        const tested = window.add(missed, now);
        if (tested) this.judge(window, tested);
      }
    }
  }

  /** Discards all rows and clears the alarm. */
  reset(): void {
    const now = this.clock();
    if (this.latched.clear(now)) this.report('cleared', now);
    for (const window of this.windows) window.reset();
    this.compared.reset();
  }

  state(): CoverageState {
    const { id, calibrations } = this.intervals;
    return {
      schema: 1,
      intervals: `${id} ${calibrations.map(({ level, rows, rank }) => `${level}:${rank}/${rows}`).join(' ')}`,
      window_rows: this.options.windowRows,
      windows: this.windows.map((window) => window.state()),
      latch: this.latched.latch,
      alarm_size: this.latched.size,
      raised_by: this.raisedBy,
      recent: this.compared.state(),
    };
  }

  /** Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has other intervals or windows. */
  restore(value: unknown): void {
    const state = checkCoverageState(value, this.state());
    for (const [i, window] of this.windows.entries()) window.restore(state.windows[i]!);
    this.latched.latch = state.latch;
    this.latched.size = state.alarm_size;
    this.raisedBy = state.raised_by;
    this.compared.restore(state.recent);
  }

  private judge({ size, threshold }: CoverageWindow, tested: TestedCoverage): void {
    const { logP, at, strongest } = tested;
    const cause: Cause | undefined = strongest && {
      by: 'window',
      kind: `${INTERVAL_COVERAGE}:${strongest.level}`,
      name: this.targets[strongest.target]!,
    };
    const change = this.latched.judge({ size, threshold, logP, at, cause });
    if (change === 'raised') this.raisedBy = describeAlarm(tested, threshold, this.targets);
    if (change) this.report(change, at);
  }

  private report(type: CoverageEvent['type'], at: number): void {
    this.options.onEvent({
      type,
      group: INTERVAL_COVERAGE,
      at,
      cause: this.latched.latch.cause,
      evidence: type === 'raised' ? this.raisedBy : null,
    });
  }
}
