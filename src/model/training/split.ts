import { type Random, shuffle } from '../../base/statistics/random.js';
import type { LabelledRows } from '../tables/labelled-rows.js';

/**
 * Holds out `share` of the rows. Returns the indices of the held-out rows and of those to train on, each in random order.
 *
 * The content of the rows alone decides: those with the smallest hashes are held out. A row that recurs in a later training is
 * held out again, and equal rows are on the same side. So a new model and the serving one are compared on rows that neither was
 * trained on, except a few near the bound, which moves slightly as data grow.
 */
export function splitRows(
  data: LabelledRows,
  share: number,
  random: Random,
): { heldOut: Int32Array; training: Int32Array } {
  const { rows } = data;
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
  const hashes = rowHashes(data);
  const sorted = hashes.slice().sort();
  const bound = sorted[count - 1]!;
  let ties = count - sorted.indexOf(bound);
  const heldOut = new Int32Array(count);
  const training = new Int32Array(rows - count);
  for (let row = 0, held = 0; row < rows; row++) {
    const hash = hashes[row]!;
    if (hash < bound || (hash === bound && ties-- > 0)) heldOut[held++] = row;
    else training[row - held] = row;
  }
  shuffle(heldOut, random);
  shuffle(training, random);
  return { heldOut, training };
}

/** Returns a 32-bit hash of each row's features and targets: MurmurHash3 (Appleby, 2011) of their float32 bits. */
function rowHashes({ rows, features, targets }: LabelledRows): Uint32Array {
  const hashes = new Uint32Array(rows);
  for (const numbers of [features, targets]) {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    const width = numbers.length / rows;
    for (let row = 0, at = 0; row < rows; row++) {
      let hash = hashes[row]!;
      for (let j = 0; j < width; j++, at++) {
        const mixed = Math.imul(bits[at]!, 0xcc9e2d51);
        hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
        hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
      }
      hashes[row] = hash;
    }
  }
  return hashes.map(finish);
}

/** MurmurHash3's final mix: every input bit affects every output bit. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
