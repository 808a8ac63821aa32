import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

/** Minimum rows of a count, or beyond a quantile, that is written: fewer could be recognised. */
export const MIN_COUNT = 5;

/** Maximum bins of an axis of predictions and targets, and of residuals. */
export const MAX_BINS = 24;
export const MAX_RESIDUAL_BINS = 40;

/** Maximum number of targets that are evaluated; the others have their errors on the card only. */
export const MAX_TARGETS = 32;

/** Probabilities of the quantiles of a group's residuals. */
export const PROBABILITIES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** The confidence of the intervals. */
export const CONFIDENCE = 0.95;

const Interval = Type.Array(Type.Number(), { minItems: 2, maxItems: 2, description: 'lower and upper bound' });

const Histogram = Type.Object({
  edges: Type.Array(Type.Number(), {
    minItems: 2,
    maxItems: MAX_RESIDUAL_BINS + 1,
    description: 'round numbers, ascending; the first and the last bin also count what is beyond them',
  }),
  counts: Type.Array(Type.Integer({ minimum: 0 }), {
    description: `rows of each bin; 0 if they are fewer than ${MIN_COUNT}`,
  }),
  hidden: Type.Integer({ minimum: 0, description: `rows in bins of fewer than ${MIN_COUNT}` }),
});

const Coverage = Type.Object(
  {
    share: Type.Number({ minimum: 0, maximum: 1, description: 'of the rows whose target lies in its interval' }),
    width: Type.Number({ minimum: 0, description: 'median width of the intervals, rounded' }),
  },
  { description: 'prediction intervals of `interval_level`; none if the version has none' },
);

const TargetEvaluation = Type.Object({
  name: Type.String({ minLength: 1 }),
  intervals: Type.Object(
    { rmse: Interval, mae: Interval, bias: Interval, r2: nullable(Interval) },
    { description: `confidence intervals, ${100 * CONFIDENCE} %, of the errors on the held-out rows` },
  ),
  scale: Type.Enum(['linear', 'log1p'], {
    description: 'on which the bins of predictions and targets are equally wide',
  }),
  predicted_true: Type.Object(
    {
      ...Histogram.properties,
      edges: Type.Array(Type.Number(), { minItems: 2, maxItems: MAX_BINS + 1, description: 'of both axes' }),
      counts: Type.Array(Type.Integer({ minimum: 0 }), {
        description: `[bins of the prediction, bins of the target], flat; 0 if they are fewer than ${MIN_COUNT}`,
      }),
    },
    { description: 'rows by prediction and target' },
  ),
  residuals: Type.Object(Histogram.properties, { description: 'rows by prediction - target' }),
  interval_level: Type.Optional(Type.Number({ description: 'of the prediction intervals that `coverage` is about' })),
  coverage: Type.Optional(Coverage),
  groups: Type.Array(
    Type.Object({
      rows: Type.Integer({ minimum: MIN_COUNT }),
      from: nullable(Type.Number(), { description: 'smallest prediction, rounded; null for the first group' }),
      to: nullable(Type.Number(), { description: 'largest prediction, rounded; null for the last group' }),
      quantiles: Type.Array(nullable(Type.Number()), {
        minItems: PROBABILITIES.length,
        maxItems: PROBABILITIES.length,
        description:
          `of prediction - target, rounded, at ${PROBABILITIES.join(', ')}; ` +
          `null if fewer than ${MIN_COUNT} rows are beyond`,
      }),
      coverage: Type.Optional(Coverage),
    }),
    { maxItems: 5, description: 'equally many rows each, by prediction' },
  ),
});
export type TargetEvaluation = Static<typeof TargetEvaluation>;

/**
 * How a version predicted its held-out rows, in figures that give no row away: counts of at least {@link MIN_COUNT} rows between
 * round numbers, and rounded quantiles.
 */
export const Evaluation = Type.Object({
  schema: Type.Literal(1),
  rows: Type.Integer({ minimum: 1, description: 'held-out rows' }),
  targets: Type.Array(TargetEvaluation, { maxItems: MAX_TARGETS, description: 'in the order of the card' }),
});
export type Evaluation = Static<typeof Evaluation>;
