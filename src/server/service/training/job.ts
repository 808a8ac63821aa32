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
    seconds_left: Type.Union([Type.Number(), Type.Null()], { description: 'if no early stop comes' }),
    phases: Type.Record(Type.String(), Type.Number(), {
      description: 'seconds of each part, once it has succeeded: where the time went',
    }),
    options: TrainingOptions,
    rows: Type.Integer({ description: 'complete rows' }),
    dropped: Type.Integer({ description: 'rows left out for a missing or non-finite value' }),
    /** The latest epoch; 0 before the first has ended. */
    epoch: Type.Integer(),
    history: Type.Array(EpochSchema),
    metrics: Type.Union([MetricsSchema, Type.Null()]),
    model_version: Type.Union([Type.String(), Type.Null()], {
      description: 'the version it became, whether or not that serves',
    }),
    /** While the version answers in the shadow, the gate's decision before that. */
    gate: Type.Union([Gate, Type.Null()], { description: 'whether that may serve, and why' }),
    shadow: Type.Union([ShadowReport, Type.Null()], { description: 'if asked for: what its answers differ by' }),
    error: Type.Union([
      Type.Object({ code: Type.Unsafe<ErrorCode>(Type.String()), message: Type.String() }),
      Type.Null(),
    ]),
  },
  { $id: 'Job' },
);
export type Job = Static<typeof Job>;
