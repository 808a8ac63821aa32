import { createHash } from 'node:crypto';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import type { Cause } from '../monitor/alarms.js';
import { type AlarmEvidence, evidenceOf } from './alarm-evidence.js';
import type { LabelledRows } from './compared-rows.js';
import { countsOf } from './error-counts.js';
import { checkErrorState, type ErrorState } from './error-state.js';
import { ErrorWindow, type ErrorWindowState, type TestedErrors } from './error-window.js';
import { type WindowEvent, WindowMonitor, type WindowMonitorOptions } from './window-monitor.js';

/** The group of the tests of prediction errors. */
export const PREDICTION_ERROR = 'prediction_error';
export type ErrorEvent = WindowEvent<typeof PREDICTION_ERROR, AlarmEvidence>;

/** Labelled rows with what the model has predicted. */
export interface LabelledPredictions extends LabelledRows {
  /** `[rows, targets]` */
  readonly outputs: Float32Array;
}

/** Compares the errors on labelled rows with those on held-out rows. */
export class ErrorMonitor extends WindowMonitor<
  typeof PREDICTION_ERROR,
  TestedErrors,
  ErrorWindowState,
  ErrorWindow,
  AlarmEvidence
> {
  readonly reference: PredictionErrors;
  /** Identifies the reference. */
  readonly hash: string;
  private readonly targets: readonly string[];

  constructor(reference: PredictionErrors, targets: readonly string[], options: WindowMonitorOptions<ErrorEvent>) {
    super(
      PREDICTION_ERROR,
      reference.distinct,
      options,
      (size, threshold, shorter) => new ErrorWindow(reference, size, threshold, shorter),
    );
    this.reference = reference;
    this.hash = createHash('sha256').update(JSON.stringify(reference)).digest('hex');
    this.targets = targets;
  }

  /** Compares labelled rows that came in one request, in the order of their arrival. Their numbers must be finite. */
  observe(labelled: LabelledPredictions): void {
    const now = this.clock();
    const { outputs, targets } = labelled;
    const width = this.targets.length;
    for (const r of this.compared.choose(labelled)) {
      const errors = this.targets.map((_, j) => outputs[r * width + j]! - targets[r * width + j]!);
      const row = countsOf(this.reference, errors);
      this.addRow((window) => window.add(row, now));
    }
  }

  state(): ErrorState {
    return { ...this.windowState(), reference: this.hash };
  }

  /** Continues from a state. Throws `INVALID_BASELINE` if it is incomplete, or has another reference or other windows. */
  restore(value: unknown): void {
    this.restoreWindows(checkErrorState(value, this.state()));
  }

  protected causeOf({ strongest }: TestedErrors): Cause | undefined {
    if (!strongest) return undefined;
    const kind = `${PREDICTION_ERROR}:${strongest.test}`;
    return { by: 'window', kind, name: this.targets[strongest.target]! };
  }

  protected describe(tested: TestedErrors, threshold: number): AlarmEvidence {
    return evidenceOf(tested, threshold, this.reference, this.targets);
  }
}
