import { likelyRarity, rangesAway, rarity } from './column-range.js';
import { RANK_FACTOR, RANKS } from './guard.js';
import { type GuardedColumn, IMPLAUSIBLE_RANGES, PLAUSIBLE_ROWS } from './guarded-column.js';

/**
 * A value of a feature that is several ranges out counts as far if, by the tail of the held-out rows, it is this many times as rare
 * as the furthest of them.
 */
const FAR_RARITY = 40;

/** The rank of a value out of the range, from 0: by how many times it is rarer than the furthest held-out value. */
export function rankOf({ range }: GuardedColumn, value: number): number {
  const times = rarity(range, value);
  if (Number.isNaN(times)) return RANKS - 1;
  return Math.max(0, Math.min(RANKS - 1, Math.floor(Math.log(times) / Math.log(RANK_FACTOR))));
}

/**
 * Returns true for a prediction that is `ranges` widths out of the range of all predictions and targets, and by the tail of the predictions
 * fewer than one in a million are; or not finite.
 */
export function isAstray({ range, rows }: GuardedColumn, value: number, ranges: number): boolean {
  const width = range.max - range.min || Math.max(1, Math.abs(range.median));
  if (value >= range.min - ranges * width && value <= range.max + ranges * width) return false;
  return !(likelyRarity(range, value) * rows < PLAUSIBLE_ROWS);
}

/** Returns true for a value of a feature that is several ranges out, where no tail of the held-out rows reaches. */
export function isFar({ range, unseen, time }: GuardedColumn, value: number): boolean {
  // A level has no range, and times move on.
  if (unseen !== undefined || time) return false;
  return rangesAway(range, value) >= IMPLAUSIBLE_RANGES && likelyRarity(range, value) >= FAR_RARITY;
}
