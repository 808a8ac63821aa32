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
  const ranks = new Float64Array(bins);
  for (let k = 0, before = 0; k < bins; k++) {
    const tied = window[k]! + baseline[k]!;
    ranks[k] = (2 * before + tied) / total - 1;
    before += tied;
  }

  // Orthogonal polynomials on the union by their three-term recurrence (Stieltjes): p ← (rank - a) p - b p₋₁.
  let former = new Float64Array(bins);
  let polynomial = new Float64Array(bins).fill(1);
  let formerLength = 1;
  let length = 1;
  const components: SmoothComponent[] = [];
  for (let order = 1; order <= ORDERS; order++) {
    let a = 0;
    for (let k = 0; k < bins; k++) a += ((window[k]! + baseline[k]!) / total) * ranks[k]! * polynomial[k]! ** 2;
    a /= length;
    const b = order > 1 ? length / formerLength : 0;
    formerLength = length;
    length = 0;
    let difference = 0;
    for (let k = 0; k < bins; k++) {
      const value = (ranks[k]! - a) * polynomial[k]! - b * former[k]!;
      former[k] = value;
      length += ((window[k]! + baseline[k]!) / total) * value * value;
      difference += (window[k]! / n - baseline[k]! / m) * value;
    }
    [former, polynomial] = [polynomial, former];
    if (!(length > NOTHING)) break;
    const shift = difference / Math.sqrt(length);
    components.push({ statistic: shift / deviation, shift });
  }
  return components;
}
