import { show } from '../../../base/domain-error.js';
import { placesOf } from '../columns.js';
import { codeText, type RowModel } from '../row-model.js';
import { checkCount, type Rows } from '../rows.js';
import { readCsv } from './csv-reader.js';
import { asWritten, sampleRowsOf } from './row-notation.js';

/**
 * Reads a CSV whose header row names the features, in any order. Other columns are ignored. An empty cell and the markers of pandas are
 * missing values. Yields to the event loop between chunks. Throws `INVALID_CSV`, `INVALID_ROWS` or `TOO_LARGE` with the
 * place.
 */
export async function readCsvRows(content: Uint8Array, model: RowModel, charset?: string): Promise<Rows> {
  const { features, maxRows } = model;
  const width = features.length;
  const where = (i: number, j: number) => `instances[${i}][${show(features[j])}]`;
  let places: number[] = [];
  let ignored = 0;
  let delimiter = ',';
  /** The first rows, which show how their numbers are written; then the model as they are written. */
  const sample: (readonly string[])[] = [];
  let written: RowModel | undefined;
  const sampleRows = sampleRowsOf(width);
  let rows = new Float32Array(64 * width);
  let count = 0;
  const add = (record: readonly string[]) => {
    // Rows beyond the maximum are only counted, for the error message.
    if (count >= maxRows) {
      count++;
      return;
    }
    if (rows.length < (count + 1) * width) rows = grown(rows);
    for (let j = 0; j < width; j++)
      rows[count * width + j] = codeText(written!, j, record[places[j]!]!, () => where(count, j));
    count++;
  };
  const addSample = () => {
    written = asWritten(model, { records: sample, places, delimiter, where });
    for (const record of sample) add(record);
  };
  const onRecord = (record: readonly string[]) => {
    if (written) add(record);
    else if (sample.push(record) === sampleRows) addSample();
  };
  await readCsv(
    [content],
    (header, { dialect }) => {
      places = placesOf(features, header);
      ignored = header.length - width;
      delimiter = dialect.delimiter;
      if (delimiter === ',') written = model;
    },
    onRecord,
    { names: features, charset },
  );
  if (!written) addSample();
  checkCount(count, 'instances', maxRows);
  return { rows, count, ignored };
}

function grown(rows: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const next = new Float32Array(2 * rows.length);
  next.set(rows);
  return next;
}
