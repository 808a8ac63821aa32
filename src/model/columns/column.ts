import { type Static, Type } from 'typebox';
import { DATE_ORDERS, EPOCHS } from './times.js';

/** Levels that a column may have. More could not be learned, and would make the card too large. */
export const MAX_LEVELS = 1000;

const Common = {
  name: Type.String({ minLength: 1 }),
  missing: Type.Number({
    minimum: 0,
    maximum: 1,
    description:
      'share of the rows without a value: of the training, or of the whole table if its rows with a target have all',
  }),
};
const Range = Type.Tuple([Type.Number(), Type.Number()], { description: 'smallest and largest value of the training' });

/** How a column's numbers are written, where it is not the plain decimal notation. */
export const Notation = Type.Object({
  decimal: Type.Union([Type.Literal('.'), Type.Literal(',')]),
  thousands: Type.Optional(Type.String({ maxLength: 1, description: 'separates groups of three digits' })),
  unit: Type.Optional(Type.String({ maxLength: 8, description: 'a currency or % beside every number' })),
  parentheses: Type.Optional(Type.Literal(true, { description: 'negative numbers are in parentheses' })),
});
export type Notation = Static<typeof Notation>;

export const NumberColumn = Type.Object({
  ...Common,
  type: Type.Literal('number'),
  range: Range,
  notation: Type.Optional(Notation),
});

export const CategoryColumn = Type.Object({
  ...Common,
  type: Type.Literal('category'),
  levels: Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: MAX_LEVELS, uniqueItems: true }),
  counts: Type.Array(Type.Integer({ minimum: 0 }), { description: 'training rows with each level' }),
});

export const BooleanColumn = Type.Object({
  ...Common,
  type: Type.Literal('boolean'),
  labels: Type.Tuple([Type.String(), Type.String()], { description: 'as the table writes false and true' }),
});

export const TimeUnit = Type.Union([Type.Literal('day'), Type.Literal('minute'), Type.Literal('second')]);
export type TimeUnit = Static<typeof TimeUnit>;

export const TimestampColumn = Type.Object({
  ...Common,
  type: Type.Literal('timestamp'),
  unit: TimeUnit,
  origin: Type.Integer({ description: 'what code 0 stands for, in milliseconds since 1970, UTC' }),
  range: Range,
  order: Type.Optional(
    Type.Enum([...DATE_ORDERS], { description: 'of day, month and year in the table, unless it is that of ISO 8601' }),
  ),
  epoch: Type.Optional(
    Type.Enum([...EPOCHS], { description: 'the table has numbers, which count from 1970 in this unit' }),
  ),
});

/** A column as it comes in: what serving needs to understand a cell. */
export const Column = Type.Union([NumberColumn, CategoryColumn, BooleanColumn, TimestampColumn]);
export type Column = Static<typeof Column>;
export type NumberColumn = Static<typeof NumberColumn>;
export type CategoryColumn = Static<typeof CategoryColumn>;
export type BooleanColumn = Static<typeof BooleanColumn>;
export type TimestampColumn = Static<typeof TimestampColumn>;
export type ColumnType = Column['type'];
