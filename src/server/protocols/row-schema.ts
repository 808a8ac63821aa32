import { Type } from 'typebox';

/**
 * Documents the rows of a request. `x-rows` marks where the interface's description inserts the features of the serving
 * model. Readers validate the rows, not this schema.
 */
export const Rows = Type.Unsafe<unknown[]>({
  type: 'array',
  minItems: 1,
  description: 'rows, in raw units: one number per feature, in feature order or by name',
  items: { anyOf: [{ type: 'array', items: { type: 'number' } }, { type: 'object' }] },
  'x-rows': true,
});

/** Documents a reply of predictions alone. */
export const Predictions = Type.Object({
  predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' }),
});
