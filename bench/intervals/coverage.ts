/** A row of the test: its prediction, its target, and the bounds of its interval. */
export interface Covered {
  readonly prediction: number;
  readonly target: number;
  readonly low: number;
  readonly high: number;
}

/** Returns the share of the rows whose target is within the bounds. */
export function coverage(rows: readonly Covered[]): number {
  return rows.filter(({ target, low, high }) => low <= target && target <= high).length / rows.length;
}

export function meanWidth(rows: readonly Covered[]): number {
  return rows.reduce((sum, { low, high }) => sum + high - low, 0) / rows.length;
}

/** Returns the coverage of each fifth of the rows in the order of their predictions. */
export function coverageByFifths(rows: readonly Covered[]): number[] {
  const sorted = rows.toSorted((a, b) => a.prediction - b.prediction);
  return Array.from({ length: 5 }, (_, fifth) =>
    coverage(sorted.slice(Math.round((fifth * sorted.length) / 5), Math.round(((fifth + 1) * sorted.length) / 5))),
  );
}
