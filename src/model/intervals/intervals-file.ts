import { type Static, Type } from 'typebox';

/** Scores of a target, at most. More make a level more exact than by a thousandth. */
export const MAX_SCORES = 1000;

/** `intervals.json`: what a version knows of its errors on rows that it was neither fitted to nor stopped by. */
export const IntervalsFile = Type.Object({
  schema: Type.Literal(1),
  /** Calibration rows. */
  rows: Type.Integer({ minimum: 1 }),
  /** In the order of the card. */
  targets: Type.Array(
    Type.Object({
      /**
       * Absolute residuals on the scale on which the target is learned, ascending: all of them, or as many as `MAX_SCORES`
       * calibration rows would have at equal ranks.
       */
      scores: Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: MAX_SCORES }),
    }),
    { minItems: 1 },
  ),
});
export type IntervalsFile = Static<typeof IntervalsFile>;
