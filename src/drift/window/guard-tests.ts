import { logHypergeometric, logHypergeometricTail } from '../../base/statistics/hypergeometric.js';

/**
 * `ln P(at least `outside` of n new rows lie outside the range of m earlier rows)` if all rows have one distribution. In a random
 * order of n + m rows, the number beyond both extremes is distributed as the number of new rows before the second earlier one,
 * so it is at least k if the first k + 1 rows hold at most one earlier row. Exact without ties, conservative with them. A
 * binomial with share 2/(m + 1) would ignore that all new rows are compared with the same range.
 */
export function logRangeTail(outside: number, n: number, m: number): number {
  if (outside <= 0) return 0;
  const draws = outside + 1;
  const none = logHypergeometric(0, draws, m, n);
  const one = logHypergeometric(1, draws, m, n);
  return one + Math.log1p(Math.exp(none - one));
}

/** `ln P(at least `missing` of n rows)` if `baseline` of m rows are missing: Fisher's exact test, one-sided. */
export function logMissingTail(missing: number, n: number, baseline: number, m: number): number {
  return logHypergeometricTail(missing, n, missing + baseline, n + m - missing - baseline);
}

/** The same, two-sided if the baseline has missing values: a column without the gaps that it used to have has changed too. */
export function logMissingChange(missing: number, n: number, baseline: number, m: number): number {
  const more = logMissingTail(missing, n, baseline, m);
  if (baseline === 0) return more;
  const fewer = logHypergeometricTail(n - missing, n, n - missing + m - baseline, missing + baseline);
  return Math.min(0, Math.LN2 + Math.min(more, fewer));
}
