/** Two histograms with the same bins. */
export interface Histograms {
  readonly window: readonly number[];
  readonly baseline: readonly number[];
}

/** Fewer expected rows in a bin make χ² a poor approximation. */
const MIN_EXPECTED = 2.5;

/** Joins neighbouring bins until the window's size lets at least 2.5 rows be expected in each; at worst one bin is left. */
export function mergeBins({ window, baseline }: Histograms): Histograms {
  const n = window.reduce((sum, count) => sum + count, 0);
  const m = baseline.reduce((sum, count) => sum + count, 0);
  const merged = { window: [] as number[], baseline: [] as number[] };
  let inWindow = 0;
  let inBaseline = 0;
  baseline.forEach((count, k) => {
    inWindow += window[k]!;
    inBaseline += count;
    // The slack is for rows that do not divide evenly among the bins.
    if (inBaseline * n < 0.98 * MIN_EXPECTED * m) return;
    merged.window.push(inWindow);
    merged.baseline.push(inBaseline);
    inWindow = 0;
    inBaseline = 0;
  });
  if (inWindow + inBaseline > 0) {
    const last = Math.max(0, merged.baseline.length - 1);
    merged.window[last] = (merged.window[last] ?? 0) + inWindow;
    merged.baseline[last] = (merged.baseline[last] ?? 0) + inBaseline;
  }
  return merged;
}
