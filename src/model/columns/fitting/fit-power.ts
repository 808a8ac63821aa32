import type { PowerEncoding } from '../encoding/encoding.js';
import { fitYeoJohnson, yeoJohnson } from '../encoding/yeo-johnson.js';
import { MAX_FITTED_VALUES, moments } from './moments.js';

/**
 * Skewness by quantiles, |q95 + q5 - 2 q50| / (q95 - q5), from which a column has a long tail rather than a few outliers: sizes
 * over orders of magnitude, such as counts of people or sums of money, have 0.8 and more; an exponential distribution has 0.56.
 * Lower bounds gained nothing on seven tables, and skewness by moments is that of outliers.
 */
const LONG_TAIL = 0.75;

/** Fewer values do not show the tails. */
const MIN_VALUES = 50;

/**
 * Fits a power transform to the first values of a column of numbers in random order, if it has a long tail. It becomes an input beside the number
 * itself, since a relation to the number may be linear. The values are centred at their median and divided by their quartiles'
 * distance first, so that the unit does not matter.
 */
export function fitPower(codes: Float32Array): PowerEncoding['power'] | undefined {
  const known = Float64Array.from(codes.subarray(0, MAX_FITTED_VALUES)).filter((code) => !Number.isNaN(code));
  if (known.length < MIN_VALUES) return undefined;
  const sorted = known.toSorted();
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  const [centre, width] = [quantile(0.5), quantile(0.75) - quantile(0.25)];
  const [low, high] = [quantile(0.05), quantile(0.95)];
  // Where one value is that of many rows, mostly 0, the quantiles say nothing of a tail.
  if (!(width > 0 && low < centre && centre < high)) return undefined;
  if (!(Math.abs(low + high - 2 * centre) >= LONG_TAIL * (high - low))) return undefined;
  const scaled = known.map((value) => (value - centre) / width);
  const lambda = fitYeoJohnson(scaled);
  return { centre, width, lambda, ...moments(scaled.map((value) => yeoJohnson(value, lambda))) };
}
