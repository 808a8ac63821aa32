import type { ReferenceDistribution } from './reference-distribution.js';

/** The misfit that chance exceeds in 1 % of samples (Anderson and Darling 1952, table 1). */
export const CHANCE_MISFIT = 0.743;

/**
 * Cramér and von Mises' W² of `values` `[n]`, ascending, times m / (n + m) for the sampling error of the reference's m rows:
 * `Σ (expected(v) - rank(v))² + 1 / (12 n)`, where equal values have their middle rank. `expected` is the rank, from 0 to 1, that the
 * reference gives a value.
 */
export function misfit(
  values: Float64Array,
  reference: ReferenceDistribution,
  expected = (value: number) => reference.rankOf(value),
): number {
  const n = values.length;
  let sum = 1 / (12 * n);
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && values[to] === values[from]) to++;
    const off = expected(values[from]!) - (from + to) / (2 * n);
    sum += (to - from) * off * off;
    from = to;
  }
  return (sum * reference.rows) / (n + reference.rows);
}
