import { type Static, Type } from 'typebox';
import type { ErrorCode } from '../../../base/domain-error.js';
import { nullable } from '../../../base/json/nullable.js';
import { TrainingOptions } from '../../../model/training/training-options.js';
import { Baselines } from '../../../model/versions/baselines.js';
import { Gate } from '../../../model/versions/gate-decision.js';
import { EpochSchema, MetricsSchema } from '../../../model/versions/metrics.js';
import { Search } from '../../../model/versions/search.js';
import { ShadowReport } from './shadow-report.js';

/** One training. */
export const Job = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['running', 'succeeded', 'failed', 'cancelled']),
    created_at: Type.String(),
    finished_at: nullable(Type.String()),
    /** Since its creation. */
    seconds: Type.Number(),
    /** Null before the first epoch and at the end. */
    seconds_left: nullable(Type.Number(), { description: 'estimate, without early stopping' }),
    phases: Type.Record(Type.String(), Type.Number(), {
      description: 'seconds per phase, once the training has succeeded',
    }),
    options: Type.Object(TrainingOptions.properties, {
      description: 'as the client asked, with the defaults; after a search, those that it has chosen',
    }),
    search: nullable(Search, { description: 'for better options, before the training; null without one' }),
    rows: Type.Integer({ description: 'complete rows' }),
    dropped: Type.Integer({ description: 'rows left out because of a missing or non-finite value' }),
    /** The latest epoch; 0 before the first has ended. */
    epoch: Type.Integer(),
    history: Type.Array(EpochSchema),
    metrics: nullable(MetricsSchema),
    baselines: nullable(Baselines, {
      description: 'errors of the mean and of a ridge regression on the same held-out rows',
    }),
    model_version: nullable(Type.String(), {
      description: 'the version it produced, whether or not that serves',
    }),
    /** While the version answers in the shadow, the gate's decision before that. */
    gate: nullable(Gate, { description: 'whether the version may serve, and why' }),
    shadow: nullable(ShadowReport, {
      description: "if requested: differences from the serving version's predictions",
    }),
    error: nullable(Type.Object({ code: Type.Unsafe<ErrorCode>(Type.String()), message: Type.String() })),
  },
  { 'x-schema': 'Job' },
);
export type Job = Static<typeof Job>;
