import type { BodyCompression } from 'apache-arrow/fb/body-compression';
import type { Bytes } from '../byte-source.js';
import { type Cells, outOfTime } from '../cells.js';
import { type Budget, decompressed } from './arrow-compression.js';
import { invalidArrow } from './arrow-error.js';
import { type ArrowPart, bufferSizes } from './arrow-part.js';

/** Reads the rows `from` up to `to` of a column in a record batch. Throws `INVALID_ARROW` with the place. */
export type ReadValues = (from: number, to: number) => Cells;

/**
 * Prepares a column of a record batch for reading. Throws `INVALID_ARROW` with the place, and `TOO_LARGE` if its buffers decompress
 * to more than the budget.
 */
export function openValues(part: ArrowPart, budget: Budget): ReadValues {
  const { rows, type, compression, dictionary, isEncoded, place } = part;
  const [bitmap, ...values] = compression ? decompressAll(part, compression, budget) : part.buffers;
  if (bitmap && bitmap.length > 0 && bitmap.length < rows / 8) {
    throw invalidArrow(`${place()}: a validity bitmap of ${bitmap.length} bytes is too short for ${rows} rows`);
  }
  return (from, to) => {
    const cells = type.read(values, from, to, place);
    if (bitmap && bitmap.length > 0) removeNulls(cells.values, bitmap, from, to);
    if (isEncoded) {
      if (dictionary) return dictionary.cells(cells.values, budget, place);
      if (cells.values.every(Number.isNaN)) return cells;
      throw invalidArrow(`${place()}: its dictionary is missing`);
    }
    const wrong = type.kind === 'instant' ? outOfTime(cells.values) : -1;
    if (wrong >= 0) throw invalidArrow(`${place()}: the time in row ${from + wrong} is beyond the year 275760`);
    return cells;
  };
}

function decompressAll(
  { rows, type, buffers, place }: ArrowPart,
  compression: BodyCompression,
  budget: Budget,
): Bytes[] {
  const sizes = bufferSizes(type, rows);
  return buffers.map((buffer, i) => decompressed(buffer, compression, { min: sizes[i] ?? 0, budget, place: place() }));
}

function removeNulls(values: Float64Array, bitmap: Bytes, from: number, to: number): void {
  const first = from >> 3;
  const bits = bitmap.read(first, (to + 7) >> 3);
  for (let row = from; row < to; row++) {
    if (((bits[(row >> 3) - first]! >> (row & 7)) & 1) === 0) values[row - from] = Number.NaN;
  }
}
