import { type Static, Type } from 'typebox';
import { PROMOTIONS } from '../../../model/training/gate.js';
import { TrainingOptions } from '../../../model/training/training-options.js';
import { Gate } from '../../../model/versions/gate-decision.js';
import { EpochSchema, MetricsSchema } from '../../../model/versions/metrics.js';
import { MAX_SHADOW_ROWS } from '../../service/training/shadow.js';
import { ShadowReport } from '../../service/training/shadow-report.js';

/** What a client may ask of the way to production, in the query or in the body. */
export const PromotionFields = {
  promote: Type.Optional(
    Type.Enum([...PROMOTIONS], {
      default: 'gate',
      description: 'whether the version serves: if it is not worse than what serves, always, or never by itself',
    }),
  ),
  shadow_rows: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_SHADOW_ROWS,
      default: 0,
      description: 'rows of traffic that the version answers beside what serves, before it does',
    }),
  ),
};
const PromotionSchema = Type.Object(PromotionFields);
export type GivenPromotion = Static<typeof PromotionSchema>;

/** A training, as it is told. */
export const JobReply = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['running', 'succeeded', 'failed', 'cancelled']),
    created_at: Type.String(),
    finished_at: Type.Union([Type.String(), Type.Null()]),
    seconds: Type.Number(),
    seconds_left: Type.Union([Type.Number(), Type.Null()], { description: 'if no early stop comes' }),
    phases: Type.Record(Type.String(), Type.Number(), {
      description: 'seconds of each part, once it has succeeded: where the time went',
    }),
    options: TrainingOptions,
    rows: Type.Integer({ description: 'complete rows' }),
    dropped: Type.Integer({ description: 'rows left out for a missing or non-finite value' }),
    epoch: Type.Integer(),
    history: Type.Array(EpochSchema),
    metrics: Type.Union([MetricsSchema, Type.Null()]),
    model_version: Type.Union([Type.String(), Type.Null()], {
      description: 'the version it became, whether or not that serves',
    }),
    gate: Type.Union([Gate, Type.Null()], { description: 'whether that may serve, and why' }),
    shadow: Type.Union([ShadowReport, Type.Null()], { description: 'if asked for: what its answers differ by' }),
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  },
  { $id: 'Job' },
);
