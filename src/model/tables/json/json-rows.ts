import { show } from '../../../base/domain-error.js';
import { invalidRows, isFloat32, listed } from '../rows.js';

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
  for (let i = 0; i < instances.length; i++) {
    const row = instances[i];
    if (Array.isArray(row)) readArray(row, i);
    else readObject(row, i);
  }
  return rows;

  function readArray(row: unknown[], i: number): void {
    if (row.length !== width) {
      throw invalidRows(`${place}[${i}]: expected ${width} numbers (${listed(featureNames)}), got ${row.length}`);
    }
    for (let j = 0, at = i * width; j < width; j++, at++) {
      const value = row[j];
      rows[at] = isFloat32(value) ? value : missing(value, i, j);
    }
  }

  function readObject(row: unknown, i: number): void {
    if (typeof row !== 'object' || row === null) {
      throw invalidRows(`${place}[${i}]: expected an array of numbers or an object of features, got ${show(row)}`);
    }
    const named = row as Record<string, unknown>;
    for (let j = 0; j < width; j++) {
      const name = featureNames[j]!;
      if (!Object.hasOwn(named, name)) throw invalidRows(`${place}[${i}]: feature ${show(name)} is missing`);
      const value = named[name];
      rows[i * width + j] = isFloat32(value) ? value : missing(value, i, name);
    }
    if (Object.keys(named).length > width) {
      const unknown = Object.keys(named).find((name) => !featureNames.includes(name));
      throw invalidRows(`${place}[${i}]: unknown feature ${show(unknown)}; the model has ${listed(featureNames)}`);
    }
  }

  function missing(value: unknown, i: number, column: number | string): number {
    if (value === null && allowMissing) return Number.NaN;
    throw invalidRows(`${place}[${i}][${show(column)}]: expected a finite number, got ${show(value)}`);
  }
}
