/** The Jensen-Shannon distance of two histograms: the root of the divergence in bits, 0 (the same) to 1 (nothing shared). */
export function jensenShannon(window: readonly number[], baseline: readonly number[]): number {
  const n = window.reduce((sum, count) => sum + count, 0);
  const m = baseline.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return 0;
  const divergence = window.reduce((sum, count, k) => {
    const p = count / n;
    const q = baseline[k]! / m;
    const middle = (p + q) / 2;
    return sum + (p > 0 ? (p / 2) * Math.log2(p / middle) : 0) + (q > 0 ? (q / 2) * Math.log2(q / middle) : 0);
  }, 0);
  return Math.sqrt(Math.max(0, divergence));
}
