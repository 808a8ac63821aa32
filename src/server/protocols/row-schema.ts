import { Type } from 'typebox';
import { MAX_LEVEL, MIN_LEVEL } from '../../model/intervals/level.js';

/**
 * Documents the rows of a request. `x-rows` marks where the interface's description inserts the features of the serving
 * model. Readers validate the rows, not this schema.
 */
export const Rows = Type.Unsafe<unknown[]>({
  type: 'array',
  minItems: 1,
  description:
    'rows, in raw units: one value per feature, in feature order or by name; other named columns are ignored. NaN and null are ' +
    'missing values',
  items: { anyOf: [{ type: 'array', items: {} }, { type: 'object' }] },
  'x-rows': true,
});

/** Documents the parameters of a request, whatever the protocol calls them. */
export const Parameters = Type.Optional(
  Type.Object(
    {
      interval: Type.Optional(
        Type.Number({
          minimum: MIN_LEVEL,
          maximum: MAX_LEVEL,
          description: 'the level of the prediction intervals to add to the reply',
        }),
      ),
    },
    { description: 'others are ignored' },
  ),
);

/** Documents a reply of predictions alone. */
export const Predictions = Type.Object({
  predictions: Type.Array(Type.Union([Type.Array(Type.Number()), Type.Record(Type.String(), Type.Number())]), {
    description: '[rows, targets]; with an interval, objects of `<target>`, `<target>_low` and `<target>_high`',
  }),
});
