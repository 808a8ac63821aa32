import { sumOf } from '../../model/baseline/sketches/bins.js';

/** Neighbouring bins in which the share of rows has changed most. */
export interface Interval {
  /** Excluded; undefined without a lower end. */
  readonly low: number | undefined;
  /** Included; undefined without an upper end. */
  readonly high: number | undefined;
  readonly share: number;
  readonly before: number;
}

/** Finds the interval of bins with the largest likelihood ratio of its share of rows, now against before. Undefined without rows. */
export function changedInterval(
  window: readonly number[],
  baseline: readonly number[],
  edges: readonly number[],
): Interval | undefined {
  const n = sumOf(window);
  const m = sumOf(baseline);
  if (n === 0 || m === 0) return undefined;
  let found: Interval | undefined;
  let most = 0;
  for (let first = 0; first < baseline.length; first++) {
    let now = 0;
    let before = 0;
    for (let last = first; last < baseline.length; last++) {
      now += window[last]! / n;
      before += baseline[last]! / m;
      const ratio = now > before ? divergence(now, before) : 0;
      if (ratio > most) {
        most = ratio;
        found = { low: edges[first - 1], high: edges[last], share: now, before };
      }
    }
  }
  return found;
}

/** The Kullback-Leibler divergence of two shares, in nats. */
function divergence(p: number, q: number): number {
  const part = (a: number, b: number) => (a > 0 ? a * Math.log(a / b) : 0);
  return part(p, q) + part(1 - p, Math.max(1 - q, 1e-9));
}
