import { show } from '../../../base/domain-error.js';
import type { TimeSlice } from '../../../base/node/time-slice.js';
import { bytesOf } from '../byte-source.js';
import { cellCoder } from '../cell-coder.js';
import { placesOf } from '../columns.js';
import type { RowModel } from '../row-model.js';
import { checkCount, type Rows } from '../rows.js';
import type { ArrowBatch } from './arrow-batch.js';
import { invalidArrow } from './arrow-error.js';
import { type ArrowColumn, typeNameOf } from './arrow-schema.js';
import { ArrowStream } from './arrow-stream.js';
import { openValues } from './arrow-values.js';

/** Values read per chunk before yielding to the event loop. */
const VALUES_PER_CHUNK = 4096;
/** Bytes of texts that may be decompressed: they are not bounded by the number of rows. */
const MAX_TEXT_BYTES = 2 ** 26;
/** Bytes of a value, without compression, and of what surrounds it. */
const BYTES_PER_VALUE = 32;

/**
 * Reads an Arrow stream or file that has the features among its columns, in any order. Yields to the event loop between chunks. Throws
 * `INVALID_ARROW`, `INVALID_ROWS` or `TOO_LARGE` with the place.
 */
export async function readArrowRows(content: Uint8Array, model: RowModel, slice: TimeSlice): Promise<Rows> {
  const { features, maxRows } = model;
  const stream = new ArrowStream(bytesOf(content));
  const { columns } = stream;
  const places = placesOf(
    features,
    columns.map(({ name }) => name),
  );
  for (const place of places) checkType(columns[place]!);
  const batches: ArrowBatch[] = [];
  let count = 0;
  for (let batch = stream.next(); batch; batch = stream.next()) {
    batches.push(batch);
    count += batch.rows;
    await slice.yieldIfOver();
  }
  checkCount(count, 'instances', maxRows);
  const width = features.length;
  const rows = new Float32Array(count * width);
  const budget = { left: MAX_TEXT_BYTES + BYTES_PER_VALUE * count * width };
  let unyielded = 0;
  for (let feature = 0; feature < width; feature++) {
    const place = places[feature]!;
    const code = cellCoder(model, feature, columns[place]!.type!.kind);
    let done = 0;
    for (const batch of batches) {
      const part = batch.parts[place]!;
      if (part.dictionary) for (const _ of part.dictionary.load(budget)) await slice.yieldIfOver();
      const read = openValues(part, budget);
      for (let from = 0; from < batch.rows; from += VALUES_PER_CHUNK) {
        const to = Math.min(batch.rows, from + VALUES_PER_CHUNK);
        code(read(from, to), done + from, rows, feature, width);
        unyielded += to - from;
        if (unyielded < VALUES_PER_CHUNK) continue;
        unyielded = 0;
        await slice.yieldIfOver();
      }
      done += batch.rows;
    }
  }
  return { rows, count, ignored: columns.length - width };
}

function checkType(column: ArrowColumn): void {
  if (column.type) return;
  const expected = 'expected numbers, texts, booleans, dates or times';
  throw invalidArrow(`column ${show(column.name)}: ${expected}, got ${typeNameOf(column)}`);
}
