import { type Random, shuffle } from '../../base/statistics/random.js';
import { hashRows } from '../../base/statistics/row-hashes.js';
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
  const hashes = hashRows(data.rows, data.features, data.targets);
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
