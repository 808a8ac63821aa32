import type { TimeSlice } from '../../../base/node/time-slice.js';
import { bytesOf } from '../byte-source.js';
import { placesOf } from '../columns.js';
import { checkCount, checkValue, type Rows } from '../rows.js';
import { type ArrowBatch, ArrowStream } from './arrow-stream.js';

/** Values read per chunk before yielding to the event loop. */
const VALUES_PER_CHUNK = 4096;

/**
 * Reads an Arrow stream that has the features among its columns, in any order. Yields to the event loop between chunks.
 * Throws `INVALID_ARROW`, `INVALID_ROWS` or `TOO_LARGE` with the place.
 */
export async function readArrowRows(
  content: Uint8Array,
  features: readonly string[],
  maxRows: number,
  allowMissing: boolean,
  slice: TimeSlice,
): Promise<Rows> {
  const stream = new ArrowStream(bytesOf(content));
  const places = placesOf(
    features,
    stream.columns.map(({ name }) => name),
  );
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
  const rowsPerChunk = Math.max(1, Math.floor(VALUES_PER_CHUNK / width));
  let done = 0;
  for (const batch of batches) {
    for (let from = 0; from < batch.rows; from += rowsPerChunk) {
      const to = Math.min(batch.rows, from + rowsPerChunk);
      for (let j = 0; j < width; j++) {
        const values = stream.read(batch, places[j]!, from, to);
        for (let i = 0, row = done + from; i < values.length; i++, row++) {
          rows[row * width + j] = checkValue(values[i]!, row, features[j]!, allowMissing);
        }
      }
      await slice.yieldIfOver();
    }
    done += batch.rows;
  }
  return { rows, count, ignored: stream.columns.length - width };
}
