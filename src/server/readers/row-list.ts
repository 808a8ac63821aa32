import { DomainError, show } from '../../base/domain-error.js';
import { CellParser } from '../../base/json/cell-parser.js';
import { parseTolerantly } from '../../base/json/nonfinite-tokens.js';
import { isObject } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import type { Column } from '../../model/columns/column.js';
import { valueCoders } from '../../model/columns/value-coder.js';
import { readRows } from '../../model/tables/json/json-rows.js';
import { codeValue, isNumeric, mayMiss, type RowModel } from '../../model/tables/row-model.js';
import { checkCount, isFloat32, listed, type Rows } from '../../model/tables/rows.js';

export type { RowModel };

/** Rows, and what the body requests beside the predictions. */
export interface RequestedRows<R> extends Rows {
  readonly requested: R;
}

/** The result of any reader. */
export type Reading = Rows &
  Partial<RequestedRows<unknown>> & {
    /** The level of prediction intervals that the body asks for. */ readonly interval?: number;
  };

const parser = new RowParser();
/** Parsers of the rows of models of other columns, by these. They remember the texts of earlier requests. */
const cellParsers = new WeakMap<readonly Column[], CellParser>();

/**
 * Reads an object whose only key holds rows by position, or such rows alone, without creating an object per row. Returns undefined
 * for any other body, valid or not. The next call overwrites the rows.
 */
export function readPlainRows(body: Buffer, model: RowModel, key = 'instances'): Rows | undefined {
  if (!isNumeric(model)) return readPlainCells(body, model, model.columns!, key);
  const count = parser.parse(body, model.features.length, key);
  return count > 0 && count <= model.maxRows ? { rows: parser.rows, count } : undefined;
}

/** As `readPlainRows`, of a model with other columns than numbers. */
function readPlainCells(body: Buffer, model: RowModel, columns: readonly Column[], key: string): Rows | undefined {
  let cells = cellParsers.get(columns);
  if (!cells) {
    cells = cellParser(columns);
    cellParsers.set(columns, cells);
  }
  const count = cells.parse(body, key);
  if (count === 0 || count > model.maxRows) return undefined;
  const { length } = columns;
  for (let j = 0; j < length; j++) {
    if (mayMiss(model, j)) continue;
    for (let at = j; at < count * length; at += length) if (Number.isNaN(cells.rows[at]!)) return undefined;
  }
  return { rows: cells.rows, count };
}

function cellParser(columns: readonly Column[]): CellParser {
  const coders = valueCoders(columns);
  return new CellParser(
    columns.map(({ type }) => type === 'number'),
    (j, value) => {
      const code = coders[j]!.code(value);
      return typeof code === 'number' ? code : undefined;
    },
  );
}

/** Parses JSON, and NaN and Infinity in it as many clients write them: NaN is a missing value. Throws `INVALID_JSON`. */
export function jsonParser({ columns, allowMissing }: RowModel): (text: string) => unknown {
  return (text) => parseTolerantly(text, allowMissing || columns !== undefined);
}

/**
 * Reads rows by position or by feature name; of a single feature, also its values. `place` is the client's name for them. Throws
 * `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readRowList(value: unknown, place: string, model: RowModel): Rows {
  if (!Array.isArray(value)) {
    throw invalidRows(`${place}: expected an array of rows, got ${value === undefined ? 'nothing' : show(value)}`);
  }
  checkCount(value.length, place, model.maxRows);
  const rows = value.map((row) => rowOf(row, model));
  return withCount(readRows(rows, model, place), value.length);
}

/** Returns the row in `{"features": […]}`, as SageMaker's algorithms write it, or of the value of a single feature. */
function rowOf(row: unknown, { features }: RowModel): unknown {
  if (features.length === 1 && (typeof row !== 'object' || row === null)) return [row];
  if (!isObject(row) || features.includes('features')) return row;
  const inner = isObject(row['data']) && !features.includes('data') ? row['data']['features'] : row['features'];
  const values = isObject(inner) ? inner['values'] : inner;
  return Array.isArray(values) ? values : row;
}

/**
 * Reads columns by feature name: arrays of values, or of arrays of one value; or the values of a single row. Throws `INVALID_ROWS`
 * and `TOO_LARGE`.
 */
export function readColumns(columns: Record<string, unknown>, place: string, model: RowModel): Rows {
  const { features } = model;
  const ignored = checkNames(Object.keys(columns), place, features);
  const list = features.map((name) => columns[name]).find(Array.isArray);
  const count = list?.length ?? 1;
  checkCount(count, `${place}[${show(features[0])}]`, model.maxRows);
  const rows = new Float32Array(count * features.length);
  const what = model.columns ? 'values' : 'numbers';
  features.forEach((name, j) => {
    const value = columns[name];
    const column = count === 1 && !Array.isArray(value) ? [value] : value;
    if (!Array.isArray(column) || column.length !== count) {
      throw invalidRows(`${place}[${show(name)}]: expected an array of ${count} ${what}, got ${show(column)}`);
    }
    for (let i = 0, at = j; i < count; i++, at += features.length) {
      const cell = Array.isArray(column[i]) && column[i].length === 1 ? column[i][0] : column[i];
      if (model.columns) rows[at] = codeValue(model, j, cell, () => `${place}[${show(name)}][${i}]`);
      else if (isFloat32(cell)) rows[at] = cell;
      else if (cell === null && mayMiss(model, j)) rows[at] = Number.NaN;
      else throw invalidRows(`${place}[${show(name)}][${i}]: expected a finite number, got ${show(cell)}`);
    }
  });
  return withCount({ rows, ignored }, count);
}

/** Returns rows with their number. Only requests with more columns than the model have the field `ignored`. */
export function withCount({ rows, ignored }: { rows: Float32Array; ignored: number }, count: number): Rows {
  return ignored > 0 ? { rows, count, ignored } : { rows, count };
}

/**
 * Returns how many of these names are no feature. Throws `INVALID_ROWS` if a feature is not among them, or there twice. The order is
 * free.
 */
export function checkNames(names: readonly string[], place: string, features: readonly string[]): number {
  const found = new Set(names);
  const missing = features.filter((name) => !found.has(name));
  if (missing.length > 0) throw invalidRows(`${place}: missing ${listed(missing)}; the model has ${listed(features)}`);
  if (names.length === features.length) return 0;
  const known = new Set(features);
  const seen = new Set<string>();
  for (const name of names) {
    if (known.has(name) && seen.has(name)) throw invalidRows(`${place}: ${show(name)} is there twice`);
    seen.add(name);
  }
  return names.length - features.length;
}

/** Throws `INVALID_REQUEST` for rows of numbers alone if the model has other features. `others` names the way out. */
export function requireNumeric(model: RowModel, place: string, others: string): void {
  if (isNumeric(model)) return;
  const names = model.columns!.filter(({ type }) => type !== 'number').map(({ name }) => name);
  throw invalidRequest(
    `${place}: numbers alone are no rows of this model, because ${listed(names)} take other values; ${others}`,
  );
}

/** An error for rows that the model cannot take. */
export function invalidRows(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}

/** An error for a body whose form is not that of the protocol. */
export function invalidRequest(message: string): DomainError {
  return new DomainError('INVALID_REQUEST', message);
}
