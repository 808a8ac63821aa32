import { logChiSquareTail } from '../../base/statistics/chi-square.js';
import { type Entries, SLOTS } from './entries.js';
import { ASIDE } from './sides.js';

/** Probability that entries of independent rows since the start are found to differ. */
const UNLIKE = 1e-6;
/** Rows that are nearly all in one bin vary at least this much: their few exceptions are not normal. */
const MIN_WITHIN = 0.05;

/** Returns whether the first block of some channel lies far from the baseline. */
export function startsAside({ first, units }: Entries): boolean {
  return first.some((mean) => Math.abs(mean) * units[0]! > ASIDE);
}

/**
 * Returns whether the rows since the start lie far from the baseline, and are not alike: they come in an order, rather than
 * from another distribution.
 */
export function startsInOrder(entries: Entries): boolean {
  for (let i = 0; i < entries.width; i++) if (isUneven(entries, 0, i) || isUneven(entries, 1, i)) return true;
  return false;
}

/**
 * Returns whether all entries of `level` since the start lie on one side of the baseline in the score `i`, and differ more
 * than independent rows would: from a sorted day, but not from a fault that is mended. The latest is left out, for the fault may
 * have ended in it.
 */
function isUneven({ values, filled, width, units, first, within }: Entries, level: number, i: number): boolean {
  const from = (level * width + i) * SLOTS;
  const known = filled[level]! - 1;
  if (known < 3 || known >= SLOTS) return false;
  const limit = ASIDE / units[level]!;
  // A fault that begins in the first window leaves the first block as it was.
  if (Math.abs(first[i]!) * units[0]! <= ASIDE) return false;
  const side = Math.sign(first[i]!);
  let sum = 0;
  let squares = 0;
  for (let at = from; at <= from + known; at++) {
    const entry = values[at]!;
    if (side * entry <= limit) return false;
    if (at === from + known) break;
    sum += entry;
    squares += entry * entry;
  }
  const uneven = (squares - (sum * sum) / known) / Math.max(MIN_WITHIN, within[i]!);
  return logChiSquareTail(uneven, known - 1) < Math.log(UNLIKE);
}
