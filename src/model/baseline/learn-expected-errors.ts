import { createRandom, type Random } from '../../base/statistics/random.js';
import type { Baseline, HeldOut } from './baseline.js';
import { type BinnedColumns, binRows, channelBins, channelsWithLevels, countBins } from './channel-bins.js';
import { type ErrorModel, type ExpectedErrors, fitEffects, mixRows, shareDistance } from './errors/expected-errors.js';
import { summariseErrors } from './errors/prediction-errors.js';
import { columnNames } from './features/watched.js';

/** The true targets of held-out rows, and the model that predicts them. */
export interface JudgedModel {
  /** `[count, outputs]` */
  readonly targets: Float32Array;
  /** Predicts rows `[any, features]`. */
  readonly predict: (rows: Float32Array) => Pick<HeldOut, 'outputs' | 'errors'>;
}

/**
 * Adds to the baseline of held-out rows what the model's errors on them are, and what errors of rows without labels probably
 * are. `judged.targets` must be finite. The same seed gives the same baseline.
 */
export function addErrors(baseline: Baseline, heldOut: HeldOut, judged: JudgedModel, seed: number): Baseline {
  const { count, rows, outputs } = heldOut;
  const expected = learnExpectedErrors(baseline, heldOut, judged, seed);
  return {
    ...baseline,
    prediction_errors: summariseErrors({ rows: count, features: rows, outputs, targets: judged.targets }),
    ...(expected ? { expected_errors: expected } : {}),
  };
}

/** Minimum held-out rows: with fewer, the effects of the bins would be noise. */
const MIN_LEARNED_ROWS = 200;
const MAX_LEARNED_ROWS = 5000;
/** Values, `[rows, channels, targets]`, that a step of the fits reads: bounds the time to half a second. Wide models get no estimate. */
const MAX_VALUES = 4e5;
/** Features that are shifted in turn to find the misfit. */
const MAX_SHIFTED = 12;

/** A smaller distance of the shares says little of what a broken relation does. */
const MIN_DISTANCE = 0.05;

/** Rows as the fits see them. */
interface Learned {
  readonly bins: Uint8Array;
  readonly rows: number;
  /** `[rows, outputs]`: prediction - target. */
  readonly residuals: Float64Array;
}

/**
 * Learns what the errors of rows without labels probably are, from the bins of their channels: direct loss estimation, as
 * NannyML calls it. It learns from held-out rows, and from copies in which one feature is another row's: held-out rows alone do
 * not show what the errors are where relations are broken.
 */
function learnExpectedErrors(
  columns: BinnedColumns,
  heldOut: HeldOut,
  { targets, predict }: JudgedModel,
  seed: number,
): ExpectedErrors | null {
  const d = columnNames(columns.features).length;
  const width = columns.outputs.length;
  const random = createRandom(seed);
  const channels = channelBins(columns).length;
  const count = Math.min(heldOut.count, MAX_LEARNED_ROWS, Math.floor(MAX_VALUES / channels / width));
  if (count < MIN_LEARNED_ROWS) return null;
  const rows = heldOut.rows.subarray(0, count * d);
  /** Rows that belong to the targets from row `first` on, after a change of their features. */
  const learn = (changed: Float32Array, first: number): Learned => {
    const n = changed.length / d;
    const predicted = { count: n, rows: changed, ...predict(changed) };
    const residuals = Float64Array.from(predicted.outputs, (output, i) => output - targets[first * width + i]!);
    return { bins: binRows(columns, predicted), rows: n, residuals };
  };
  const held = learn(rows, 0);
  const mixed = learn(mixRows(rows, d, random), 0);
  const middle = count >> 1;
  const shifts = [0, middle].map((from) => {
    const half = rows.subarray(from * d, (from === 0 ? middle : count) * d);
    return shiftedCopies(half, d, random).map((copy) => learn(copy, from));
  });
  return columns.outputs.map((_, j) => {
    const model = (loss: (residual: number) => number) => fitModel({ held, mixed, shifts }, j, width, loss, columns);
    return { squared: model((residual) => residual ** 2), absolute: model(Math.abs) };
  });
}

function fitModel(
  { held, mixed, shifts }: { held: Learned; mixed: Learned; shifts: readonly (readonly Learned[])[] },
  j: number,
  width: number,
  loss: (residual: number) => number,
  columns: BinnedColumns,
): ErrorModel {
  const bins = channelBins(columns);
  const binCounts = bins.map(({ counts }) => counts.length);
  const hasLevels = channelsWithLevels(columns);
  const channels = bins.length;
  const lossesOf = ({ residuals, rows }: Learned) =>
    Float64Array.from({ length: rows }, (_, r) => loss(residuals[r * width + j]!));
  const [clean, broken] = [lossesOf(held), lossesOf(mixed)];
  // A copy can be far beyond anything seen. What is beyond is not estimated, and must not dominate the fit.
  const largest = clean.reduce((max, one) => Math.max(max, one), 0);
  const cap = (losses: Float64Array) => losses.map((one) => (one < largest ? one : largest));
  const capped = cap(broken);
  const count = held.rows;
  const fit = (from: number, to: number) => {
    const cut = (all: Uint8Array) => all.subarray(from * channels, to * channels);
    return fitEffects({
      bins: concatBytes(cut(held.bins), cut(mixed.bins)),
      binCounts,
      hasLevels,
      errors: Float64Array.from([...clean.subarray(from, to), ...capped.subarray(from, to)]),
    });
  };
  const middle = count >> 1;
  /** The channels that show relations: the reconstruction error and the conditional residuals. */
  const first = columns.features.length + width;
  let noise = 0;
  const misses: number[] = [];
  for (const [half, [from, to]] of (
    [
      [0, middle],
      [middle, count],
    ] as const
  ).entries()) {
    // Fitted to the other half.
    const effects = half === 0 ? fit(middle, count) : fit(0, middle);
    const fitted = (bytes: Uint8Array, row: number) => sumOfEffects(effects, bytes, row, channels);
    const own = Float64Array.from({ length: to - from }, (_, i) => fitted(held.bins, from + i));
    const [meanFit, meanLoss] = [average(own), average(clean.subarray(from, to))];
    for (let i = 0; i < own.length; i++) noise += (clean[from + i]! - meanLoss - (own[i]! - meanFit)) ** 2 / count;
    for (const shifted of shifts[half]!) {
      const truth = average(cap(lossesOf(shifted))) - meanLoss;
      const estimate =
        average(Float64Array.from({ length: shifted.rows }, (_, i) => fitted(shifted.bins, i))) - meanFit;
      const distance = Math.max(
        ...bins
          .slice(first)
          .map(({ counts }, c) => shareDistance(countBins(shifted.bins, first + c, channels, counts.length), counts)),
      );
      // Shuffling a feature that depends on no other breaks nothing.
      if (distance >= MIN_DISTANCE) misses.push((truth - estimate) / Math.sqrt(distance));
    }
  }
  /** At most 1, which is what Cauchy and Schwarz's inequality allows. */
  const misfit = (side: (miss: number) => number) =>
    misses.length > 0 && noise > 0 ? Math.max(0, Math.min(1, Math.max(...misses.map(side)) / Math.sqrt(noise))) : 1;
  const effects = fit(0, count);
  return {
    mean: average(clean),
    variance: noise,
    misfit: { below: misfit((miss) => -miss), above: misfit((miss) => miss) },
    channels: effects.flatMap((one, channel) =>
      one
        ? [{ channel, effects: Array.from(one.subarray(0, binCounts[channel]!), (e) => Number(e.toPrecision(6))) }]
        : [],
    ),
  };
}

/** Copies of `rows` `[any, d]`, each with one feature shuffled. */
function shiftedCopies(rows: Float32Array, d: number, random: Random): Float32Array[] {
  const count = rows.length / d;
  const step = Math.max(1, d / MAX_SHIFTED);
  const copies: Float32Array[] = [];
  for (let at = 0; at < d; at += step) {
    const j = Math.floor(at);
    const shuffled = rows.slice();
    for (let r = 0; r < count; r++) shuffled[r * d + j] = rows[random.below(count) * d + j]!;
    copies.push(shuffled);
  }
  return copies;
}

function sumOfEffects(
  effects: readonly (Float64Array | undefined)[],
  bins: Uint8Array,
  row: number,
  channels: number,
): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const one = effects[c];
    if (one) sum += one[Math.min(bins[row * channels + c]!, one.length - 1)]!;
  }
  return sum;
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
