import { Type } from 'typebox';

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

/** Documents a reply of predictions alone. */
export const Predictions = Type.Object({
  predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' }),
});
