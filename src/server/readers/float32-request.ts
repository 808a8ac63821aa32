import { mayMiss } from '../../model/tables/row-model.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { invalidRows, type RowModel, requireNumeric } from './row-list.js';
import { readBytes } from './tensor.js';

/**
 * Reads a body of rows of little-endian float32 and nothing else. Throws `INVALID_REQUEST`,
 * `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readFloatRows(body: Buffer, model: RowModel): Rows {
  requireNumeric(model, 'body', 'send JSON or CSV');
  const columns = model.features.length;
  const bytes = columns * Float32Array.BYTES_PER_ELEMENT;
  if (body.length % bytes !== 0) {
    const expected = `rows of ${bytes} bytes (${columns} float32)`;
    throw invalidRows(`body: expected ${expected}, got ${body.length} bytes`);
  }
  const count = body.length / bytes;
  checkCount(count, 'body', model.maxRows);
  const shape = { place: 'body', elements: 'body', datatype: 'FP32', rows: count, columns };
  return { rows: readBytes(body, shape, (i) => mayMiss(model, i % columns)), count };
}
