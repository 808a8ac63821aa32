import type { TimeSlice } from '../../../base/node/time-slice.js';
import { bytesOf } from '../byte-source.js';
import { checkValue, placesOf } from '../feature-columns.js';
import { checkCount, type Rows } from '../rows.js';
import { type ArrowBatch, ArrowStream } from './arrow-stream.js';

/** Numbers that are read before somebody else may have a turn. */
const NUMBERS_OF_A_PART = 4096;

/**
 * Reads an Arrow stream of just the features, in any order, in parts between which others have their turn. Throws
 * `INVALID_ARROW`, `INVALID_ROWS`, `TOO_LARGE`, naming the place.
 */
export async function readArrowRows(
  body: Uint8Array,
  features: readonly string[],
  maxRows: number,
  allowMissing: boolean,
  slice: TimeSlice,
): Promise<Rows> {
  const stream = new ArrowStream(bytesOf(body));
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
  const some = Math.max(1, Math.floor(NUMBERS_OF_A_PART / width));
  let done = 0;
  for (const batch of batches) {
    for (let from = 0; from < batch.rows; from += some) {
      const to = Math.min(batch.rows, from + some);
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
  return { rows, count };
}
