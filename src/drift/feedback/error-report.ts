import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { PredictionErrors } from '../../model/baseline/errors/prediction-errors.js';
import { AlarmEvidence, evidenceOf } from './alarm-evidence.js';
import { errorsOf } from './error-counts.js';
import type { ErrorMonitor } from './error-monitor.js';
import type { ErrorWindow } from './error-window.js';

const TargetErrors = Type.Object({
  rmse: Type.Number(),
  mae: Type.Number(),
  bias: Type.Number({ description: 'mean of prediction - target' }),
});

/** Windows of one size, which follow one another. */
const ErrorWindowReport = Type.Object({
  window_rows: Type.Integer(),
  filled_rows: Type.Integer({ description: 'labelled rows in the window that is being filled' }),
  ended_at: nullable(Type.Number(), {
    description: 'when the latest window was tested, in milliseconds since the epoch; null before the first',
  }),
  p_value: nullable(Type.Number(), { description: 'of the latest window, corrected for the number of tests' }),
  threshold: Type.Number({ description: 'the p-value below which a window raises the alarm' }),
  design_effect: Type.Number({
    description: 'labelled rows that are worth one independent row, the maximum of all targets',
  }),
  targets: nullable(Type.Record(Type.String(), TargetErrors), { description: 'errors of the latest window' }),
  words: Type.String({ description: 'what changed in the latest window; empty if it raises no alarm' }),
});

/** The errors on labelled rows, compared with those on held-out rows. */
export const ErrorComparison = Type.Object({
  reference: Type.Object({ rows: Type.Integer(), targets: Type.Record(Type.String(), TargetErrors) }),
  rows: Type.Integer({ description: 'labelled rows compared since the process started' }),
  repeated_rows: Type.Integer({ description: 'labelled rows that were not compared, because they had come before' }),
  windows: Type.Array(ErrorWindowReport, { description: 'the shortest first: it detects large changes early' }),
  alarm: nullable(AlarmEvidence, { description: 'the rows that raised the alarm; null without an alarm' }),
});
export type ErrorComparison = Static<typeof ErrorComparison>;

export function reportErrors(
  { reference, windows, counters, evidence }: ErrorMonitor,
  targets: readonly string[],
): ErrorComparison {
  return {
    reference: {
      rows: reference.rows,
      targets: byTarget(targets, (j) => {
        const { rmse, mae, bias } = reference.targets[j]!;
        return { rmse, mae, bias };
      }),
    },
    rows: counters.rows,
    repeated_rows: counters.repeated,
    windows: windows.map((window) => reportWindow(window, reference, targets)),
    alarm: evidence,
  };
}

function reportWindow(
  { size, filledRows, threshold, tested, designEffects }: ErrorWindow,
  reference: PredictionErrors,
  targets: readonly string[],
) {
  const isAlarm = tested?.strongest && tested.logP < Math.log(threshold);
  return {
    window_rows: size,
    filled_rows: filledRows,
    ended_at: tested?.at ?? null,
    p_value: tested ? Math.exp(tested.logP) : null,
    threshold,
    design_effect: Math.max(...designEffects.flatMap(({ magnitude, bias }) => [magnitude, bias])),
    targets: tested ? byTarget(targets, (j) => errorsOf(tested.counts, j)) : null,
    words: isAlarm ? evidenceOf(tested, threshold, reference, targets).words : '',
  };
}

function byTarget<T>(targets: readonly string[], of: (j: number) => T): Record<string, T> {
  return Object.fromEntries(targets.map((name, j) => [name, of(j)]));
}
