import { readJsonObject } from '../../base/json/json-object.js';
import { RowParser } from '../../base/json/row-parser.js';
import { type RequestedRows, type RowModel, readRowList } from './row-list.js';

const LEFT_BRACE = 0x7b;
const parser = new RowParser();

/**
 * Reads `{"instances": [...]}`: rows by position or by feature name. Other keys have no meaning for this model. Throws
 * `INVALID_JSON`, `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readInstancesRequest(body: Buffer, model: RowModel, _options: undefined): RequestedRows {
  if (body[0] === LEFT_BRACE) {
    const count = parser.parse(body, model.features.length);
    if (count > 0 && count <= model.maxRows) return { rows: parser.rows, count, requested: undefined };
  }
  return { ...readRowList(readJsonObject(body)['instances'], 'instances', model), requested: undefined };
}
