/**
 * Terms of probabilities that stay precise where factorials would not (C. Loader, "Fast and accurate computation of binomial
 * probabilities", 2000).
 */

/** Stirling's series of the error below, highest power of 1/x² first: -691/360360, 1/1188, -1/1680, 1/1260, -1/360, 1/12. */
const SERIES = [-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];
/** From this x on, the series is exact to double precision. */
const SERIES_FROM = 16;

/** The error of half and whole numbers below `SERIES_FROM`: χ² and counts need no others. */
const HALVES = Float64Array.from({ length: 2 * SERIES_FROM }, (_, k) => (k > 0 ? computeStirlingError(k / 2) : 0));

/** `ln Γ(x + 1) - ((x + ½) ln x - x + ½ ln 2π)`, for x > 0. */
export function stirlingError(x: number): number {
  return x < SERIES_FROM && Number.isInteger(2 * x) ? HALVES[2 * x]! : computeStirlingError(x);
}

function computeStirlingError(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < SERIES_FROM; at++) sum += (at + 0.5) * Math.log1p(1 / at) - 1;
  const inverse = 1 / (at * at);
  return sum + SERIES.reduce((series, term) => series * inverse + term, 0) / at;
}

/** `x ln(x / mean) + mean - x`, for x ≥ 0 and mean > 0: the deviance of x from its mean. */
export function devianceTerm(x: number, mean: number): number {
  if (x === 0) return mean;
  const v = (x - mean) / (x + mean);
  if (Math.abs(v) > 0.1) return x * Math.log(x / mean) + mean - x;
  // ln(x / mean) = 2 artanh(v): the first term cancels mean - x, so the sum loses no precision.
  const square = v * v;
  let power = 2 * x * v;
  let sum = (x - mean) * v;
  for (let k = 3; ; k += 2) {
    power *= square;
    const next = sum + power / k;
    if (next === sum) return sum;
    sum = next;
  }
}
