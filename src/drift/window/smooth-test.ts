import { NO_BIN } from '../../model/baseline/bins.js';

/** How a window's ranks differ from the baseline's. */
export interface SmoothComponent {
  /** Standard normal without drift. */
  readonly statistic: number;
  /** The component itself, in standard deviations of ranks: the window's mean less the baseline's. */
  readonly shift: number;
}

/** Location, spread, skewness and tails; the others are left to χ². */
const ORDERS = 4;
/** A squared length of a polynomial below this is what rounding leaves of none: the bins are used up. */
const NOTHING = 1e-12;

/** `[bins]` each, kept from call to call: every window needs them for each of its channels. */
const RANKS = new Float64Array(NO_BIN);
const SHARES = new Float64Array(NO_BIN);
const DIFFERENCES = new Float64Array(NO_BIN);
const FORMER = new Float64Array(NO_BIN);
const POLYNOMIAL = new Float64Array(NO_BIN);

/**
 * The first four components of the two-sample χ² statistic, which add up to it if there are no more than five bins (Rayner,
 * Thas and Best, "Smooth Tests of Goodness of Fit", 2009). Each is a mean of an orthonormal polynomial of the bins' middle
 * ranks: the first is Wilcoxon's rank-sum test with ties, the second tells a wider from a narrower distribution, as Mood's
 * test does. Drift is mostly smooth, and four components see it where 19 degrees of freedom drown it. Fewer with fewer bins.
 */
export function smoothBins(
  window: ArrayLike<number>,
  baseline: ArrayLike<number>,
  designEffect = 1,
): readonly SmoothComponent[] {
  const bins = baseline.length;
  let n = 0;
  let m = 0;
  for (let k = 0; k < bins; k++) {
    n += window[k]!;
    m += baseline[k]!;
  }
  if (n === 0 || m === 0) return [];
  const total = n + m;
  // Of the two samples drawn from their union, without replacement.
  const deviation = Math.sqrt((total / n / m) * (total / (total - 1)) * designEffect);
  let former = FORMER;
  let polynomial = POLYNOMIAL;
  for (let k = 0, before = 0; k < bins; k++) {
    const tied = window[k]! + baseline[k]!;
    RANKS[k] = (2 * before + tied) / total - 1;
    SHARES[k] = tied / total;
    DIFFERENCES[k] = window[k]! / n - baseline[k]! / m;
    former[k] = 0;
    polynomial[k] = 1;
    before += tied;
  }

  // Orthogonal polynomials on the union by their three-term recurrence (Stieltjes): p ← (rank - a) p - b p₋₁.
  let formerLength = 1;
  let length = 1;
  const components: SmoothComponent[] = [];
  for (let order = 1; order <= ORDERS; order++) {
    let a = 0;
    for (let k = 0; k < bins; k++) a += SHARES[k]! * RANKS[k]! * polynomial[k]! * polynomial[k]!;
    a /= length;
    const b = order > 1 ? length / formerLength : 0;
    formerLength = length;
    length = 0;
    let difference = 0;
    for (let k = 0; k < bins; k++) {
      const value = (RANKS[k]! - a) * polynomial[k]! - b * former[k]!;
      former[k] = value;
      length += SHARES[k]! * value * value;
      difference += DIFFERENCES[k]! * value;
    }
    [former, polynomial] = [polynomial, former];
    if (!(length > NOTHING)) break;
    const shift = difference / Math.sqrt(length);
    components.push({ statistic: shift / deviation, shift });
  }
  return components;
}
