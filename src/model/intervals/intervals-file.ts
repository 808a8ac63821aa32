import { type Static, Type } from 'typebox';
import { Difficulty } from './difficulty.js';

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
      /** Null if all rows count as equally difficult. */
      difficulty: Type.Union([Difficulty, Type.Null()]),
      /**
       * Absolute residuals, on the scale on which the target is learned, by the difficulty of their rows, ascending: all of them, or
       * as many as `MAX_SCORES` calibration rows would have, at the same levels.
       */
      scores: Type.Array(Type.Number({ minimum: 0, maximum: 3e38 }), { minItems: 1, maxItems: MAX_SCORES }),
    }),
    { minItems: 1 },
  ),
});
export type IntervalsFile = Static<typeof IntervalsFile>;
