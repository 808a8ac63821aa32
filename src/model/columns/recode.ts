import type { Codebook, Codes } from './codebook.js';
import { codeOfLevel, UNIT_MS, valueOfCode } from './coding.js';
import type { Column, ColumnType } from './column.js';

/** A feature that has another type in a table than in a model. */
export interface ChangedType {
  readonly name: string;
  readonly table: ColumnType;
  readonly model: ColumnType;
}

/** Returns the features whose types differ. Without columns, all are numbers. Both are in the order of the features. */
export function changedTypes(
  features: readonly string[],
  table: readonly Column[] | undefined,
  model: readonly Column[] | undefined,
): ChangedType[] {
  return features
    .map((name, j) => ({ name, table: table?.[j]?.type ?? 'number', model: model?.[j]?.type ?? 'number' }) as const)
    .filter((each) => each.table !== each.model);
}

/**
 * Returns a function that changes rows `[rows, columns]` coded as `from` to rows coded as `to`, in place: levels may have other
 * indices, and times another origin. The columns have the same types in the same order.
 */
export function recoder(from: Codebook, to: readonly Column[]): (rows: Float32Array) => void {
  const changes = from.map((column, j) => recodingOf(column, to[j]!));
  return (rows) => {
    for (let at = 0; at < rows.length; ) {
      for (const change of changes) {
        if (change) rows[at] = change(rows[at]!);
        at++;
      }
    }
  };
}

/** Returns undefined if the codes stay as they are. */
function recodingOf(from: Codes, to: Column): ((code: number) => number) | undefined {
  if (from.type === 'category' && to.type === 'category') {
    const codes = from.levels.map((level) => codeOfLevel(to, level));
    if (codes.every((code, i) => code === i) && from.levels.length === to.levels.length) return undefined;
    return (code) => (Number.isNaN(code) ? code : (codes[code] ?? to.levels.length));
  }
  if (from.type === 'timestamp' && to.type === 'timestamp') {
    if (from.origin === to.origin && from.unit === to.unit) return undefined;
    return (code) => Math.floor((from.origin + code * UNIT_MS[from.unit] - to.origin) / UNIT_MS[to.unit]);
  }
  return undefined;
}

/** The JSON values of a row of codes: null for a missing value and for a level that the model does not know. */
export function valuesOfCodes(
  columns: readonly Column[],
  row: ArrayLike<number>,
): (number | string | boolean | null)[] {
  return columns.map((column, j) => valueOfCode(column, row[j]!) ?? null);
}
