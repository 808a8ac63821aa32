/** A ratio of two root mean squared errors over the same splits. */
export interface Ratio {
  readonly value: number;
  /** Its standard error; undefined for one split. */
  readonly error: number | undefined;
}

/** Returns the root of the mean of mean squared errors, one of each split. */
export function rootMean(squares: readonly number[]): number {
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/**
 * Returns the ratio of the errors of two models, of which `own` and `other` are the mean squared ones, split by split. Its standard error
 * is that of the jackknife, which leaves out one split after the other: what both find difficult cancels. Test rows of random splits
 * overlap, so it is rather too small.
 */
export function ratioOf(own: readonly number[], other: readonly number[]): Ratio {
  const { length } = own;
  const value = rootMean(own) / rootMean(other);
  if (length < 2) return { value, error: undefined };
  const without = own.map((_, left) => {
    const rest = (squares: readonly number[]) => rootMean(squares.filter((__, i) => i !== left));
    return rest(own) / rest(other);
  });
  const mean = without.reduce((sum, each) => sum + each, 0) / length;
  const squares = without.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { value, error: Math.sqrt(((length - 1) / length) * squares) };
}

export function formatRatio({ value, error }: Ratio): string {
  return error === undefined ? value.toFixed(2) : `${value.toFixed(2)} ± ${error.toFixed(2)}`;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
