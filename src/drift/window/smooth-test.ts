import { NO_BIN, sumOf } from '../../model/baseline/sketches/bins.js';

/** One way in which a window's ranks differ from the baseline's. */
export interface SmoothComponent {
  /** Standard normal without drift. */
  readonly statistic: number;
  /** The window's mean less the baseline's, in standard deviations of ranks. */
  readonly shift: number;
}

/** Location, spread, skewness, and tails. χ² covers the higher orders. */
const ORDERS = 4;
/** A polynomial whose squared length is below this is rounding error: there are no more orders than bins. */
const MIN_SQUARED_LENGTH = 1e-12;

/** Buffers `[bins]`, reused by all calls: every window needs them for each of its channels. */
const RANKS = new Float64Array(NO_BIN);
const SHARES = new Float64Array(NO_BIN);
const DIFFERENCES = new Float64Array(NO_BIN);
const PREVIOUS = new Float64Array(NO_BIN);
const POLYNOMIAL = new Float64Array(NO_BIN);

/**
 * The first four components of the two-sample χ² statistic (Rayner, Thas and Best, "Smooth Tests of Goodness of Fit", 2009).
 * Each is a mean of an orthonormal polynomial of the bins' middle ranks: the first is Wilcoxon's rank-sum test with ties; the
 * second detects a wider or narrower distribution, as Mood's test does. Most drift is smooth, and four components detect it
 * where it is lost among 19 degrees of freedom. Fewer bins have fewer components; up to five bins, the components add up to χ².
 */
export function smoothBins(
  window: ArrayLike<number>,
  baseline: ArrayLike<number>,
  designEffect = 1,
): readonly SmoothComponent[] {
  const bins = baseline.length;
  const n = sumOf(window);
  const m = sumOf(baseline);
  if (n === 0 || m === 0) return [];
  const total = n + m;
  // For two samples drawn from their union without replacement.
  const deviation = Math.sqrt((total / n / m) * (total / (total - 1)) * designEffect);
  let previous = PREVIOUS;
  let polynomial = POLYNOMIAL;
  for (let k = 0, before = 0; k < bins; k++) {
    const tied = window[k]! + baseline[k]!;
    RANKS[k] = (2 * before + tied) / total - 1;
    SHARES[k] = tied / total;
    DIFFERENCES[k] = window[k]! / n - baseline[k]! / m;
    previous[k] = 0;
    polynomial[k] = 1;
    before += tied;
  }

  // Orthogonal polynomials on the union by their three-term recurrence (Stieltjes): p ← (rank - a) p - b p₋₁.
  let previousLength = 1;
  let length = 1;
  const components: SmoothComponent[] = [];
  for (let order = 1; order <= ORDERS; order++) {
    let a = 0;
    for (let k = 0; k < bins; k++) a += SHARES[k]! * RANKS[k]! * polynomial[k]! * polynomial[k]!;
    a /= length;
    const b = order > 1 ? length / previousLength : 0;
    previousLength = length;
    length = 0;
    let difference = 0;
    for (let k = 0; k < bins; k++) {
      const value = (RANKS[k]! - a) * polynomial[k]! - b * previous[k]!;
      previous[k] = value;
      length += SHARES[k]! * value * value;
      difference += DIFFERENCES[k]! * value;
    }
    [previous, polynomial] = [polynomial, previous];
    if (!(length > MIN_SQUARED_LENGTH)) break;
    const shift = difference / Math.sqrt(length);
    components.push({ statistic: shift / deviation, shift });
  }
  return components;
}
