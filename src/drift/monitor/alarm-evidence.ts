import { type Static, Type } from 'typebox';
import type { DriftEvent } from './alarms.js';
import { ColumnReport } from './column-report.js';

/** What an alarm was raised on. */
export const AlarmEvidence = Type.Object(
  {
    statistic: Type.String({ description: 'as in the metric `model_drift_score`' }),
    score: Type.Number({ description: '-log10 p of a window test, or the deviate of a chart' }),
    threshold: Type.Number({ description: 'the score at which the alarm is raised' }),
    rows: Type.Number({
      description:
        'rows described: the latest ones, as many as the change is estimated to have lasted; at most a window for a window test',
    }),
    error_shift: Type.Number({ description: 'mean normal score of the errors less that of the baseline' }),
    columns: Type.Array(ColumnReport, {
      description: 'features, the likeliest cause first, then predictions; at most 50',
    }),
  },
  { 'x-schema': 'AlarmEvidence' },
);
export type AlarmEvidence = Static<typeof AlarmEvidence>;

/** A change of an alarm, and when it was raised, a summary of its evidence. */
export interface AlarmEvent extends DriftEvent {
  readonly evidence: {
    readonly statistic: string;
    readonly score: number;
    readonly threshold: number;
    readonly rows: number;
    /** The columns that changed, the likeliest cause first. */
    readonly columns: readonly { readonly name: string; readonly words: string }[];
  } | null;
}

/** Columns named in an event and in the log. */
const NAMED = 3;

/** Adds a summary of the evidence to an event. */
export function withEvidence(event: DriftEvent, evidence: AlarmEvidence | undefined): AlarmEvent {
  if (!evidence) return { ...event, evidence: null };
  const { statistic, score, threshold, rows, columns } = evidence;
  const named = columns.filter(({ words }) => words !== '').slice(0, NAMED);
  return {
    ...event,
    evidence: { statistic, score, threshold, rows, columns: named.map(({ name, words }) => ({ name, words })) },
  };
}
