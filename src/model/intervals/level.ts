/** Levels that an interval may have: the share of rows whose target it is to contain. */
export const MIN_LEVEL = 0.5;
export const MAX_LEVEL = 0.99;

/** In messages. */
export const LEVELS = `a level from ${MIN_LEVEL} to ${MAX_LEVEL}`;

/** The product of a level such as 0.95 and a number of rows may exceed the true one by rounding. */
const ROUNDING = 1e-9;

/** Returns a level, also from a text; undefined if it is none. */
export function readLevel(value: unknown): number | undefined {
  const level = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof level === 'number' && level >= MIN_LEVEL && level <= MAX_LEVEL ? level : undefined;
}

/**
 * Returns the rank, from 1, of the score of `rows` calibration rows that bounds the score of a new row with the probability
 * `level`, ⌈(rows + 1) level⌉: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005). A rank beyond `rows`
 * means that they are too few.
 */
export function rankOf(level: number, rows: number): number {
  return Math.ceil((rows + 1) * level - ROUNDING);
}

/** Returns the number of calibration rows that a level requires. */
export function rowsFor(level: number): number {
  return Math.ceil(level / (1 - level) - ROUNDING);
}

/** Returns the highest level that `rows` calibration rows allow, rounded down to three decimals. */
export function highestLevel(rows: number): number {
  return Math.min(MAX_LEVEL, Math.floor((1000 * rows) / (rows + 1) + ROUNDING) / 1000);
}
