import { normalCdf } from '../../base/statistics/normal.js';
import type { ScoreGrid } from '../../model/baseline/sketches/normal-scores.js';

/** The held-out values on one side of their median. */
interface Side {
  /** The distance from the median to the furthest value. */
  readonly reach: number;
  /** An upper bound of the tail's index by confidence: about the share `d^(-1/index) / rows` lies beyond `d` reaches, or less. */
  readonly index: number;
  /** α, with a margin: the share beyond `d` reaches is taken to be at most `d^-α / rows`. */
  readonly exponent: number;
}

/** How far a column's held-out values reach, and how heavy their tails are. */
export interface ColumnRange {
  readonly min: number;
  readonly max: number;
  readonly median: number;
  readonly below: Side;
  readonly above: Side;
}

/** The tail of a side is the furthest tenth of its values: at least 10 and at most 200 of them, if there are as many. */
const TAIL_SHARE = 0.1;
const MIN_TAIL = 10;
const MAX_TAIL = 200;
/** Before any value is seen, tails are taken to be as heavy as Cauchy's, which counts as much as two values. */
const PRIOR_INDEX = 1;
const PRIOR_VALUES = 2;
/** Standard errors that are added to the tail's index. */
const CONFIDENCE = 2;
/**
 * The tail is taken to be this many times as heavy as it was measured: rare values of another kind may not have been seen. With
 * 2, quiet rows of California housing raise alarms of AveOccup, which is 3 and, in one row of 5,000, above 200.
 */
const MARGIN = 3;
const MIN_EXPONENT = 0.25;
export const MAX_EXPONENT = 2;
/** Measures the range of a column from the grid of its `rows` held-out values. */
export function columnRange({ values, scores }: ScoreGrid, rows: number): ColumnRange {
  const last = values.length - 1;
  // The number of held-out values up to the middle of each grid value, and up to the middle between it and the next.
  const middles = scores.map((score) => normalCdf(score) * (rows + 1) - 0.5);
  const ends = middles.map((middle, i) => (i < last ? (middle + middles[i + 1]!) / 2 : rows));
  const median = values[ends.findIndex((end) => end >= rows / 2)]!;
  const points = values.map((value, i) => ({ distance: value - median, mass: ends[i]! - (i > 0 ? ends[i - 1]! : 0) }));
  const above = sideOf(points.filter(({ distance }) => distance > 0).reverse());
  const below = sideOf(
    points.filter(({ distance }) => distance < 0).map(({ distance, mass }) => ({ distance: -distance, mass })),
  );
  // A side without values has the other's tail. A constant column has no spread: its value stands in, or 1 if that is larger.
  const constant: Side = { reach: Math.max(1, Math.abs(median)), index: PRIOR_INDEX, exponent: 1 / PRIOR_INDEX };
  return {
    min: values[0]!,
    max: values[last]!,
    median,
    below: below ?? above ?? constant,
    above: above ?? below ?? constant,
  };
}

/**
 * How many times as rare as the furthest held-out value `value` is, at least: its distance from the median in reaches, to the
 * power of its side's α.
 */
export function rarity({ median, below, above }: ColumnRange, value: number): number {
  const { reach, exponent } = value < median ? below : above;
  return (Math.abs(value - median) / reach) ** exponent;
}

/** The same without a margin, by the tail's index. */
export function likelyRarity({ median, below, above }: ColumnRange, value: number): number {
  const { reach, index } = value < median ? below : above;
  return (Math.abs(value - median) / reach) ** (1 / index);
}

/** The distance of a value from the nearer end of the range, in widths of the range; infinite if the range has no width. */
export function rangesAway({ min, max }: ColumnRange, value: number): number {
  return Math.max(min - value, value - max) / (max - min);
}

/**
 * Measures a side by its `points`, the furthest first. The tail's index is Hill's estimate (1975), shrunk towards a heavy tail
 * where values are few.
 */
function sideOf(points: readonly { readonly distance: number; readonly mass: number }[]): Side | undefined {
  if (points.length === 0) return undefined;
  const reach = points[0]!.distance;
  const values = points.reduce((sum, { mass }) => sum + mass, 0);
  const tailMass = Math.min(MAX_TAIL, Math.max(MIN_TAIL, TAIL_SHARE * values));
  let mass = 0;
  let logs = 0;
  let nearest = reach;
  for (const { distance, mass: own } of points) {
    if (mass >= tailMass) break;
    mass += own;
    logs += own * Math.log(distance / reach);
    nearest = distance;
  }
  const excess = logs - mass * Math.log(nearest / reach);
  const estimate = (excess + PRIOR_VALUES * PRIOR_INDEX) / (mass + PRIOR_VALUES);
  const index = estimate * (1 + CONFIDENCE / Math.sqrt(mass + PRIOR_VALUES));
  return { reach, index, exponent: Math.min(MAX_EXPONENT, Math.max(MIN_EXPONENT, 1 / (MARGIN * index))) };
}
