/** A figure with its standard error, which counts splits, not windows: windows of one split resemble each other. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** The mean of one figure per split. `draws`: independent draws in all, if the figures are rates. */
export function estimate(perSplit: readonly number[], draws = Number.POSITIVE_INFINITY): Estimate {
  const count = perSplit.length;
  const value = perSplit.reduce((sum, one) => sum + one, 0) / count;
  const variance = perSplit.reduce((sum, one) => sum + (one - value) ** 2, 0) / Math.max(1, count - 1);
  // Splits that agree by chance, all on 0 say, do not make a rate exact.
  const binomial = Math.max(value * (1 - value), 1 / draws) / draws;
  return { value, error: Math.sqrt(Math.max(variance / count, draws < Number.POSITIVE_INFINITY ? binomial : 0)) };
}
