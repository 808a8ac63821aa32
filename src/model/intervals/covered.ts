import type { Bounded, Intervals } from './intervals.js';

/** Levels whose coverage is followed, ascending. */
const FOLLOWED = [0.5, 0.8, 0.9, 0.95] as const;

/** Returns the levels whose coverage is followed: those that a version has enough calibration rows for. */
export function followedLevels(intervals: Intervals): number[] {
  return FOLLOWED.filter((level) => intervals.has(level));
}

/** Rows from row `from` on, with their true values. */
export interface TrueValues {
  readonly prediction: Bounded;
  /** `[all rows, targets]` */
  readonly targets: Float32Array;
  readonly from: number;
  readonly count: number;
}

/**
 * Marks the true values that lie in their intervals: `[count, targets]`, of which bit l says whether the interval of `levels[l]`,
 * one of at most eight, covers the value.
 */
export function coveredLevels(
  intervals: Intervals,
  levels: readonly number[],
  { prediction, targets, from, count }: TrueValues,
): Uint8Array {
  const width = intervals.targets;
  const covered = new Uint8Array(count * width);
  for (const [l, level] of levels.entries()) {
    const { low, high } = intervals.bounds(level, prediction, count, from);
    for (let i = 0; i < covered.length; i++) {
      const value = targets[from * width + i]!;
      if (low[i]! <= value && value <= high[i]!) covered[i]! |= 1 << l;
    }
  }
  return covered;
}
