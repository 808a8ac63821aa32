import { DomainError, show } from '../../../base/domain-error.js';
import { isFloat32, listed } from '../rows.js';

/**
 * Reads parsed JSON rows into one row-major `[rows, features]` array. Each row is an array of numbers in feature order, or
 * an object with one number per feature name. Nothing is coerced. With `allowMissing`, null becomes NaN.
 *
 * Throws `INVALID_ROWS` with the place and the expectation, for example `instances[3][5]: expected a finite number, got
 * "abc"`. `place` is the client's name for the rows.
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

function notANumber(place: string, value: unknown): DomainError {
  return invalid(`${place}: expected a finite number, got ${show(value)}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
