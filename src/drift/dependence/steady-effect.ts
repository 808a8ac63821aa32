/** A squared difference counts at most this much, in units of independent rows: one step is no dependence. */
const CLIP = 6;
/** Differences that are remembered. Until there are as many, all weigh the same. */
const HORIZON = 100;
/** Minimum differences for an estimate. */
const MIN_DIFFERENCES = 10;
/**
 * Independent rows have a mean of 0.971, and exceed it by this over the square root of the number of differences with a
 * probability of 1 in 10,000, by simulation.
 */
const SLACK = 7.7;
/** Allows for the error of an estimate from n differences: a factor of 1 + ERROR / √n. */
const ERROR = 3;

/** Design effects, and the mean of clipped squared differences that each has, `E min(CLIP, D χ²₁)`. */
const EFFECTS = Float64Array.from({ length: 64 }, (_, i) => 1.12 ** i);
const MEANS = EFFECTS.map(clippedMean);
/** The lowest mean that is significant, with any number of differences. */
const LOWEST = MEANS[0]! + SLACK / Math.sqrt(2 * HORIZON);

/** Adds number `count` of the differences of neighbouring entries, in standard deviations of an entry, to their mean. */
export function addDifference(mean: number, difference: number, count: number): number {
  const square = Math.min(CLIP, (difference * difference) / 2);
  return mean + (square - mean) / Math.min(count, HORIZON);
}

/** The design effect of entries with this mean of `count` clipped squared differences; 1 unless it is significant. */
export function steadyEffect(mean: number, count: number): number {
  if (mean < LOWEST) return 1;
  // An exponentially weighted mean is worth twice as many as its horizon.
  const worth = Math.min(count, 2 * HORIZON);
  if (count < MIN_DIFFERENCES || mean < MEANS[0]! + SLACK / Math.sqrt(worth)) return 1;
  let low = 0;
  let high = MEANS.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (MEANS[middle]! < mean) low = middle + 1;
    else high = middle;
  }
  return EFFECTS[low]! * (1 + ERROR / Math.sqrt(worth));
}

/** `E min(CLIP, effect χ²₁)`, by numerical integration over the normal deviate. */
function clippedMean(effect: number): number {
  const STEP = 0.01;
  let sum = 0;
  for (let z = STEP / 2; z < 8; z += STEP) sum += Math.exp((-z * z) / 2) * Math.min(CLIP, effect * z * z);
  return sum * STEP * Math.sqrt(2 / Math.PI);
}
