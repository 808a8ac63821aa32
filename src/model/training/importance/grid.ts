import { textOfTime } from '../../columns/coding.js';
import type { Column } from '../../columns/column.js';
import { MAX_POINTS, type PartialDependence } from '../../versions/importance.js';

/** A value at which partial dependence is computed, and codes that stand for it: of a time, those of the rows around it. */
export interface Point {
  readonly value: PartialDependence['values'][number];
  readonly codes: readonly number[];
}

/** Rows that a number or a time of the grid stands for, at least: so that it gives away the value of none. */
export const MIN_GROUP = 5;
/** Share of the rows left out at each end: the extremes of a table are often of rows that one could name. */
const TRIMMED = 0.02;
/** Significant digits of a grid, relative to the steps between its numbers. */
const DIGITS = 2;

/**
 * Returns the points of a column's grid, and the number of levels that are left out. `codes` `[rows]` are those of held-out rows. Numbers
 * and times are grouped: each point is the mean of a group, unless rows share few values. Without a column, the codes are numbers.
 */
export function gridOf(column: Column | undefined, codes: Float32Array): { points: Point[]; unlisted: number } {
  const gaps: Point[] = codes.filter(Number.isNaN).length >= MIN_GROUP ? [{ value: null, codes: [Number.NaN] }] : [];
  switch (column?.type) {
    case 'category': {
      const { levels, counts } = column;
      const frequent = levels.map((_, code) => code).sort((a, b) => counts[b]! - counts[a]!);
      const listed = frequent.slice(0, MAX_POINTS);
      const points = listed.map((code) => ({ value: levels[code]!, codes: [code] }));
      return { points: [...points, ...gaps], unlisted: levels.length - listed.length };
    }
    case 'boolean':
      return { points: [{ value: false, codes: [0] }, { value: true, codes: [1] }, ...gaps], unlisted: 0 };
    case 'timestamp': {
      // Of cycles, a single time would show one phase.
      const points = groups(codes).map((group) => {
        return { value: textOfTime(column, Math.round(mean(group)))!, codes: Array.from(group) };
      });
      return { points: [...points, ...gaps], unlisted: 0 };
    }
    default: {
      const means = groups(codes).map(mean);
      const unit = unitOf(means);
      const values = new Set(means.map((value) => Number((Math.round(value / unit) * unit).toPrecision(12))));
      return { points: [...Array.from(values, (value) => ({ value, codes: [value] })), ...gaps], unlisted: 0 };
    }
  }
}

/** Returns groups of known codes in order: all rows of a value that many share, if there are few, or else about as many rows in each. */
function groups(codes: Float32Array): Float32Array[] {
  const known = codes.filter((code) => !Number.isNaN(code)).sort();
  const values = new Set(known);
  if (values.size <= MAX_POINTS) {
    const all = Array.from(values, (value) => known.filter((code) => code === value));
    const shared = all.filter(({ length }) => length >= MIN_GROUP);
    if (shared.length > 1 || values.size === 1) return shared;
  }
  const trimmed = Math.max(1, Math.floor(TRIMMED * known.length));
  const inner = known.subarray(trimmed, known.length - trimmed);
  const count = Math.min(MAX_POINTS, Math.floor(inner.length / MIN_GROUP));
  const bound = (i: number) => Math.floor((i * inner.length) / count);
  return Array.from({ length: count }, (_, i) => inner.subarray(bound(i), bound(i + 1)));
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the power of ten to which ordered numbers are rounded. */
function unitOf(numbers: readonly number[]): number {
  const steps = numbers.slice(1).map((number, i) => number - numbers[i]!);
  const positive = steps.filter((step) => step > 0).sort((a, b) => a - b);
  const median = positive[positive.length >> 1] ?? 1;
  return 10 ** (Math.floor(Math.log10(median)) - DIGITS + 1);
}
