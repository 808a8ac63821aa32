import { Type } from 'typebox';
import { GROUPS } from '../../../drift/rows/channels.js';
import { LiveReport } from '../../service/feedback/live-model.js';

const nullable = <T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String>>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const Time = Type.Number({ description: 'milliseconds since the epoch' });

const Cause = Type.Object({ by: Type.Enum(['window', 'chart']), kind: Type.String(), name: Type.String() });

const Group = Type.Object({
  group: Type.Enum([...GROUPS]),
  detected: Type.Boolean({ description: 'latched until the group has been quiet for three windows' }),
  since: Type.Union([Time, Type.Null()]),
  cause: Type.Union([Cause, Type.Null()]),
  alarms: Type.Integer(),
  quiet: Type.Integer({ description: 'quiet windows in a row' }),
  p_value: nullable(Type.Number({ description: 'of the latest window, corrected for its tests' })),
  threshold: Type.Number({ description: 'the p-value below which a window raises the alarm' }),
});

const Column = Type.Object({
  name: Type.String(),
  kind: Type.Enum(['feature', 'output']),
  detected: Type.Boolean(),
  score: nullable(Type.Number({ description: '-log10 p of the strongest test' })),
  threshold: nullable(Type.Number({ description: 'the score at which that test raises an alarm' })),
  p_value: nullable(Type.Number()),
  words: Type.String({ description: 'what changed; empty if nothing is known to have' }),
  psi: Type.Number({ description: 'population stability index less what chance explains' }),
  psi_critical: Type.Number({ description: 'what chance passes in 1 % of windows' }),
  jensen_shannon: Type.Number(),
  mean_shift: nullable(Type.Number({ description: 'in standard deviations of the baseline' })),
  below_range: Type.Number(),
  above_range: Type.Number(),
  missing: Type.Number(),
  edges: Type.Array(Type.Number()),
  reference: Type.Array(Type.Number(), { description: 'rows per bin of the baseline' }),
  recent: Type.Array(Type.Number(), { description: 'rows per bin of the window' }),
});

const Window = Type.Object({
  window: Type.Enum(['latest', 'hour', 'day']),
  rows: Type.Number(),
  ended_at: Type.Union([Time, Type.Null()]),
  verdict: Type.Enum(['drift', 'no_drift', 'too_few_rows']),
  error_shift: nullable(Type.Number({ description: 'mean normal score of the errors less that of the baseline' })),
  error_psi: Type.Number(),
  columns: Type.Array(Column, { description: 'features, the strongest evidence first, then predictions' }),
});

const Charts = Type.Object({
  lambda: Type.Number(),
  histogram_limit: Type.Number(),
  error_limit: Type.Number(),
  error: Type.Number(),
  channels: Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), deviate: Type.Number() })),
});

/** What `GET /drift` answers: the monitor's report, and what it is measured against. */
export const DriftReply = Type.Object(
  {
    model_version: Type.String(),
    detected: Type.Boolean(),
    baseline: Type.Object({
      hash: Type.String(),
      rows: Type.Integer(),
      conditional: Type.Boolean({ description: 'whether it knows how features depend on each other' }),
      version: Type.Integer({ description: '0 is the one of the training, each re-baseline counts one up' }),
      created_at: Type.String(),
      reason: nullable(Type.String()),
      from: nullable(Type.String()),
    }),
    groups: Type.Array(Group),
    windows: Type.Array(Window),
    charts: Charts,
    design_effect: nullable(
      Type.Number({ description: 'rows that one independent row is worth; null until enough were seen' }),
    ),
    window_rows: Type.Integer(),
    filled_rows: Type.Number({ description: 'rows in the window that is being filled' }),
    rows: Type.Number(),
    since: Time,
    feedback: LiveReport,
  },
  { $id: 'DriftReply' },
);

const Quantiles = Type.Object({ p10: Type.Number(), p50: Type.Number(), p90: Type.Number() });

/** What `GET /drift/history` answers. */
export const HistoryReply = Type.Object(
  {
    points: Type.Array(
      Type.Object({
        at: Time,
        model_version: Type.String(),
        rows: Type.Integer({ description: 'that came since the point before' }),
        error: Type.Union([Quantiles, Type.Null()], { description: 'reconstruction errors of these rows' }),
        reference: { ...Quantiles, description: 'those of the held-out rows of the baseline' },
        alarms: Type.Array(Type.Enum([...GROUPS]), { description: 'the groups whose alarm was on' }),
      }),
      { description: 'one every five seconds, the oldest first' },
    ),
  },
  { $id: 'HistoryReply' },
);
