import { type Random, shuffle } from '../../base/statistics/random.js';
import type { LabelledRows } from './evaluation.js';

/**
 * Holds out `share` of the rows: the numbers of the rows held out, and of those to train on, each in random order.
 *
 * Which rows these are is told by their content alone: those with the least hashes. A row that comes again in the data of
 * a later training is held out again, and rows that are the same are on one side. So a new model and the one that serves
 * are compared on rows that neither was trained on, but for the few about the bound, which moves a little as data grow.
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

/** A hash of 32 bits of each row's features and targets: MurmurHash3 (Appleby, 2011) of their float32 bits. */
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

/** MurmurHash3's last step: every bit in comes to every bit out. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
