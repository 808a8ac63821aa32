import { DomainError, show } from '../../base/domain-error.js';
import { RowParser } from '../../base/json/row-parser.js';
import { readRows } from '../../model/tables/json/json-rows.js';
import { checkCount, isFloat32, listed, type Rows } from '../../model/tables/rows.js';

/** The properties of a model that a reader needs: plain data, so that they can be sent to the thread. */
export interface RowModel {
  readonly features: readonly string[];
  readonly maxRows: number;
  /** Whether a null is a missing value. */
  readonly allowMissing: boolean;
}

/** Rows, and what the body requests beside the predictions. */
export interface RequestedRows<R> extends Rows {
  readonly requested: R;
}

/** The result of any reader. */
export type Reading = Rows & Partial<RequestedRows<unknown>>;

const parser = new RowParser();

/**
 * Reads an object whose only key holds rows of numbers by position, or such rows alone, without creating an object per row.
 * Returns undefined for any other body, valid or not. The next call overwrites the rows.
 */
export function readPlainRows(body: Buffer, { features, maxRows }: RowModel, key?: string): Rows | undefined {
  const count = parser.parse(body, features.length, key);
  return count > 0 && count <= maxRows ? { rows: parser.rows, count } : undefined;
}

/** Reads rows by position or by feature name. `place` is the client's name for them. Throws `INVALID_ROWS` and `TOO_LARGE`. */
export function readRowList(value: unknown, place: string, model: RowModel): Rows {
  if (!Array.isArray(value)) {
    throw invalidRows(`${place}: expected an array of rows, got ${value === undefined ? 'nothing' : show(value)}`);
  }
  checkCount(value.length, place, model.maxRows);
  return { rows: readRows(value, model.features, model.allowMissing, place), count: value.length };
}

/** Reads columns by feature name: arrays of numbers, or of arrays of one number. Throws `INVALID_ROWS` and `TOO_LARGE`. */
export function readColumns(columns: Record<string, unknown>, place: string, model: RowModel): Rows {
  const { features, allowMissing } = model;
  checkNames(Object.keys(columns), place, features);
  const first = columns[features[0]!];
  const count = Array.isArray(first) ? first.length : 0;
  checkCount(count, `${place}[${show(features[0])}]`, model.maxRows);
  const rows = new Float32Array(count * features.length);
  features.forEach((name, j) => {
    const column = columns[name];
    if (!Array.isArray(column) || column.length !== count) {
      throw invalidRows(`${place}[${show(name)}]: expected an array of ${count} numbers, got ${show(column)}`);
    }
    for (let i = 0, at = j; i < count; i++, at += features.length) {
      const value = Array.isArray(column[i]) && column[i].length === 1 ? column[i][0] : column[i];
      if (isFloat32(value)) rows[at] = value;
      else if (value === null && allowMissing) rows[at] = Number.NaN;
      else throw invalidRows(`${place}[${show(name)}][${i}]: expected a finite number, got ${show(value)}`);
    }
  });
  return { rows, count };
}

/** Throws `INVALID_ROWS` unless these are the features, in any order. */
export function checkNames(names: readonly string[], place: string, features: readonly string[]): void {
  const missing = features.filter((name) => !names.includes(name));
  if (missing.length > 0) throw invalidRows(`${place}: missing ${listed(missing)}; the model has ${listed(features)}`);
  const unknown = names.find((name, i) => !features.includes(name) || names.indexOf(name) !== i);
  if (unknown !== undefined) {
    throw invalidRows(`${place}: ${show(unknown)} is no feature, or there twice; the model has ${listed(features)}`);
  }
}

/** An error for rows that the model cannot take. */
export function invalidRows(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}

/** An error for a body whose form is not that of the protocol. */
export function invalidRequest(message: string): DomainError {
  return new DomainError('INVALID_REQUEST', message);
}
