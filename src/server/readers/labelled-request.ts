import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import type { JsonRows } from '../../model/tables/json/json-table.js';

const Target = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })]);

/** Rows with their targets, as a body gives them. */
export const LabelledFields = {
  instances: Type.Optional(
    Type.Array(Type.Unknown(), {
      minItems: 1,
      description: 'rows: arrays of numbers with `targets`, or objects with `target`; null is a missing value',
    }),
  ),
  targets: Type.Optional(
    Type.Array(Type.Unknown(), { description: 'per row a number, or an array of them if there are several targets' }),
  ),
  target: Type.Optional(Target),
};
const LabelledBody = Type.Object(LabelledFields);
export type LabelledBody = Static<typeof LabelledBody>;

/** The rows of a body, whose form is told by its keys. Throws `INVALID_ROWS`, with what else could be there as `others`. */
export function labelledRows({ instances, targets, target }: LabelledBody, others: string): JsonRows {
  if (!instances) throw new DomainError('INVALID_ROWS', `body: expected "instances" or ${others}`);
  if ((targets === undefined) === (target === undefined)) {
    throw new DomainError('INVALID_ROWS', 'body: expected either "targets" (one per row) or "target" (a column name)');
  }
  return targets ? { instances, targets } : { instances, target: [target!].flat() };
}
