import { type Random, shuffle } from '../../base/statistics/random.js';
import { type BitsOf, hashRowsAs, hashText } from '../../base/statistics/row-hashes.js';
import { UNIT_MS } from '../columns/coding.js';
import type { Column } from '../columns/column.js';
import type { LabelledRows } from '../tables/labelled-rows.js';

/** Numbers of rows. */
export interface Split {
  readonly heldOut: Int32Array;
  readonly training: Int32Array;
}

/**
 * Holds out `share` of the rows. Returns the indices of the held-out rows and of those to train on, each in random order.
 *
 * The content of the rows alone decides: those with the smallest hashes are held out. A row that recurs in a later training is
 * held out again, and equal rows are on the same side. So a new model and the serving one are compared on rows that neither was
 * trained on, except a few near the bound, which moves slightly as data grow. `columns` are those of coded features: a level
 * counts as its text and a time as its instant, since their codes may differ in the next table.
 */
export function splitRows(data: LabelledRows, share: number, random: Random, columns?: readonly Column[]): Split {
  const { rows } = data;
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
  const hashes = contentHashes(data, columns);
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

/** Returns a hash of each row that depends only on what its numbers mean: that of `splitRows`. */
export function contentHashes(data: LabelledRows, columns?: readonly Column[]): Uint32Array {
  return hashRowsAs(data.rows, columns && meaningOf(columns), data.features, data.targets);
}

/** The bits of a missing value: a file of float32 may hold any NaN. */
const MISSING = 0x7fc00000;

/** Returns bits that mean the same whatever the codes of a table are; undefined if all columns are numbers without gaps. */
function meaningOf(columns: readonly Column[]): BitsOf | undefined {
  if (columns.every(({ type, missing }) => type === 'number' && missing === 0)) return undefined;
  const meanings = columns.map((column): ((code: number, bits: number) => number) => {
    if (column.type === 'category') {
      const hashes = Uint32Array.from(column.levels, hashText);
      return (code) => hashes[code] ?? 0;
    }
    if (column.type === 'timestamp') return (code) => (column.origin + code * UNIT_MS[column.unit]) / 1000;
    return (_, bits) => bits;
  });
  return (column, code, bits) => (Number.isNaN(code) ? MISSING : meanings[column]!(code, bits));
}
