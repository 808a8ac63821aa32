import type { LabelledRows } from '../feedback/compared-rows.js';
import { type WindowEvent, WindowMonitor, type WindowMonitorOptions } from '../feedback/window-monitor.js';
import type { Cause } from '../monitor/alarms.js';
import { type CoverageAlarm, describeAlarm } from './coverage-alarm.js';
import { type CoverageState, checkCoverageState } from './coverage-state.js';
import type { Calibration } from './coverage-test.js';
import { CoverageWindow, type CoverageWindowState, type TestedCoverage } from './coverage-window.js';

/** The group of the tests of coverage. */
export const INTERVAL_COVERAGE = 'interval_coverage';
export type CoverageEvent = WindowEvent<typeof INTERVAL_COVERAGE, CoverageAlarm>;

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
 * Monitors whether intervals cover as many labelled rows as they say, for each target and level. Only coverage that is too low raises
 * the alarm.
 */
export class CoverageMonitor extends WindowMonitor<
  typeof INTERVAL_COVERAGE,
  TestedCoverage,
  CoverageWindowState,
  CoverageWindow,
  CoverageAlarm
> {
  readonly targets: readonly string[];
  readonly calibrations: readonly Calibration[];
  private readonly intervals: MonitoredIntervals;

  constructor(intervals: MonitoredIntervals, options: WindowMonitorOptions<CoverageEvent>) {
    const { targets, calibrations, distinct } = intervals;
    super(
      INTERVAL_COVERAGE,
      distinct,
      options,
      (size, threshold, shorter) => new CoverageWindow(calibrations, targets.length, size, threshold, shorter),
    );
    this.intervals = intervals;
    this.targets = targets;
    this.calibrations = calibrations;
  }

  /** Counts labelled rows that came in one request, in the order of their arrival. */
  observe(labelled: CoveredRows): void {
    const now = this.clock();
    const width = this.targets.length;
    for (const r of this.compared.choose(labelled)) {
      const missed = (target: number, level: number) => ((labelled.covered[r * width + target]! >> level) & 1) === 0;
      this.addRow((window) => window.add(missed, now));
    }
  }

  state(): CoverageState {
    const { id, calibrations } = this.intervals;
    const intervals = `${id} ${calibrations.map(({ level, rows, rank }) => `${level}:${rank}/${rows}`).join(' ')}`;
    return { ...this.windowState(), intervals };
  }

  /** Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has other intervals or windows. */
  restore(value: unknown): void {
    this.restoreWindows(checkCoverageState(value, this.state()));
  }

  protected causeOf({ strongest }: TestedCoverage): Cause | undefined {
    if (!strongest) return undefined;
    const kind = `${INTERVAL_COVERAGE}:${strongest.level}`;
    return { by: 'window', kind, name: this.targets[strongest.target]! };
  }

  protected describe(tested: TestedCoverage, threshold: number): CoverageAlarm {
    return describeAlarm(tested, threshold, this.targets);
  }
}
