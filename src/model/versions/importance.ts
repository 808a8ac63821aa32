import { type Static, Type } from 'typebox';
import { show } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import type { EncodedColumn } from '../columns/encoding/encoding.js';
import { readTime } from '../columns/times.js';

/** Columns that a card lists, at most. */
export const MAX_IMPORTANCES = 100;

/** Targets that have figures of their own, at most: the first. */
export const MAX_TARGETS = 10;

/** Columns whose partial dependence a card has, at most. */
export const MAX_DEPENDENCES = 2;

/** Values at which partial dependence is computed, at most, without the missing value. */
export const MAX_POINTS = 20;

const Increase = {
  increase: Type.Number({ description: 'of the RMSE, the mean over the repeats; below 0 by chance alone' }),
  deviation: Type.Number({ minimum: 0, description: 'standard deviation over the repeats' }),
  standard_error: Type.Number({
    minimum: 0,
    description: 'of `increase`: by the chance of the shuffles and of which rows were held out',
  }),
};

/** How much the predictions of a version get worse when a column says nothing. */
export const Importance = Type.Object(
  {
    rmse: Type.Number({
      minimum: 0,
      description: 'of these rows as they are: in units of the target; of several targets, in standard deviations',
    }),
    rows: Type.Integer({ minimum: 2, description: 'held-out rows that it is measured on' }),
    repeats: Type.Integer({ minimum: 1, description: 'shuffles of each column' }),
    columns: Type.Array(
      Type.Object({
        name: Type.String({ minLength: 1 }),
        ...Increase,
        targets: Type.Optional(
          Type.Array(Type.Object(Increase), {
            minItems: 1,
            maxItems: MAX_TARGETS,
            description: `of each target in its units, in their order, of the first ${MAX_TARGETS}; none if there is one target`,
          }),
        ),
      }),
      { maxItems: MAX_IMPORTANCES, description: 'the most important first' },
    ),
    unlisted: Type.Integer({ minimum: 0, description: 'columns that are less important and not listed' }),
  },
  { 'x-schema': 'Importance' },
);
export type Importance = Static<typeof Importance>;

/** The mean prediction as a column takes different values and all others remain as they are. */
export const PartialDependence = Type.Object(
  {
    column: Type.String({ minLength: 1 }),
    rows: Type.Integer({ minimum: 1, description: 'held-out rows that the means are taken over' }),
    values: Type.Array(nullable(Type.Union([Type.Number(), Type.String({ maxLength: 256 }), Type.Boolean()])), {
      minItems: 2,
      maxItems: MAX_POINTS + 1,
      description:
        'numbers and times in order, each the mean of at least 5 held-out rows or a value that as many share; the most ' +
        'frequent levels of a category; null for a missing value',
    }),
    predictions: Type.Array(Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_TARGETS }), {
      maxItems: MAX_POINTS + 1,
      description: `[values, targets]: mean predictions in target units, of the first ${MAX_TARGETS} targets`,
    }),
    unlisted: Type.Integer({ minimum: 0, description: 'levels that are less frequent and not listed' }),
  },
  { 'x-schema': 'PartialDependence' },
);
export type PartialDependence = Static<typeof PartialDependence>;

/** The parts of a card that say what matters. */
interface WhatMatters {
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly columns?: readonly EncodedColumn[];
  readonly importance?: Importance;
  readonly partial_dependence?: readonly PartialDependence[];
}

/** Returns the place in a card, and what is wrong there, if what it says of importance does not fit its columns; undefined if it does. */
export function importanceMismatch(card: WhatMatters): string | undefined {
  const { features, targets, columns, importance, partial_dependence: dependences = [] } = card;
  const known = new Map(features.map((name, j) => [name, columns?.[j]?.type ?? 'number']));
  const figures = Math.min(MAX_TARGETS, targets.length);
  const named = new Set<string>();
  for (const [i, { name, targets: own }] of importance?.columns.entries() ?? []) {
    const place = `/importance/columns/${i}`;
    if (!known.has(name) || named.has(name)) return `${place}/name: ${show(name)} is no feature, or there twice`;
    if ((own?.length ?? 1) !== figures) return `${place}/targets: expected one per target`;
    named.add(name);
  }
  if (importance && importance.columns.length + importance.unlisted !== features.length) {
    return '/importance/unlisted: expected the number of the other features';
  }
  for (const [i, { column, values, predictions }] of dependences.entries()) {
    const place = `/partial_dependence/${i}`;
    const type = known.get(column);
    if (!type) return `${place}/column: ${show(column)} is not a feature`;
    const wrong = values.findIndex((value) => value !== null && !isOfType(value, type));
    if (wrong >= 0) return `${place}/values/${wrong}: expected a ${type}`;
    if (predictions.length !== values.length) return `${place}/predictions: expected one per value`;
    if (predictions.some(({ length }) => length !== figures)) return `${place}/predictions: expected one per target`;
  }
  return undefined;
}

function isOfType(value: number | string | boolean, type: EncodedColumn['type']): boolean {
  if (type === 'category') return typeof value === 'string';
  if (type === 'timestamp') return typeof value === 'string' && !Number.isNaN(readTime(value));
  return typeof value === type;
}
