import { studentTail } from '../../../src/base/statistics/student-t.js';

/** A straight line through a series: its slope per unit of time, and the standard error of that with its degrees of freedom. */
export interface Trend {
  readonly slope: number;
  readonly error: number;
  readonly degrees: number;
}

/** Fewest blocks to which a line and its error can be fitted. */
export const MIN_BLOCKS = 4;
/** Share of the runs without growth in which chance makes a series grow. */
const FALSE_ALARMS = 0.01;

/**
 * Fits a line by least squares to the means of consecutive blocks of `length` values, and takes the error from what is left of these
 * means. Memory of one minute resembles that of the minute before, so minutes by themselves would give too small an error. Blocks
 * that are longer than such a resemblance lasts are nearly independent (method of batch means: Law, Simulation Modeling and
 * Analysis, 9.5.3). The first values that fill no block are left out.
 */
export function fitTrend(times: readonly number[], values: readonly number[], length: number): Trend {
  const count = Math.floor(values.length / length);
  const from = values.length - count * length;
  const blocks = (series: readonly number[]) =>
    Array.from({ length: count }, (_, b) => mean(series.slice(from + b * length, from + (b + 1) * length)));
  const [x, y] = [blocks(times), blocks(values)];
  const [middle, level] = [mean(x), mean(y)];
  const spread = sum(x, (time) => (time - middle) ** 2);
  const slope = sum(x, (time, b) => (time - middle) * (y[b]! - level)) / spread;
  const squares = sum(x, (time, b) => (y[b]! - level - slope * (time - middle)) ** 2);
  const degrees = count - 2;
  return { slope, error: Math.sqrt(squares / degrees / spread), degrees };
}

/**
 * Returns false if the slope is above zero by more than chance explains: by Student's t, because there are few blocks. Too few blocks
 * say nothing, which is no success.
 */
export function isSteady({ slope, error, degrees }: Trend): boolean {
  if (degrees < MIN_BLOCKS - 2) return false;
  return !(slope > 0) || studentTail(slope / error, degrees) >= FALSE_ALARMS;
}

export function mean(values: readonly number[]): number {
  return sum(values, (value) => value) / values.length;
}

function sum(values: readonly number[], of: (value: number, i: number) => number): number {
  return values.reduce((total, value, i) => total + of(value, i), 0);
}
