import { type Static, Type } from 'typebox';

/** Knots of the prediction's terms. */
export const KNOTS = 5;

/** Terms of a row, without the constant. */
export const TERMS = KNOTS + 2;

/** Bounds of an exponent: beyond, a width would not be a number that float32 can hold. */
const MAX_EXPONENT = 80;

const Exponent = Type.Number({ minimum: -MAX_EXPONENT, maximum: MAX_EXPONENT });

/**
 * The expected absolute residual of a row, up to a factor: the exponential of a linear function of its terms. It gives each row its own
 * width: Papadopoulos, Gammerman and Vovk 2008, Normalized Nonconformity Measures for Regression.
 */
export const Difficulty = Type.Object({
  knots: Type.Array(Type.Number(), { minItems: KNOTS, maxItems: KNOTS }),
  /** Of the terms, and at last the constant. */
  coefficients: Type.Array(Type.Number(), { minItems: TERMS + 1, maxItems: TERMS + 1 }),
  /** The exponents of calibration rows: no row counts as easier or harder than all of these. */
  range: Type.Tuple([Exponent, Exponent]),
});
export type Difficulty = Static<typeof Difficulty>;

export function boundExponent(exponent: number): number {
  return Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent));
}

/** The logarithm of a reconstruction error of 0 is finite. */
const MIN_ERROR = 1e-6;

/**
 * Writes the terms of a row to `to[at…]`: its prediction `output`, on the scale on which it is learned; how far this is above each knot;
 * and the logarithm of its reconstruction error.
 */
export function writeTerms(
  output: number,
  error: number,
  knots: readonly number[],
  to: Float64Array,
  at: number,
): void {
  to[at] = output;
  for (let k = 0; k < KNOTS; k++) to[at + 1 + k] = Math.max(0, output - knots[k]!);
  to[at + 1 + KNOTS] = Math.log(error + MIN_ERROR);
}

const terms = new Float64Array(TERMS);

/** Returns the difficulty of a row; 1 without a model of it. */
export function difficultyOf(difficulty: Difficulty | null, output: number, error: number): number {
  if (!difficulty) return 1;
  const { knots, coefficients, range } = difficulty;
  writeTerms(output, error, knots, terms, 0);
  let exponent = coefficients[TERMS]!;
  for (let i = 0; i < TERMS; i++) exponent += coefficients[i]! * terms[i]!;
  // Not a number if numbers as large as float32 has them cancel out.
  if (!(exponent > range[0])) return Math.exp(range[0]);
  return Math.exp(Math.min(exponent, range[1]));
}
