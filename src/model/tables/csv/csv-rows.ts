import { show } from '../../../base/domain-error.js';
import { placesOf } from '../columns.js';
import { codeText, type RowModel } from '../row-model.js';
import { checkCount, type Rows } from '../rows.js';
import { readCsv } from './csv-reader.js';

/**
 * Reads a CSV whose header row names the features, in any order. Other columns are ignored. An empty cell and the markers of pandas are
 * missing values. Yields to the event loop between chunks. Throws `INVALID_CSV`, `INVALID_ROWS` or `TOO_LARGE` with the
 * place.
 */
export async function readCsvRows(content: Uint8Array, model: RowModel): Promise<Rows> {
  const { features, maxRows } = model;
  const width = features.length;
  let places: number[] = [];
  let ignored = 0;
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
      const place = () => `instances[${count}][${show(features[j])}]`;
      rows[count * width + j] = codeText(model, j, record[places[j]!]!, place);
    }
    count++;
  };
  const onHeader = (header: readonly string[]) => {
    places = placesOf(features, header);
    ignored = header.length - width;
  };
  await readCsv([content], onHeader, onRecord, { names: features });
  checkCount(count, 'instances', maxRows);
  return { rows, count, ignored };
}

function grown(rows: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const next = new Float32Array(2 * rows.length);
  next.set(rows);
  return next;
}
