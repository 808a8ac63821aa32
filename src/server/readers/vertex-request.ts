import { readJsonObject } from '../../base/json/json-object.js';
import type { Rows } from '../../model/tables/rows.js';
import { jsonParser, type RowModel, readPlainRows, readRowList } from './row-list.js';

const LEFT_BRACE = 0x7b;

/**
 * Reads `{"instances": [...]}`: rows by position or by feature name. Other keys have no meaning for this model. Throws
 * `INVALID_JSON`, `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readInstancesRequest(body: Buffer, model: RowModel): Rows {
  const plain = body[0] === LEFT_BRACE ? readPlainRows(body, model) : undefined;
  return plain ?? readRowList(readJsonObject(body, jsonParser(model))['instances'], 'instances', model);
}
