import { type Static, Type } from 'typebox';
import { BooleanColumn, CategoryColumn, NumberColumn, TimestampColumn } from '../column.js';

/** Maximum inputs of a network: all columns encoded. */
export const MAX_INPUTS = 4096;

const Scale = Type.Number({ exclusiveMinimum: 0, description: 'standard deviation; 1 for a constant' });
const Gaps = Type.Number({
  minimum: 0,
  maximum: 1,
  description:
    'share of the training rows without a value; above 0, an input of its own says that the value is missing',
});
/** Index of one of the inputs of a column; -1 for none: such a value is encoded as the average row. */
const Place = Type.Integer({ minimum: -1 });

/** See `reachOf`; a version of an earlier release has none. */
const RangeSchema = Type.Optional(
  Type.Tuple([Type.Number(), Type.Number()], {
    description: 'of the training rows; a value beyond it by 0.5 to 1000 widths counts as 0.5 widths',
  }),
);

/** `(value - mean) / scale`; a gap is the mean. */
export const StandardEncoding = Type.Object({
  method: Type.Literal('standard'),
  mean: Type.Number(),
  scale: Scale,
  gaps: Gaps,
  range: RangeSchema,
});

/** As `standard`, and a second input: Yeo and Johnson's transform of `(value - centre) / width`, less `mean`, over `scale`. */
export const PowerEncoding = Type.Object({
  method: Type.Literal('power'),
  mean: Type.Number(),
  scale: Scale,
  power: Type.Object({
    centre: Type.Number(),
    width: Scale,
    lambda: Type.Number({ minimum: -10, maximum: 10 }),
    mean: Type.Number(),
    scale: Scale,
  }),
  gaps: Gaps,
  range: RangeSchema,
});

/** An input for each level: `(1 or 0 - share) / scale`, where `scale²` is the sum of `share × (1 - share)`. */
export const OneHotEncoding = Type.Object({
  method: Type.Literal('one_hot'),
  places: Type.Array(Place, { description: 'the input of each level; rare levels share one' }),
  other: Type.Integer({ minimum: -1, description: 'the input of a level that training did not have' }),
  gap: Type.Integer({ minimum: -1, description: 'the input of a missing value' }),
  shares: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
    minItems: 1,
    maxItems: MAX_INPUTS,
    description: 'share of the training rows, by input',
  }),
});

/** An input for each target, the level's shrunken mean of it, and one for the logarithm of the level's number of rows. */
export const TargetEncoding = Type.Object({
  method: Type.Literal('target'),
  statistics: Type.Array(Type.Array(Type.Number()), {
    description: '[levels, targets]: shrunken means of the standardised targets',
  }),
  scale: Scale,
  counts: Type.Array(Type.Integer({ minimum: 0 }), { description: 'training rows, by level' }),
  frequency: Type.Object({ mean: Type.Number(), scale: Scale }, { description: 'of log(1 + count)' }),
  gap: Type.Union([
    Type.Null(),
    Type.Object({ statistics: Type.Array(Type.Number()), count: Type.Integer({ minimum: 1 }) }),
  ]),
});

export const Period = Type.Union([Type.Literal('day'), Type.Literal('week'), Type.Literal('year')]);
export type Period = Static<typeof Period>;

/**
 * A trend, `(code - mean) / scale`, and for each cycle the sine and the cosine of its angle, less their means, over `scale`. A code
 * beyond `range` has the trend of its nearer end: what a network follows there is no knowledge of later times. With a `period`, it
 * has the trend of the same day of the nearest year within. Cycles go on. A version of an earlier release has no `range`.
 */
export const CalendarEncoding = Type.Object({
  method: Type.Literal('calendar'),
  trend: Type.Object({
    mean: Type.Number(),
    scale: Scale,
    range: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: 'the trend is that of the nearer end beyond these codes',
      }),
    ),
    period: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'the codes of a year, if a code beyond `range` is first moved into it by whole years',
      }),
    ),
  }),
  cycles: Type.Array(Type.Object({ period: Period, sin: Type.Number(), cos: Type.Number(), scale: Scale }), {
    maxItems: 3,
  }),
  gaps: Gaps,
});

/** A column as it comes in, with how its codes become inputs of the network. */
export const EncodedColumn = Type.Union([
  Type.Object({
    ...NumberColumn.properties,
    encoding: Type.Union([StandardEncoding, PowerEncoding]),
  }),
  Type.Object({ ...CategoryColumn.properties, encoding: Type.Union([OneHotEncoding, TargetEncoding]) }),
  Type.Object({ ...BooleanColumn.properties, encoding: StandardEncoding }),
  Type.Object({ ...TimestampColumn.properties, encoding: CalendarEncoding }),
]);
export type EncodedColumn = Static<typeof EncodedColumn>;
export type Encoding = EncodedColumn['encoding'];
export type StandardEncoding = Static<typeof StandardEncoding>;
export type PowerEncoding = Static<typeof PowerEncoding>;
export type OneHotEncoding = Static<typeof OneHotEncoding>;
export type TargetEncoding = Static<typeof TargetEncoding>;
export type CalendarEncoding = Static<typeof CalendarEncoding>;

/** A target that is learned as its logarithm: the network's output is `(log(1 + target) - mean) / scale`. */
export const TargetTransform = Type.Union([
  Type.Object({ method: Type.Literal('none') }),
  Type.Object({ method: Type.Literal('log1p'), mean: Type.Number(), scale: Scale }),
]);
export type TargetTransform = Static<typeof TargetTransform>;

/** Returns whether a column is a number that is only standardised: `(value - mean) / scale`. */
export function isPlain({ type, encoding }: EncodedColumn): boolean {
  return type === 'number' && encoding.method === 'standard' && encoding.gaps === 0;
}

/** Number of inputs of an encoding. */
export function inputsOf(encoding: Encoding): number {
  switch (encoding.method) {
    case 'standard':
      return encoding.gaps > 0 ? 2 : 1;
    case 'power':
      return encoding.gaps > 0 ? 3 : 2;
    case 'one_hot':
      return encoding.shares.length;
    case 'target':
      return (encoding.statistics[0]?.length ?? 0) + 1;
    case 'calendar':
      return 1 + 2 * encoding.cycles.length + (encoding.gaps > 0 ? 1 : 0);
  }
}

/** Number of inputs of a network for these columns. */
export function inputCount(columns: readonly EncodedColumn[]): number {
  return columns.reduce((sum, { encoding }) => sum + inputsOf(encoding), 0);
}
