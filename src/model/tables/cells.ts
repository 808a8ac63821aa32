import { MAX_INSTANT } from '../columns/times.js';

/** What the cells of a typed column are, whatever is made of the column later. */
export type CellKind = 'number' | 'boolean' | 'instant' | 'text';

/** Cells of one column, in the order of the rows. */
export interface Cells {
  /**
   * `[rows]`; NaN where a cell has no value. A number; 0 or 1 for a boolean; milliseconds since 1970, UTC, for an instant; the
   * index in `texts` for a text.
   */
  readonly values: Float64Array;
  /** The texts of text cells. More may be appended later. */
  readonly texts?: readonly string[];
}

/** Returns the index of the first instant that `Date` cannot hold; -1 if there is none. */
export function outOfTime(instants: Float64Array): number {
  for (let i = 0; i < instants.length; i++) if (Math.abs(instants[i]!) > MAX_INSTANT) return i;
  return -1;
}

/** Returns the float64 that is closest to `unscaled * 10 ** -scale`. */
export function decimalToNumber(unscaled: bigint, scale: number): number {
  const whole = Number(unscaled);
  // Both are exact, so the quotient is rounded only once.
  if (Number.isSafeInteger(whole) && scale >= 0 && scale <= 22) return whole / 10 ** scale;
  return Number(`${unscaled}e${-scale}`);
}

/** Returns the largest integer that is not above the quotient. */
export function floorDivided(dividend: bigint, divisor: bigint): number {
  const quotient = dividend / divisor;
  return Number(dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient);
}
