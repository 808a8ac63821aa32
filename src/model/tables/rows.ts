import { DomainError, show } from '../../base/domain-error.js';

/** The greatest finite float32: what the network computes in. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/** Rows as the engine takes them: row-major `[≥ count, features]` in raw units, NaN where a value is missing. */
export interface Rows {
  readonly rows: Float32Array;
  readonly count: number;
}

/**
 * Reads rows that a client sent as JSON into one row-major `[rows, features]` array: each an array of numbers in feature
 * order, or an object with one number per feature name. Nothing is coerced. With `allowMissing` a null is NaN.
 *
 * Throws `INVALID_ROWS`, naming place and expectation, e.g. `instances[3][5]: expected a finite number, got "abc"`, where
 * `place` is what the client calls the rows.
 */
export function readRows(
  instances: readonly unknown[],
  featureNames: readonly string[],
  allowMissing = false,
  place = 'instances',
): Float32Array {
  const width = featureNames.length;
  const rows = new Float32Array(instances.length * width);
  for (let i = 0, at = 0; i < instances.length; i++, at += width) {
    const row = instances[i];
    if (Array.isArray(row)) readArray(row, place, i, featureNames, allowMissing, rows, at);
    else readObject(row, place, i, featureNames, allowMissing, rows, at);
  }
  return rows;
}

function readArray(
  row: unknown[],
  place: string,
  i: number,
  featureNames: readonly string[],
  allowMissing: boolean,
  rows: Float32Array,
  at: number,
): void {
  const width = featureNames.length;
  if (row.length !== width) {
    throw invalid(`${place}[${i}]: expected ${width} numbers (${listed(featureNames)}), got ${row.length}`);
  }
  for (let j = 0; j < width; j++) {
    const value = row[j];
    if (isFloat32(value)) rows[at + j] = value;
    else if (value === null && allowMissing) rows[at + j] = Number.NaN;
    else throw notANumber(`${place}[${i}][${j}]`, value);
  }
}

function readObject(
  row: unknown,
  place: string,
  i: number,
  featureNames: readonly string[],
  allowMissing: boolean,
  rows: Float32Array,
  at: number,
): void {
  if (typeof row !== 'object' || row === null) {
    throw invalid(`${place}[${i}]: expected an array of numbers or an object of features, got ${show(row)}`);
  }
  const named = row as Record<string, unknown>;
  for (let j = 0; j < featureNames.length; j++) {
    const name = featureNames[j]!;
    if (!Object.hasOwn(named, name)) throw invalid(`${place}[${i}]: feature ${show(name)} is missing`);
    const value = named[name];
    if (isFloat32(value)) rows[at + j] = value;
    else if (value === null && allowMissing) rows[at + j] = Number.NaN;
    else throw notANumber(`${place}[${i}][${show(name)}]`, value);
  }
  if (Object.keys(named).length > featureNames.length) {
    const unknown = Object.keys(named).find((name) => !featureNames.includes(name));
    throw invalid(`${place}[${i}]: unknown feature ${show(unknown)}; the model has ${listed(featureNames)}`);
  }
}

/**
 * Throws `INVALID_ROWS` if there are no rows, and `TOO_LARGE` if there are too many. `place` is what the client calls
 * them.
 */
export function checkCount(count: number, place: string, maxRows: number): void {
  if (count === 0) throw invalid(`${place}: expected at least one row, got none`);
  if (count > maxRows) throw new DomainError('TOO_LARGE', `${place}: expected at most ${maxRows} rows, got ${count}`);
}

/** Whether a value is a number that float32 can hold: 1e999 arrives from JSON.parse as Infinity. */
export function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && value >= -MAX_FLOAT32 && value <= MAX_FLOAT32;
}

/** Names for a message: the first eight, then how many more. */
export function listed(names: readonly string[]): string {
  const rest = names.length - 8;
  return names.slice(0, 8).map(show).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function notANumber(place: string, value: unknown): DomainError {
  return invalid(`${place}: expected a finite number, got ${show(value)}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
