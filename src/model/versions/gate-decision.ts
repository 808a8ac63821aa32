import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

/** The gate's decision whether a new version may serve, with its reason. */
export const Gate = Type.Object(
  {
    decision: Type.Enum(['promoted', 'refused', 'not_asked']),
    reason: Type.String(),
    metric: Type.Literal('rmse', {
      description: 'in units of the target; of several targets, in standard deviations of the training rows',
    }),
    candidate: Type.Number({ description: 'error of the new version on the held-out rows' }),
    serving: nullable(Type.Number(), {
      description: 'error of the version that serves, or of the mean of the training rows; null if it is not finite',
    }),
    serving_version: nullable(Type.String(), { description: 'null: the mean of the training rows' }),
    tolerance: Type.Number(),
    p_value: nullable(Type.Number(), { description: 'null if there are too few rows for a test' }),
    rows: Type.Integer({ description: 'held-out rows' }),
  },
  { 'x-schema': 'Gate' },
);
export type Gate = Readonly<Static<typeof Gate>>;

/** Returns whether a version with this decision may begin to serve without being named: not if it was trained with `promote=never`. */
export function mayServeUnasked(gate: Gate | null | undefined): boolean {
  if (gate?.decision === 'not_asked') return !gate.reason.startsWith('promote=never');
  return gate?.decision !== 'refused';
}
