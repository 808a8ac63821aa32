/** A p-value near 1, which would outweigh any evidence, counts as this. */
const MOST = 0.99;
/** Below this logarithm of a probability `cot(π p)` is `1 / (π p)` to the last digit. */
const TINY = -30;

/**
 * ln of the p-value of several tests of the same rows together, by Cauchy's combination: the mean of `cot(π p)` is a
 * standard Cauchy variable, in its tail also if the tests depend on each other (Liu and Xie, 2020). It hardly costs more
 * than the best of the tests alone would, and a test counted twice costs nothing.
 */
export function combineEvidence(logPs: readonly number[]): number {
  const least = Math.min(...logPs);
  if (least === Number.NEGATIVE_INFINITY) return least;
  if (least < TINY) {
    return least - Math.log(logPs.reduce((sum, logP) => sum + Math.exp(least - logP), 0) / logPs.length);
  }
  const mean =
    logPs.reduce((sum, logP) => sum + 1 / Math.tan(Math.PI * Math.min(MOST, Math.exp(logP))), 0) / logPs.length;
  return Math.log(Math.atan2(1, mean) / Math.PI);
}
