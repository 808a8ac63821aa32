import type { OutputColumn } from '../../model/baseline/baseline.js';

/** A baseline of an earlier version of this service has no range of predictions: this many standard deviations stand in. */
const DEVIATIONS = 50;

/** The range of the held-out predictions. */
export function outputRange({ grid, mean, deviation }: OutputColumn): { readonly min: number; readonly max: number } {
  if (grid) return { min: grid.values[0]!, max: grid.values.at(-1)! };
  const reach = DEVIATIONS * (deviation || Math.max(1, Math.abs(mean)));
  return { min: mean - reach, max: mean + reach };
}
