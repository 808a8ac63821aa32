import { show } from '../../../base/domain-error.js';
import { isObject } from '../../../base/json/parse-json.js';
import { type ColumnOrder, type Columns, checkColumns, splitColumns } from '../columns.js';
import { RawTable, type RawTableOptions } from '../raw/raw-table.js';
import { invalidRows, listed } from '../rows.js';
import type { TableInfo } from '../table-file.js';

/** Training rows as JSON: arrays with separate targets, or objects that hold their targets. */
export type JsonRows =
  | { readonly instances: readonly unknown[]; readonly targets: readonly unknown[] }
  | { readonly instances: readonly unknown[]; readonly target: readonly string[] };

/** A value of a row. */
export type JsonCell = number | string | boolean | null;

/** Rows to be read one by one. */
export interface JsonTable {
  readonly columns: Columns;
  readonly rows: number;
  /**
   * Returns a function that reads row `i` by column index, features first; null is a missing value. Both throw
   * `INVALID_ROWS` with the place.
   */
  readonly row: (i: number) => (column: number) => JsonCell;
  /** Names the place of a value. */
  readonly place: (i: number, column: number) => string;
}

/**
 * Reads JSON rows. Nothing is coerced. Unnamed columns get the names of `known` if their number matches, otherwise `x0`,
 * `x1`, … and `y0`, `y1`, …
 *
 * Throws `INVALID_ROWS` with the place, `UNKNOWN_COLUMN`, and what `order` throws.
 */
export function readJsonTable(json: JsonRows, known: Columns | undefined, order: ColumnOrder): JsonTable {
  return 'target' in json
    ? readNamed(json.instances, json.target, order)
    : readArrays(json.instances, json.targets, known, order);
}

/** What is said about JSON rows beside their columns. */
export type JsonTableOptions = Pick<RawTableOptions, 'choices' | 'serving' | 'isReport'>;

/**
 * Writes JSON rows to a table on disk. Rows in order keep all of their columns. Throws what `readJsonTable` and `RawTable.finish`
 * throw.
 */
export function jsonToTable(
  json: JsonRows,
  directory: string,
  known: Columns | undefined,
  order: ColumnOrder,
  options: JsonTableOptions = {},
): TableInfo {
  const { columns, rows, row, place } = readJsonTable(json, known, (found) => found);
  const names = [...columns.features, ...columns.targets];
  checkColumns(names);
  const isMixed = haveMoreTexts(rows, names.length, row);
  using table = new RawTable(
    directory,
    names.map((name) => ({ name })),
    {
      ...options,
      targets: columns.targets,
      order,
      isPositional: !('target' in json),
      place: () => added,
      where: (i) => `instances[${i}]`,
    },
  );
  const places = table.columns.map(({ name }) => names.indexOf(name));
  let added = 0;
  for (; added < rows; added++) {
    const value = row(added);
    for (const [i, column] of table.columns.entries()) {
      const cell = value(places[i]!);
      if (isMixed[places[i]!] && cell !== null) column.text(String(cell));
      else if (!column.value(cell)) throw invalidRows(`${place(added, places[i]!)}: expected a number, a text or null`);
    }
    table.endRow();
  }
  return table.finish();
}

/** Returns true for each column of numbers and texts that has more texts: its numbers are texts too. Reads each row once. */
function haveMoreTexts(rows: number, width: number, row: JsonTable['row']): boolean[] {
  const [numbers, texts] = [new Uint32Array(width), new Uint32Array(width)];
  for (let i = 0; i < rows; i++) {
    const cell = row(i);
    for (let column = 0; column < width; column++) {
      const value = cell(column);
      if (typeof value === 'number') numbers[column]!++;
      else if (value !== null) texts[column]!++;
    }
  }
  return Array.from(numbers, (count, column) => count > 0 && texts[column]! > count);
}

function readNamed(instances: readonly unknown[], targets: readonly string[], order: ColumnOrder): JsonTable {
  const first = instances[0];
  if (!isObject(first)) throw invalidRows(`instances[0]: expected an object with the target, got ${show(first)}`);
  const keys = Object.keys(first);
  const columns = order(splitColumns(keys, targets));
  const names = [...columns.features, ...columns.targets];
  const read = (i: number) => {
    const row = instances[i];
    const place = `instances[${i}]`;
    if (!isObject(row)) throw invalidRows(`${place}: expected an object like the first, got ${show(row)}`);
    const unknown = Object.keys(row).find((name) => !Object.hasOwn(first, name));
    if (unknown !== undefined)
      throw invalidRows(`${place}: unknown column ${show(unknown)}; the first row has ${listed(keys)}`);
    return (column: number) => {
      const name = names[column]!;
      // A key that a row omits is a missing value, as in a table with holes.
      return Object.hasOwn(row, name) ? readCell(row[name], () => `${place}[${show(name)}]`) : null;
    };
  };
  return {
    columns,
    rows: instances.length,
    row: read,
    place: (i, column) => `instances[${i}][${show(names[column])}]`,
  };
}

function readArrays(
  instances: readonly unknown[],
  targets: readonly unknown[],
  known: Columns | undefined,
  order: ColumnOrder,
): JsonTable {
  if (targets.length !== instances.length) {
    throw invalidRows(`targets: expected one per row of instances (${instances.length}), got ${targets.length}`);
  }
  const [firstRow, firstTarget] = [instances[0], targets[0]];
  if (!Array.isArray(firstRow) || firstRow.length === 0) {
    throw invalidRows(
      `instances[0]: expected an array of numbers, got ${show(firstRow)}; rows of named values need "target"`,
    );
  }
  const width = firstRow.length;
  const several = Array.isArray(firstTarget);
  const depth = several ? firstTarget.length : 1;
  if (depth === 0) throw invalidRows('targets[0]: expected at least one number, got []');
  const columns = order({ features: names('x', width, known?.features), targets: names('y', depth, known?.targets) });
  const read = (i: number) => {
    const row = readArray(instances[i], width, () => `instances[${i}]`);
    const target = several ? readArray(targets[i], depth, () => `targets[${i}]`) : [targets[i]];
    return (column: number) => readCell(column < width ? row[column] : target[column - width], () => place(i, column));
  };
  const place = (i: number, column: number) =>
    column < width ? `instances[${i}][${column}]` : `targets[${i}]${several ? `[${column - width}]` : ''}`;
  return { columns, rows: instances.length, row: read, place };
}

function names(prefix: string, count: number, known: readonly string[] | undefined): readonly string[] {
  return known?.length === count ? known : Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** Returns `value` if it is an array of `length` values of any kind. Throws `INVALID_ROWS` otherwise. */
export function readArray(value: unknown, length: number, place: () => string): unknown[] {
  if (!Array.isArray(value))
    throw invalidRows(`${place()}: expected an array of ${length} numbers, got ${show(value)}`);
  if (value.length !== length) throw invalidRows(`${place()}: expected ${length} numbers, got ${value.length}`);
  return value;
}

/** Throws `INVALID_ROWS` for an array or an object. */
function readCell(value: unknown, place: () => string): JsonCell {
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return value as JsonCell;
  throw invalidRows(`${place()}: expected a number, a text, true, false or null, got ${show(value)}`);
}

/** Returns a target: false and true count as 0 and 1, as in a training. Throws `INVALID_ROWS`. */
export function readTarget(value: unknown, place: () => string): number | null {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' || value === null) return value;
  throw invalidRows(`${place()}: expected a number, true, false or null, got ${show(value)}`);
}

/** Throws `INVALID_ROWS` for anything but a number or null. */
export function readNumber(value: unknown, place: () => string): number | null {
  if (typeof value === 'number' || value === null) return value;
  throw invalidRows(`${place()}: expected a number or null, got ${show(value)}`);
}
