import { show } from '../../../base/domain-error.js';
import type { Bytes } from '../byte-source.js';
import { cellCoder } from '../cell-coder.js';
import { placesOf } from '../columns.js';
import type { RowModel } from '../row-model.js';
import { checkCount, type Rows } from '../rows.js';
import { invalidParquet } from './parquet-error.js';
import { ParquetFile } from './parquet-file.js';

/**
 * Reads a Parquet file that has the features among its columns, in any order. Throws `INVALID_PARQUET`, `INVALID_ROWS` or `TOO_LARGE`
 * with the place.
 */
export async function readParquetRows(bytes: Bytes, model: RowModel): Promise<Rows> {
  const { features, maxRows } = model;
  const file = new ParquetFile(bytes);
  const names = [...file.columns, ...file.unreadable].map(({ name }) => name);
  placesOf(features, names);
  const byName = new Map(file.columns.map((column) => [column.name, column]));
  const columns = features.map((name) => {
    const column = byName.get(name);
    if (column) return column;
    throw invalidParquet(`column ${show(name)}: expected numbers, texts, booleans, dates or times`);
  });
  checkCount(file.rows, 'instances', maxRows);
  const width = features.length;
  const rows = new Float32Array(file.rows * width);
  const coders = columns.map(({ type }, feature) => cellCoder(model, feature, type.kind));
  let done = 0;
  for await (const { rows: count, cells } of file.chunks(columns)) {
    coders.forEach((code, feature) => {
      code(cells(feature, 0, count), done, rows, feature, width);
    });
    done += count;
  }
  return { rows, count: file.rows, ignored: names.length - width };
}
