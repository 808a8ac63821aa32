import { DomainError, show } from '../../base/domain-error.js';
import { readJson } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { readRows } from '../../model/tables/json/json-rows.js';
import { checkCount } from '../../model/tables/rows.js';
import type { RequestedRows, RowModel } from './row-list.js';

const parser = new RowParser();

/**
 * Reads the JSON of `POST /predict`: `{"instances": [...]}`, or the rows alone, by position or by feature name. Throws
 * `INVALID_JSON`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readPredictRequest(body: Buffer, model: RowModel, _options: undefined): RequestedRows {
  const { features, maxRows, allowMissing } = model;
  const count = parser.parse(body, features.length);
  if (count > 0 && count <= maxRows) return { rows: parser.rows, count, requested: undefined };
  const instances = readInstances(readJson(body.toString()), maxRows);
  return { rows: readRows(instances, features, allowMissing), count: instances.length, requested: undefined };
}

/** Returns the rows of a parsed body. Throws `INVALID_ROWS` and `TOO_LARGE`. */
function readInstances(body: unknown, maxRows: number): readonly unknown[] {
  const instances = Array.isArray(body) ? body : readObject(body);
  checkCount(instances.length, 'instances', maxRows);
  return instances;
}

function readObject(body: unknown): readonly unknown[] {
  if (typeof body !== 'object' || body === null) throw expectedInstances(show(body));
  const unknown = Object.keys(body).find((key) => key !== 'instances');
  if (unknown !== undefined) throw invalid(`body: unknown key ${show(unknown)}; expected {"instances": [...]}`);
  const { instances } = body as { instances?: unknown };
  if (!Array.isArray(instances)) {
    throw invalid(`instances: expected an array of rows, got ${instances === undefined ? 'nothing' : show(instances)}`);
  }
  return instances;
}

/** The error for a body that holds no rows. */
export function expectedInstances(got: string): DomainError {
  return invalid(`body: expected {"instances": [...]}, got ${got}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
