import { createHash } from 'node:crypto';
import { hashRows } from '../../base/statistics/row-hashes.js';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import type { LatchState } from '../monitor/alarms.js';
import { type AlarmEvidence, evidenceOf } from './alarm-evidence.js';
import { countsOf, type ErrorCounts } from './error-counts.js';
import { checkErrorState, type ErrorState } from './error-state.js';
import { ErrorWindow, type TestedErrors } from './error-window.js';

/** The group of the tests of prediction errors. */
export const PREDICTION_ERROR = 'prediction_error';

export interface ErrorEvent {
  readonly type: 'raised' | 'cleared';
  readonly group: typeof PREDICTION_ERROR;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cause: LatchState['cause'];
  /** What the errors were when the alarm was raised. */
  readonly evidence: AlarmEvidence | null;
}

export interface ErrorMonitorOptions {
  /** Expected labelled rows between two false alarms. */
  readonly rowsBetweenFalseAlarms: number;
  /** Labelled rows of the longest window. */
  readonly windowRows: number;
  readonly onEvent: (event: ErrorEvent) => void;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Rows that a model has predicted and whose targets came. */
export interface LabelledPredictions {
  readonly rows: number;
  /** `[rows, features]` */
  readonly features: Float32Array;
  /** `[rows, targets]` */
  readonly outputs: Float32Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
}

/** Shorter windows are not tested. */
const MIN_WINDOW_ROWS = 30;
/** Maximum rows of one request that are compared, evenly spaced: rows of one request are often alike. */
const ROWS_PER_REQUEST = 250;
/** An alarm is cleared by this number of windows in a row with a p-value above `QUIET_P`, of the size that raised it. */
const QUIET_WINDOWS = 3;
const QUIET_P = 0.05;
/** Rows in which one that is sent again is recognised. */
const REMEMBERED_ROWS = 2000;
const CLEARED: LatchState = { detected: false, since: null, cause: null, alarms: 0, quiet: 0 };

/**
 * Compares the errors on labelled rows with those on held-out rows, in windows of several sizes at the same time: the number of
 * rows of a window of the traffic, half of it, a quarter, down to 30. Large changes are found within the shortest, small ones in
 * the longest. Each size has an even share of the false alarms.
 */
export class ErrorMonitor {
  readonly reference: PredictionErrors;
  /** Identifies the reference. */
  readonly hash: string;
  readonly windows: readonly ErrorWindow[];
  /** Rows since the process started: all that were compared, and those left out because they were sent before. */
  readonly counters = { rows: 0, repeated: 0 };
  private readonly targets: readonly string[];
  private readonly options: ErrorMonitorOptions;
  private readonly clock: () => number;
  private latch: LatchState = CLEARED;
  /** Size of the windows that raised the alarm. */
  private alarmSize = 0;
  private raisedBy: AlarmEvidence | null = null;
  /** Hashes of the latest rows, the oldest first. */
  private recent = new Set<number>();

  constructor(reference: PredictionErrors, targets: readonly string[], options: ErrorMonitorOptions) {
    this.reference = reference;
    this.hash = createHash('sha256').update(JSON.stringify(reference)).digest('hex');
    this.targets = targets;
    this.options = options;
    this.clock = options.clock ?? Date.now;
    const sizes = [options.windowRows];
    while (Math.floor(sizes[0]! / 2) >= MIN_WINDOW_ROWS) sizes.unshift(Math.floor(sizes[0]! / 2));
    const windows: ErrorWindow[] = [];
    for (const size of sizes) {
      const threshold = size / (sizes.length * options.rowsBetweenFalseAlarms);
      windows.push(new ErrorWindow(reference, size, threshold, windows.at(-1)));
    }
    this.windows = windows;
  }

  get alarm(): LatchState & { readonly group: typeof PREDICTION_ERROR } {
    return { group: PREDICTION_ERROR, ...this.latch };
  }

  /** The latest window with the strongest evidence, measured by its own threshold; undefined before the first full window. */
  get strongest(): ErrorWindow | undefined {
    const excess = ({ tested, threshold }: ErrorWindow) => tested!.logP - Math.log(threshold);
    return this.windows.filter(({ tested }) => tested).sort((a, b) => excess(a) - excess(b))[0];
  }

  /** What raised the alarm that is on; null without one. */
  get evidence(): AlarmEvidence | null {
    return this.latch.detected ? this.raisedBy : null;
  }

  /** Compares labelled rows that came in one request, in the order of their arrival. Their numbers must be finite. */
  observe({ rows, features, outputs, targets }: LabelledPredictions): void {
    const now = this.clock();
    const width = this.targets.length;
    const compared = Math.min(rows, ROWS_PER_REQUEST);
    const depth = features.length / rows;
    for (let i = 0; i < compared; i++) {
      const r = Math.floor((i * rows) / compared);
      const [row, target] = [
        features.subarray(r * depth, (r + 1) * depth),
        targets.subarray(r * width, (r + 1) * width),
      ];
      if (this.reference.distinct && this.isRepeated(hashRows(1, row, target)[0]!)) {
        this.counters.repeated++;
        continue;
      }
      const errors = this.targets.map((_, j) => outputs[r * width + j]! - targets[r * width + j]!);
      this.count(countsOf(this.reference, errors), now);
    }
  }

  /** Discards all rows and clears the alarm. */
  reset(): void {
    if (this.latch.detected) this.clear(this.clock());
    for (const window of this.windows) window.reset();
    this.recent.clear();
  }

  state(): ErrorState {
    return {
      schema: 1,
      reference: this.hash,
      window_rows: this.options.windowRows,
      windows: this.windows.map((window) => window.state()),
      latch: this.latch,
      alarm_size: this.alarmSize,
      raised_by: this.raisedBy,
      recent: Array.from(this.recent),
    };
  }

  /** Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has another reference or other windows. */
  restore(value: unknown): void {
    const state = checkErrorState(value, this.state());
    for (const [i, window] of this.windows.entries()) window.restore(state.windows[i]!);
    this.latch = state.latch;
    this.alarmSize = state.alarm_size;
    this.raisedBy = state.raised_by;
    this.recent = new Set(state.recent);
  }

  private isRepeated(hash: number): boolean {
    const { recent } = this;
    if (recent.has(hash)) return true;
    recent.add(hash);
    if (recent.size > REMEMBERED_ROWS) recent.delete(recent.values().next().value!);
    return false;
  }

  private count(row: ErrorCounts, now: number): void {
    this.counters.rows++;
    for (const window of this.windows) {
      const tested = window.add(row, now);
      if (tested) this.judge(window, tested);
    }
  }

  private judge({ size, threshold }: ErrorWindow, tested: TestedErrors): void {
    const { latch } = this;
    if (tested.strongest && tested.logP < Math.log(threshold)) {
      // A small change that a longer window has found is not over when short ones are quiet.
      this.alarmSize = latch.detected ? Math.max(size, this.alarmSize) : size;
      if (latch.detected) this.latch = { ...latch, quiet: 0 };
      else this.raise(tested, threshold);
      return;
    }
    if (!latch.detected || size !== this.alarmSize) return;
    const quiet = tested.logP > Math.log(QUIET_P) ? latch.quiet + 1 : 0;
    this.latch = { ...latch, quiet };
    if (quiet >= QUIET_WINDOWS) this.clear(tested.at);
  }

  private raise(tested: TestedErrors, threshold: number): void {
    const { at } = tested;
    const { target, test } = tested.strongest!;
    const cause = { by: 'window' as const, kind: `${PREDICTION_ERROR}:${test}`, name: this.targets[target]! };
    this.raisedBy = evidenceOf(tested, threshold, this.reference, this.targets);
    this.latch = { detected: true, since: at, cause, alarms: this.latch.alarms + 1, quiet: 0 };
    this.report('raised', at);
  }

  private clear(at: number): void {
    this.latch = { ...this.latch, detected: false, since: at, quiet: 0 };
    this.report('cleared', at);
  }

  private report(type: ErrorEvent['type'], at: number): void {
    const { cause } = this.latch;
    this.options.onEvent({
      type,
      group: PREDICTION_ERROR,
      at,
      cause,
      evidence: type === 'raised' ? this.raisedBy : null,
    });
  }
}
