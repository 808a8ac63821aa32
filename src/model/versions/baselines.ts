import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

const Errors = { rmse: Type.Number(), mae: Type.Number() };

/** Errors of the simplest models on the held-out rows, by target and in its units: what a version should be better than. */
export const Baselines = Type.Object(
  {
    mean: Type.Object(
      { targets: Type.Record(Type.String(), Type.Object(Errors)) },
      { description: 'the mean of the training rows for every row' },
    ),
    ridge: nullable(
      Type.Object({
        rows: Type.Integer({ description: 'training rows that it is fitted to' }),
        targets: Type.Record(
          Type.String(),
          Type.Object({
            ...Errors,
            penalty: Type.Number({ description: 'by generalised cross-validation on the training rows' }),
          }),
        ),
      }),
      { description: 'a ridge regression on the same encoded columns, fitted to training rows; null if there is none' },
    ),
    ridge_unavailable: Type.Optional(Type.String({ description: 'why there is no ridge regression' })),
  },
  { 'x-schema': 'Baselines' },
);
export type Baselines = Static<typeof Baselines>;

/** Targets whose errors are listed, at most: a card is parsed whole. */
export const MAX_BASELINE_TARGETS = 500;
