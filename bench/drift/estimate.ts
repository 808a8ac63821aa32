/** A figure with its standard error over splits, not windows, because windows of one split are similar. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** Returns the mean of one figure per split. If the figures are rates, `draws` is the total number of independent draws. */
export function estimate(perSplit: readonly number[], draws = Number.POSITIVE_INFINITY): Estimate {
  const count = perSplit.length;
  const value = perSplit.reduce((sum, one) => sum + one, 0) / count;
  const variance = perSplit.reduce((sum, one) => sum + (one - value) ** 2, 0) / Math.max(1, count - 1);
  // Splits that agree by chance, for example all on 0, do not make a rate exact.
  const binomial = Math.max(value * (1 - value), 1 / draws) / draws;
  return { value, error: Math.sqrt(Math.max(variance / count, draws < Number.POSITIVE_INFINITY ? binomial : 0)) };
}
