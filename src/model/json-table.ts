import { DomainError, show } from './domain-error.js';
import { listed } from './rows.js';
import { type Arrange, type Columns, splitColumns, type TableInfo, TableWriter } from './table.js';

/** Training rows as JSON: arrays with separate targets, or named rows that hold their targets. */
export type JsonRows =
  | { readonly instances: readonly unknown[]; readonly targets: readonly unknown[] }
  | { readonly instances: readonly unknown[]; readonly target: readonly string[] };

/**
 * Writes JSON rows to a table on disk. `null` is a missing value, and its row is dropped; nothing is coerced. Unnamed
 * columns get the names of `known` if they are as many, else `x0`, `x1`, … and `y0`, `y1`, …
 *
 * Throws `INVALID_ROWS` naming the place, `UNKNOWN_COLUMN`, `TOO_MANY_MISSING`.
 */
export function jsonToTable(
  body: JsonRows,
  directory: string,
  known: Columns | undefined,
  arrange: Arrange,
): TableInfo {
  return 'target' in body
    ? namedToTable(body.instances, body.target, directory, arrange)
    : arraysToTable(body.instances, body.targets, directory, known, arrange);
}

function namedToTable(
  instances: readonly unknown[],
  targets: readonly string[],
  directory: string,
  arrange: Arrange,
): TableInfo {
  const first = instances[0];
  if (!isObject(first)) throw invalid(`instances[0]: expected an object with the target, got ${show(first)}`);
  const columns = Object.keys(first);
  const arranged = arrange(splitColumns(columns, targets));
  const names = [...arranged.features, ...arranged.targets];
  return write(directory, arranged, instances.length, (i) => {
    const row = instances[i];
    const place = `instances[${i}]`;
    if (!isObject(row)) throw invalid(`${place}: expected an object like the first, got ${show(row)}`);
    const unknown = Object.keys(row).find((name) => !Object.hasOwn(first, name));
    if (unknown !== undefined)
      throw invalid(`${place}: unknown column ${show(unknown)}; the first row has ${listed(columns)}`);
    return (column) => {
      const name = names[column]!;
      // A column that a row leaves out is missing there, as in a table with holes.
      return Object.hasOwn(row, name) ? number(row[name], () => `${place}[${show(name)}]`) : null;
    };
  });
}

function arraysToTable(
  instances: readonly unknown[],
  targets: readonly unknown[],
  directory: string,
  known: Columns | undefined,
  arrange: Arrange,
): TableInfo {
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
  return write(directory, columns, instances.length, (i) => {
    const row = array(instances[i], width, `instances[${i}]`);
    const target = Array.isArray(firstTarget) ? array(targets[i], depth, `targets[${i}]`) : [targets[i]];
    return (column) =>
      column < width
        ? number(row[column], () => `instances[${i}][${column}]`)
        : number(
            target[column - width],
            () => `targets[${i}]${Array.isArray(firstTarget) ? `[${column - width}]` : ''}`,
          );
  });
}

function write(
  directory: string,
  columns: Columns,
  rows: number,
  row: (i: number) => (column: number) => number | null,
): TableInfo {
  const writer = new TableWriter(directory, columns);
  try {
    for (let i = 0; i < rows; i++) writer.add(row(i));
    return writer.finish();
  } finally {
    writer.close();
  }
}

function names(prefix: string, count: number, known: readonly string[] | undefined): readonly string[] {
  return known?.length === count ? known : Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

function array(value: unknown, length: number, place: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(`${place}: expected an array of ${length} numbers, got ${show(value)}`);
  if (value.length !== length) throw invalid(`${place}: expected ${length} numbers, got ${value.length}`);
  return value;
}

function number(value: unknown, place: () => string): number | null {
  if (typeof value === 'number' || value === null) return value;
  throw invalid(`${place()}: expected a number or null, got ${show(value)}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
