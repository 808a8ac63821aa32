import type { ReferenceDistribution } from './reference-distribution.js';

/** The misfit that chance exceeds in 1 % of samples (Anderson and Darling 1952, table 1). */
export const CHANCE_MISFIT = 0.743;

/**
 * Cramér and von Mises' W² of values `(v - offset) / factor` against the reference, times m / (n + m) for its sampling error:
 * `Σ (F(u) - rank(u))² + 1 / (12 n)`, equal values at their middle rank. `values` `[n]`, ascending; `factor` may be negative.
 */
export function misfit(values: Float64Array, reference: ReferenceDistribution, offset = 0, factor = 1): number {
  const n = values.length;
  let sum = 1 / (12 * n);
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && values[to] === values[from]) to++;
    const rank = (from + to) / (2 * n);
    const off = reference.rankOf((values[from]! - offset) / factor) - (factor > 0 ? rank : 1 - rank);
    sum += (to - from) * off * off;
    from = to;
  }
  return (sum * reference.rows) / (n + reference.rows);
}
