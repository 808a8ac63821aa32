import { type Static, Type } from 'typebox';
import type { Random } from '../../../base/statistics/random.js';
import { sumOf } from '../sketches/bins.js';

/** An error explained by the bins of some channels: `mean + Σ_c (effect of the bin in c - mean effect in c)`. */
const ErrorModel = Type.Object({
  mean: Type.Number({ minimum: 0, description: 'on the held-out rows' }),
  variance: Type.Number({ minimum: 0, description: 'of what the bins do not explain, on the held-out rows' }),
  misfit: Type.Object(
    { below: Type.Number({ minimum: 0 }), above: Type.Number({ minimum: 0 }) },
    {
      description:
        'how far true errors were below and above the estimate where relations were broken, in √(variance × shareDistance): ' +
        'the maxima over features that were shuffled',
    },
  ),
  channels: Type.Array(
    Type.Object({
      channel: Type.Integer({
        minimum: 0,
        description: 'features, outputs, reconstruction error, conditional residuals',
      }),
      effects: Type.Array(Type.Number(), { description: 'one per bin' }),
    }),
  ),
});
export type ErrorModel = Static<typeof ErrorModel>;

/** What the prediction errors of rows without labels probably are, learned on held-out rows. One entry per target. */
export const ExpectedErrors = Type.Array(Type.Object({ squared: ErrorModel, absolute: ErrorModel }));
export type ExpectedErrors = Static<typeof ExpectedErrors>;

/**
 * Beyond these, what the errors are no held-out row shows: the share of rows outside the range of the held-out rows or without a
 * value, and the `shareDistance` of a channel that shows relations, 19 if all rows are in one of 20 bins.
 */
export const MAX_UNSEEN = 0.02;
export const MAX_DISTANCE = 4;

/** Rows to learn from. */
export interface BinnedErrors {
  /** `[rows, channels]` */
  readonly bins: Uint8Array;
  readonly binCounts: readonly number[];
  /** `[channels]`: whether neighbouring bins have nothing in common. */
  readonly hasLevels: readonly boolean[];
  /** `[rows]`: squared or absolute errors. */
  readonly errors: Float64Array;
}

/** Steps of the boosting and the share of each that is taken. A bin's effect is shrunk as if it had this many more rows without effect. */
const STEPS = 80;
const RATE = 0.3;
const SHRINKAGE = 20;
/** Neighbouring bins on each side over which a step is smooth. */
const SMOOTHED = 2;

/**
 * Fits additive effects of bins by componentwise L2 boosting (Bühlmann and Yu, 2003,
 * https://doi.org/10.1198/016214503000125): each step takes the channel that explains most of what is left. Channels that
 * explain nothing are never taken. A step is smooth over neighbouring bins, which hold too few rows alone. Returns the effects
 * by channel, the last one of missing values; `undefined` for a channel that was not taken.
 */
export function fitEffects({ bins, binCounts, hasLevels, errors }: BinnedErrors): (Float64Array | undefined)[] {
  const rows = errors.length;
  const channels = binCounts.length;
  const stride = Math.max(...binCounts) + 1;
  const mean = errors.reduce((sum, error) => sum + error / rows, 0);
  const rest = errors.map((error) => error - mean);
  // A missing value counts in an additional bin.
  const places = new Int32Array(rows * channels);
  for (let r = 0, at = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, at++) places[at] = c * stride + Math.min(bins[at]!, binCounts[c]!);
  }
  const counts = new Float64Array(channels * stride);
  for (const place of places) counts[place]!++;
  const effects = new Array<Float64Array | undefined>(channels);
  const sums = new Float64Array(channels * stride);
  const steps = new Float64Array(channels * stride);
  for (let step = 0; step < STEPS; step++) {
    sums.fill(0);
    for (let r = 0, at = 0; r < rows; r++) {
      const left = rest[r]!;
      for (let c = 0; c < channels; c++, at++) sums[places[at]!]! += left;
    }
    let best = -1;
    let bestGain = 0;
    for (let c = 0; c < channels; c++) {
      const first = c * stride;
      let gain = 0;
      for (let k = 0; k <= binCounts[c]!; k++) {
        steps[first + k] = smoothStep(sums, counts, first, k, binCounts[c]!, hasLevels[c]!);
        gain += steps[first + k]! * sums[first + k]!;
      }
      if (gain > bestGain) [best, bestGain] = [c, gain];
    }
    if (best < 0) break;
    const taken = effects[best] ?? new Float64Array(binCounts[best]! + 1);
    effects[best] = taken;
    for (let k = 0; k < taken.length; k++) taken[k]! += steps[best * stride + k]!;
    for (let r = 0; r < rows; r++) rest[r]! -= steps[places[r * channels + best]!]!;
  }
  return effects;
}

/** The step of bin `k` of a channel whose bins begin at `first`: the mean of what is left in it and its neighbours, shrunk. */
function smoothStep(
  sums: Float64Array,
  counts: Float64Array,
  first: number,
  k: number,
  bins: number,
  hasLevels: boolean,
): number {
  // Missing values have no neighbours, nor have levels.
  const reach = k === bins || hasLevels ? 0 : SMOOTHED;
  let sum = 0;
  let rows = SHRINKAGE;
  for (let i = Math.max(0, k - reach); i <= Math.min(k + reach, Math.max(k, bins - 1)); i++) {
    const weight = 1 - Math.abs(i - k) / (reach + 1);
    sum += weight * sums[first + i]!;
    rows += weight * counts[first + i]!;
  }
  return (RATE * sum) / rows;
}

/** Copies rows with one random feature taken from another random row: what a broken relation does to a row. */
export function mixRows(rows: Float32Array, width: number, random: Random): Float32Array {
  const count = rows.length / width;
  const mixed = rows.slice();
  for (let r = 0; r < count; r++) {
    const j = random.below(width);
    mixed[r * width + j] = rows[random.below(count) * width + j]!;
  }
  return mixed;
}

/**
 * The χ² distance of a window's shares from the reference's, `Σ (w_k - π_k)² / π_k`, less what chance explains. By Cauchy and
 * Schwarz, its root times a standard deviation bounds how far the mean of anything that depends on the bin alone can move.
 */
export function shareDistance(window: ArrayLike<number>, reference: ArrayLike<number>): number {
  const [n, m] = [sumOf(window), sumOf(reference)];
  if (n === 0 || m === 0) return 0;
  let distance = 0;
  for (let k = 0; k < reference.length; k++) {
    const share = Math.max(1, reference[k]!) / m;
    distance += (window[k]! / n - reference[k]! / m) ** 2 / share;
  }
  return Math.max(0, distance - (reference.length - 1) * (1 / n + 1 / m));
}
