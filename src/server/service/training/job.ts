import { type Static, Type } from 'typebox';
import type { ErrorCode } from '../../../base/domain-error.js';
import { TrainingOptions } from '../../../model/training/training-options.js';
import { Gate } from '../../../model/versions/gate-decision.js';
import { EpochSchema, MetricsSchema } from '../../../model/versions/metrics.js';
import { ShadowReport } from './shadow-report.js';

/** One training. */
export const Job = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['running', 'succeeded', 'failed', 'cancelled']),
    created_at: Type.String(),
    finished_at: Type.Union([Type.String(), Type.Null()]),
    /** Since its creation. */
    seconds: Type.Number(),
    /** Null before the first epoch and at the end. */
    seconds_left: Type.Union([Type.Number(), Type.Null()], { description: 'estimate, without early stopping' }),
    phases: Type.Record(Type.String(), Type.Number(), {
      description: 'seconds per phase, once the training has succeeded',
    }),
    options: TrainingOptions,
    rows: Type.Integer({ description: 'complete rows' }),
    dropped: Type.Integer({ description: 'rows left out because of a missing or non-finite value' }),
    /** The latest epoch; 0 before the first has ended. */
    epoch: Type.Integer(),
    history: Type.Array(EpochSchema),
    metrics: Type.Union([MetricsSchema, Type.Null()]),
    model_version: Type.Union([Type.String(), Type.Null()], {
      description: 'the version it produced, whether or not that serves',
    }),
    /** While the version answers in the shadow, the gate's decision before that. */
    gate: Type.Union([Gate, Type.Null()], { description: 'whether the version may serve, and why' }),
    shadow: Type.Union([ShadowReport, Type.Null()], {
      description: "if requested: differences from the serving version's predictions",
    }),
    error: Type.Union([
      Type.Object({ code: Type.Unsafe<ErrorCode>(Type.String()), message: Type.String() }),
      Type.Null(),
    ]),
  },
  { $id: 'Job' },
);
export type Job = Static<typeof Job>;
