import { DomainError, show } from '../../../base/domain-error.js';
import { isObject } from '../../../base/json/json-value.js';
import { listed } from '../rows.js';
import { type Arrange, type Columns, splitColumns, type TableInfo, TableWriter } from '../table-file.js';

/** Training rows as JSON: arrays with separate targets, or named rows that hold their targets. */
export type JsonRows =
  | { readonly instances: readonly unknown[]; readonly targets: readonly unknown[] }
  | { readonly instances: readonly unknown[]; readonly target: readonly string[] };

/** Rows that are read one after another; each gives its values by column number, features first: null is a missing one. */
export interface JsonTable {
  readonly columns: Columns;
  readonly rows: number;
  /** Throws `INVALID_ROWS` naming the place, as does what it returns. */
  readonly row: (i: number) => (column: number) => number | null;
}

/**
 * Reads JSON rows; nothing is coerced. Unnamed columns get the names of `known` if they are as many, else `x0`, `x1`, …
 * and `y0`, `y1`, …
 *
 * Throws `INVALID_ROWS` naming the place, `UNKNOWN_COLUMN`, and what `arrange` throws.
 */
export function readJsonTable(body: JsonRows, known: Columns | undefined, arrange: Arrange): JsonTable {
  return 'target' in body
    ? readNamed(body.instances, body.target, arrange)
    : readArrays(body.instances, body.targets, known, arrange);
}

/** Writes JSON rows to a table on disk, without those that miss a value. Throws as `readJsonTable`, and `TOO_MANY_MISSING`. */
export function jsonToTable(
  body: JsonRows,
  directory: string,
  known: Columns | undefined,
  arrange: Arrange,
): TableInfo {
  const { columns, rows, row } = readJsonTable(body, known, arrange);
  const writer = new TableWriter(directory, columns);
  try {
    for (let i = 0; i < rows; i++) writer.add(row(i));
    return writer.finish();
  } finally {
    writer.close();
  }
}

function readNamed(instances: readonly unknown[], targets: readonly string[], arrange: Arrange): JsonTable {
  const first = instances[0];
  if (!isObject(first)) throw invalid(`instances[0]: expected an object with the target, got ${show(first)}`);
  const columns = Object.keys(first);
  const arranged = arrange(splitColumns(columns, targets));
  const names = [...arranged.features, ...arranged.targets];
  const read = (i: number) => {
    const row = instances[i];
    const place = `instances[${i}]`;
    if (!isObject(row)) throw invalid(`${place}: expected an object like the first, got ${show(row)}`);
    const unknown = Object.keys(row).find((name) => !Object.hasOwn(first, name));
    if (unknown !== undefined)
      throw invalid(`${place}: unknown column ${show(unknown)}; the first row has ${listed(columns)}`);
    return (column: number) => {
      const name = names[column]!;
      // A column that a row leaves out is missing there, as in a table with holes.
      return Object.hasOwn(row, name) ? readNumber(row[name], () => `${place}[${show(name)}]`) : null;
    };
  };
  return { columns: arranged, rows: instances.length, row: read };
}

function readArrays(
  instances: readonly unknown[],
  targets: readonly unknown[],
  known: Columns | undefined,
  arrange: Arrange,
): JsonTable {
  if (targets.length !== instances.length) {
    throw invalid(`targets: expected one per row of instances (${instances.length}), got ${targets.length}`);
  }
  const [firstRow, firstTarget] = [instances[0], targets[0]];
  if (!Array.isArray(firstRow) || firstRow.length === 0) {
    throw invalid(
      `instances[0]: expected an array of numbers, got ${show(firstRow)}; rows of named values need "target"`,
    );
  }
  const width = firstRow.length;
  const depth = Array.isArray(firstTarget) ? firstTarget.length : 1;
  if (depth === 0) throw invalid('targets[0]: expected at least one number, got []');
  const columns = arrange({ features: names('x', width, known?.features), targets: names('y', depth, known?.targets) });
  const read = (i: number) => {
    const row = readArray(instances[i], width, () => `instances[${i}]`);
    const target = Array.isArray(firstTarget) ? readArray(targets[i], depth, () => `targets[${i}]`) : [targets[i]];
    return (column: number) =>
      column < width
        ? readNumber(row[column], () => `instances[${i}][${column}]`)
        : readNumber(
            target[column - width],
            () => `targets[${i}]${Array.isArray(firstTarget) ? `[${column - width}]` : ''}`,
          );
  };
  return { columns, rows: instances.length, row: read };
}

function names(prefix: string, count: number, known: readonly string[] | undefined): readonly string[] {
  return known?.length === count ? known : Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** An array of `length` values of any kind. Throws `INVALID_ROWS`. */
export function readArray(value: unknown, length: number, place: () => string): unknown[] {
  if (!Array.isArray(value)) throw invalid(`${place()}: expected an array of ${length} numbers, got ${show(value)}`);
  if (value.length !== length) throw invalid(`${place()}: expected ${length} numbers, got ${value.length}`);
  return value;
}

/** Throws `INVALID_ROWS` for anything but a number or null. */
export function readNumber(value: unknown, place: () => string): number | null {
  if (typeof value === 'number' || value === null) return value;
  throw invalid(`${place()}: expected a number or null, got ${show(value)}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
