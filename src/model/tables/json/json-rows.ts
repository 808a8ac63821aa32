import { show } from '../../../base/domain-error.js';
import { valueCoders } from '../../columns/value-coder.js';
import { placesOf } from '../columns.js';
import { codeValue, mayMiss, type RowModel } from '../row-model.js';
import { invalidRows, isFloat32, listed } from '../rows.js';

/** Rows as they were read, and how many columns of them the model does not have. */
export interface ReadRows {
  /** `[rows, features]`: numbers, or codes of what the model's columns take. */
  readonly rows: Float32Array;
  readonly ignored: number;
}

/**
 * Reads parsed JSON rows into one row-major `[rows, features]` array. Each row is an array of values in the order of `columns`, by
 * default the features, or an object with one value per name. Both may have other columns, which are ignored. A model of numbers
 * takes numbers and nothing else; see `codeOfValue` for others. null becomes NaN where the model takes missing values.
 *
 * Throws `INVALID_ROWS` with the place and the expectation, for example `instances[3][5]: expected a finite number, got
 * "abc"`. `place` is the client's name for the rows.
 */
export function readRows(
  instances: readonly unknown[],
  model: RowModel,
  place = 'instances',
  columns: readonly string[] = model.features,
): ReadRows {
  const { features } = model;
  const width = features.length;
  const coders = model.columns && valueCoders(model.columns);
  const what = coders ? 'values' : 'numbers';
  // Features in order, as almost always.
  const places = columns === features ? undefined : placesOf(features, columns, place);
  const rows = new Float32Array(instances.length * width);
  const others = new Set<string>();
  let known: ReadonlySet<string> | undefined;
  let areArrays = false;
  for (let i = 0; i < instances.length; i++) {
    const row = instances[i];
    if (Array.isArray(row)) readArray(row, i);
    else readObject(row, i);
  }
  return { rows, ignored: others.size + (areArrays ? columns.length - width : 0) };

  function readArray(row: unknown[], i: number): void {
    areArrays = true;
    if (row.length !== columns.length) {
      throw invalidRows(`${place}[${i}]: expected ${columns.length} ${what} (${listed(columns)}), got ${row.length}`);
    }
    for (let j = 0, at = i * width; j < width; j++, at++) {
      const column = places ? places[j]! : j;
      rows[at] = read(row[column], i, j, column);
    }
  }

  function readObject(row: unknown, i: number): void {
    if (typeof row !== 'object' || row === null) {
      throw invalidRows(`${place}[${i}]: expected an array of ${what} or an object of features, got ${show(row)}`);
    }
    const named = row as Record<string, unknown>;
    for (let j = 0; j < width; j++) {
      const name = features[j]!;
      if (!Object.hasOwn(named, name)) throw invalidRows(`${place}[${i}]: feature ${show(name)} is missing`);
      rows[i * width + j] = read(named[name], i, j, name);
    }
    const names = Object.keys(named);
    if (names.length === width) return;
    known ??= new Set(features);
    for (const name of names) if (!known.has(name)) others.add(name);
  }

  function read(value: unknown, i: number, feature: number, column: number | string): number {
    if (coders) {
      const code = coders[feature]!.code(value);
      if (typeof code === 'number' && (!Number.isNaN(code) || mayMiss(model, feature))) return code;
      return refuse(value, i, feature, column);
    }
    if (isFloat32(value)) return value;
    if (value === null && mayMiss(model, feature)) return Number.NaN;
    return refuse(value, i, feature, column);
  }

  /** Throws the error for a value. Apart from `read`, which would otherwise allocate the context of the closure for every value. */
  function refuse(value: unknown, i: number, feature: number, column: number | string): number {
    const at = `${place}[${i}][${show(column)}]`;
    if (coders) return codeValue(model, feature, value, () => at, typeof column === 'string');
    throw invalidRows(`${at}: expected a finite number, got ${show(value)}`);
  }
}
