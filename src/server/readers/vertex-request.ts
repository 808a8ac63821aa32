import { readJsonObject } from '../../base/json/json-object.js';
import type { Rows } from '../../model/tables/rows.js';
import { withInterval } from './interval-parameter.js';
import { jsonParser, type RowModel, readPlainRows, readRowList } from './row-list.js';

const LEFT_BRACE = 0x7b;

/**
 * Reads `{"instances": [...]}`: rows by position or by feature name. `parameters` may ask for
 * prediction intervals; other keys have no meaning for this model. Throws
 * `INVALID_JSON`, `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readInstancesRequest(body: Buffer, model: RowModel): Rows & { interval?: number } {
  const plain = body[0] === LEFT_BRACE ? readPlainRows(body, model) : undefined;
  if (plain) return plain;
  const { instances, parameters } = readJsonObject(body, jsonParser(model));
  return withInterval(readRowList(instances, 'instances', model), parameters, 'parameters');
}
