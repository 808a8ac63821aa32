import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { sameNames } from '../tables/columns.js';
import type { Card } from './card.js';

/** The importance of columns to two versions. */
export const ComparedImportance = nullable(
  Type.Array(
    Type.Object({
      name: Type.String(),
      // An array and not a tuple: fast-json-stringify cannot write tuples of unions.
      increase: Type.Array(nullable(Type.Number()), { minItems: 2, maxItems: 2 }),
    }),
  ),
  {
    description:
      'increase of the RMSE when a column is shuffled, by column, those most important to the first version first, null for a version ' +
      'that does not list it; null if a version has no importance, or they have other targets',
  },
);
export type ComparedImportance = Static<typeof ComparedImportance>;

/** Returns the importance of each column that either version lists. */
export function compareImportance(a: Card, b: Card): ComparedImportance {
  if (!a.importance || !b.importance || !sameNames(a.targets, b.targets)) return null;
  const [first, second] = [increases(a.importance), increases(b.importance)];
  const names = new Set([...first.keys(), ...second.keys()]);
  return Array.from(names, (name) => ({ name, increase: [first.get(name) ?? null, second.get(name) ?? null] }));
}

function increases({ columns }: NonNullable<Card['importance']>): ReadonlyMap<string, number> {
  return new Map(columns.map(({ name, increase }) => [name, increase]));
}
