/** Values in random order that shapes of distributions are fitted to: more hardly change them, but take time and memory. */
export const MAX_FITTED_VALUES = 20_000;

/**
 * Returns the mean and the population standard deviation of the values that are not missing, in float64 and two passes. The
 * deviation is 1 if all are equal; the mean is 0 if there is none.
 */
export function moments(values: Float32Array | Float64Array): { mean: number; scale: number } {
  let sum = 0;
  let count = 0;
  let first = Number.NaN;
  let varies = false;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (count++ === 0) first = value;
    else if (value !== first) varies = true;
    sum += value;
  }
  if (!varies) return { mean: count > 0 ? first : 0, scale: 1 };
  const mean = sum / count;
  let variance = 0;
  for (const value of values) if (!Number.isNaN(value)) variance += (value - mean) ** 2 / count;
  return { mean, scale: Math.sqrt(variance) };
}
