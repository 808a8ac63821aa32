import { DomainError, show } from '../../base/domain-error.js';

/** The largest finite float32; the network computes in float32. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/** Rows as the engine takes them: row-major `[≥ count, features]` in raw units, NaN where a value is missing. */
export interface Rows {
  readonly rows: Float32Array;
  readonly count: number;
  /** Number of the request's named columns that the model does not have, if any. */
  readonly ignored?: number;
}

/**
 * Throws `INVALID_ROWS` if there are no rows, and `TOO_LARGE` if there are more than `maxRows`. `place` is the client's
 * name for the rows.
 */
export function checkCount(count: number, place: string, maxRows: number): void {
  if (count === 0) throw invalidRows(`${place}: expected at least one row, got none`);
  if (count > maxRows) throw new DomainError('TOO_LARGE', `${place}: expected at most ${maxRows} rows, got ${count}`);
}

/** Returns true for a number that float32 can hold. JSON.parse reads 1e999 as Infinity, which it cannot. */
export function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && value >= -MAX_FLOAT32 && value <= MAX_FLOAT32;
}

/** Lists names for a message: the first eight, then how many more. */
export function listed(names: readonly string[]): string {
  return firstOf(names.map(show), ', ');
}

/** Joins texts for a message: the first eight, then how many more. */
export function firstOf(texts: readonly string[], separator: string): string {
  const rest = texts.length - 8;
  return texts.slice(0, 8).join(separator) + (rest > 0 ? ` and ${rest} more` : '');
}

export function invalidRows(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
