import { Type } from 'typebox';

/**
 * Rows of a request, as the documents of the interface show them: `x-rows` marks where the description puts the serving
 * model's own features. It validates nothing; readers do.
 */
export const Rows = Type.Unsafe<unknown[]>({
  type: 'array',
  minItems: 1,
  description: 'rows, in raw units: one number per feature, in feature order or by name',
  items: { anyOf: [{ type: 'array', items: { type: 'number' } }, { type: 'object' }] },
  'x-rows': true,
});
