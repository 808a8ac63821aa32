import { type Static, Type } from 'typebox';
import type { JsonRows } from '../../model/tables/json/json-table.js';
import { invalidRows } from './row-list.js';

const Target = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })]);

/** The fields of a body with rows and their targets. */
export const LabelledFields = {
  instances: Type.Optional(
    Type.Array(Type.Unknown(), {
      minItems: 1,
      description: 'rows: arrays of numbers with `targets`, or objects with `target`; null is a missing value',
    }),
  ),
  targets: Type.Optional(
    Type.Array(Type.Unknown(), {
      description:
        'a number per row, or an array of numbers if there are several targets; true and false count as 1 and 0',
    }),
  ),
  target: Type.Optional(Target),
};
const LabelledBody = Type.Object(LabelledFields);
export type LabelledBody = Static<typeof LabelledBody>;

/** Returns the rows of a body, whose keys determine its form. Throws `INVALID_ROWS`, naming `others` as alternatives. */
export function labelledRows({ instances, targets, target }: LabelledBody, others: string): JsonRows {
  if (!instances) throw invalidRows(`body: expected "instances" or ${others}`);
  if ((targets === undefined) === (target === undefined)) {
    throw invalidRows('body: expected either "targets" (one per row) or "target" (a column name)');
  }
  return targets ? { instances, targets } : { instances, target: [target!].flat() };
}
