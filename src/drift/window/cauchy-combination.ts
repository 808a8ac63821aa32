/** A p-value near 1 would outweigh any evidence: it is replaced by this. */
const MAX_P = 0.99;
/** For a logarithm of a probability below this, `cot(π p)` is `1 / (π p)` to the last digit. */
const TINY = -30;

/**
 * Cauchy's combination of several tests of the same rows. Returns ln of the combined p-value. The mean of `cot(π p)` is a standard
 * Cauchy variable, in its tail even if the tests depend on each other (Liu and Xie, 2020). The combination is hardly less
 * sensitive than the best of the tests alone, and counting a test twice costs nothing.
 */
export function combineEvidence(logPs: readonly number[]): number {
  const min = Math.min(...logPs);
  if (min === Number.NEGATIVE_INFINITY) return min;
  if (min < TINY) return min - Math.log(logPs.reduce((sum, logP) => sum + Math.exp(min - logP), 0) / logPs.length);
  const mean =
    logPs.reduce((sum, logP) => sum + 1 / Math.tan(Math.PI * Math.min(MAX_P, Math.exp(logP))), 0) / logPs.length;
  return Math.log(Math.atan2(1, mean) / Math.PI);
}
