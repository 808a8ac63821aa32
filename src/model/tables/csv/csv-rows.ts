import { show } from '../../../base/domain-error.js';
import { placesOf } from '../columns.js';
import { checkCount, checkValue, invalidRows, type Rows } from '../rows.js';
import { readCsv } from './csv-table.js';
import { numberInCell } from './number-cell.js';

/**
 * Reads a CSV whose header row names exactly the features, in any order. An empty cell is a missing value. Yields to the
 * event loop between chunks. Throws `INVALID_CSV`, `INVALID_ROWS` or `TOO_LARGE` with the place.
 */
export async function readCsvRows(
  content: Uint8Array,
  features: readonly string[],
  maxRows: number,
  allowMissing: boolean,
): Promise<Rows> {
  const width = features.length;
  let places: number[] = [];
  let rows = new Float32Array(64 * width);
  let count = 0;
  const onRecord = (record: readonly string[]) => {
    // Rows beyond the maximum are only counted, for the error message.
    if (count >= maxRows) {
      count++;
      return;
    }
    if (rows.length < (count + 1) * width) rows = grown(rows);
    for (let j = 0; j < width; j++) {
      const cell = record[places[j]!]!.trim();
      const value = numberInCell(cell);
      if (Number.isNaN(value) && cell !== '') {
        throw invalidRows(`instances[${count}][${show(features[j])}]: expected a number or nothing, got ${show(cell)}`);
      }
      rows[count * width + j] = checkValue(value, count, features[j]!, allowMissing);
    }
    count++;
  };
  const onHeader = (header: readonly string[]) => {
    places = placesOf(features, header);
  };
  await readCsv([content], onHeader, onRecord);
  checkCount(count, 'instances', maxRows);
  return { rows, count };
}

function grown(rows: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const next = new Float32Array(2 * rows.length);
  next.set(rows);
  return next;
}
