import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

/** Let the gate decide whether the new version serves, or bypass it: the version always or never serves. */
export const PROMOTIONS = ['gate', 'always', 'never'] as const;
export type Promote = (typeof PROMOTIONS)[number];

/** The new version beside the simplest models, on the same held-out rows. */
const GateBaselines = Type.Object(
  {
    mean: nullable(Type.Number(), { description: 'error of the mean of the training rows; null if it is not finite' }),
    better_than_mean: Type.Boolean({ description: 'the held-out rows show that the version is better than the mean' }),
    better_than_mean_p_value: nullable(Type.Number(), { description: 'null if there are too few rows for a test' }),
    ridge: nullable(Type.Number(), {
      description: 'error of a ridge regression on the same columns; null if there is none, or if it is not finite',
    }),
    worse_than_ridge: Type.Boolean({ description: 'the held-out rows show that the ridge regression is better' }),
    worse_than_ridge_p_value: nullable(Type.Number(), {
      description: 'null if there is no ridge regression, or too few rows for a test',
    }),
  },
  { 'x-schema': 'GateBaselines' },
);

/** The gate's decision whether a new version may serve, with its reason. */
export const Gate = Type.Object(
  {
    decision: Type.Enum(['promoted', 'refused', 'not_asked']),
    reason: Type.String({ description: 'in sentences' }),
    warnings: Type.Optional(
      Type.Array(Type.String(), { description: 'in sentences; a version with warnings may serve all the same' }),
    ),
    promote: Type.Optional(
      Type.Enum([...PROMOTIONS], { description: 'whether the gate was to decide; older versions do not say' }),
    ),
    metric: Type.Literal('rmse', {
      description: 'in units of the target; of several targets, in standard deviations of the training rows',
    }),
    candidate: Type.Number({ description: 'error of the new version on the held-out rows' }),
    serving: nullable(Type.Number(), {
      description: 'error of the version that serves, or of the mean of the training rows; null if it is not finite',
    }),
    serving_version: nullable(Type.String(), { description: 'null: the mean of the training rows' }),
    tolerance: Type.Number(),
    p_value: nullable(Type.Number(), {
      description:
        'of the test whether the version is worse by more than the tolerance; null if there are too few rows for a test',
    }),
    rows: Type.Integer({ description: 'held-out rows' }),
    baselines: Type.Optional(GateBaselines),
  },
  { 'x-schema': 'Gate' },
);
export type Gate = Readonly<Static<typeof Gate>>;

/** Returns whether a version with this decision may begin to serve without being named: not if it was trained with `promote=never`. */
export function mayServeUnasked(gate: Gate | null | undefined): boolean {
  if (gate?.decision !== 'not_asked') return gate?.decision !== 'refused';
  // Cards of earlier releases have it in the reason alone.
  return gate.promote ? gate.promote !== 'never' : !gate.reason.startsWith('promote=never');
}
