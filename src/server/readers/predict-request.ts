import { type DomainError, show } from '../../base/domain-error.js';
import { readJson } from '../../base/json/parse-json.js';
import type { Rows } from '../../model/tables/rows.js';
import { invalidRows, jsonParser, type RowModel, readPlainRows, readRowList } from './row-list.js';

/**
 * Reads the JSON of `POST /predict`: `{"instances": [...]}`, or the rows alone, by position or by feature name. NaN is
 * a missing value. Throws `INVALID_JSON`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readPredictRequest(body: Buffer, model: RowModel): Rows {
  return readPlainRows(body, model) ?? readRowList(instancesOf(readJson(body, jsonParser(model))), 'instances', model);
}

function instancesOf(body: unknown): unknown {
  if (Array.isArray(body)) return body;
  if (typeof body !== 'object' || body === null) throw expectedInstances(show(body));
  const unknown = Object.keys(body).find((key) => key !== 'instances');
  if (unknown !== undefined) throw invalidRows(`body: unknown key ${show(unknown)}; expected {"instances": [...]}`);
  return (body as { instances?: unknown }).instances;
}

/** The error for a body that holds no rows. */
export function expectedInstances(got: string): DomainError {
  return invalidRows(`body: expected {"instances": [...]}, got ${got}`);
}
