import { createHash } from 'node:crypto';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import type { Cause, LatchState } from '../monitor/alarms.js';
import { type AlarmEvidence, evidenceOf } from './alarm-evidence.js';
import { ComparedRows, type LabelledRows } from './compared-rows.js';
import { countsOf, type ErrorCounts } from './error-counts.js';
import { checkErrorState, type ErrorState } from './error-state.js';
import { ErrorWindow, type TestedErrors } from './error-window.js';
import { WindowAlarm, windowSizes } from './window-alarm.js';

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

/** Labelled rows with what the model has predicted. */
export interface LabelledPredictions extends LabelledRows {
  /** `[rows, targets]` */
  readonly outputs: Float32Array;
}

/**
 * Compares the errors on labelled rows with those on held-out rows, in windows of several sizes at the same time. Each size has an
 * even share of the false alarms.
 */
export class ErrorMonitor {
  readonly reference: PredictionErrors;
  /** Identifies the reference. */
  readonly hash: string;
  readonly windows: readonly ErrorWindow[];
  private readonly targets: readonly string[];
  private readonly options: ErrorMonitorOptions;
  private readonly clock: () => number;
  private readonly compared: ComparedRows;
  private readonly latched = new WindowAlarm();
  private raisedBy: AlarmEvidence | null = null;

  constructor(reference: PredictionErrors, targets: readonly string[], options: ErrorMonitorOptions) {
    this.reference = reference;
    this.hash = createHash('sha256').update(JSON.stringify(reference)).digest('hex');
    this.targets = targets;
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.compared = new ComparedRows(reference.distinct);
    const sizes = windowSizes(options.windowRows);
    const windows: ErrorWindow[] = [];
    for (const size of sizes) {
      const threshold = size / (sizes.length * options.rowsBetweenFalseAlarms);
      windows.push(new ErrorWindow(reference, size, threshold, windows.at(-1)));
    }
    this.windows = windows;
  }

  /** Rows since the process started: all that were compared, and those left out because they were sent before. */
  get counters(): ComparedRows['counters'] {
    return this.compared.counters;
  }

  get alarm(): LatchState & { readonly group: typeof PREDICTION_ERROR } {
    return { group: PREDICTION_ERROR, ...this.latched.latch };
  }

  /** The latest window with the strongest evidence, measured by its own threshold; undefined before the first full window. */
  get strongest(): ErrorWindow | undefined {
    const excess = ({ tested, threshold }: ErrorWindow) => tested!.logP - Math.log(threshold);
    return this.windows.filter(({ tested }) => tested).sort((a, b) => excess(a) - excess(b))[0];
  }

  /** What raised the alarm that is on; null without one. */
  get evidence(): AlarmEvidence | null {
    return this.latched.latch.detected ? this.raisedBy : null;
  }

  /** Compares labelled rows that came in one request, in the order of their arrival. Their numbers must be finite. */
  observe(labelled: LabelledPredictions): void {
    const now = this.clock();
    const { outputs, targets } = labelled;
    const width = this.targets.length;
    for (const r of this.compared.choose(labelled)) {
      const errors = this.targets.map((_, j) => outputs[r * width + j]! - targets[r * width + j]!);
      this.count(countsOf(this.reference, errors), now);
    }
  }

  /** Discards all rows and clears the alarm. */
  reset(): void {
    const now = this.clock();
    if (this.latched.clear(now)) this.report('cleared', now);
    for (const window of this.windows) window.reset();
    this.compared.reset();
  }

  state(): ErrorState {
    return {
      schema: 1,
      reference: this.hash,
      window_rows: this.options.windowRows,
      windows: this.windows.map((window) => window.state()),
      latch: this.latched.latch,
      alarm_size: this.latched.size,
      raised_by: this.raisedBy,
      recent: this.compared.state(),
    };
  }

  /** Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has another reference or other windows. */
  restore(value: unknown): void {
    const state = checkErrorState(value, this.state());
    for (const [i, window] of this.windows.entries()) window.restore(state.windows[i]!);
    this.latched.latch = state.latch;
    this.latched.size = state.alarm_size;
    this.raisedBy = state.raised_by;
    this.compared.restore(state.recent);
  }

  private count(row: ErrorCounts, now: number): void {
    for (const window of this.windows) {
      const tested = window.add(row, now);
      if (tested) this.judge(window, tested);
    }
  }

  private judge({ size, threshold }: ErrorWindow, tested: TestedErrors): void {
    const { logP, at, strongest } = tested;
    const cause: Cause | undefined = strongest && {
      by: 'window',
      kind: `${PREDICTION_ERROR}:${strongest.test}`,
      name: this.targets[strongest.target]!,
    };
    const change = this.latched.judge({ size, threshold, logP, at, cause });
    if (change === 'raised') this.raisedBy = evidenceOf(tested, threshold, this.reference, this.targets);
    if (change) this.report(change, at);
  }

  private report(type: ErrorEvent['type'], at: number): void {
    this.options.onEvent({
      type,
      group: PREDICTION_ERROR,
      at,
      cause: this.latched.latch.cause,
      evidence: type === 'raised' ? this.raisedBy : null,
    });
  }
}
