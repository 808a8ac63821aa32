import { bounded, type Range, type Reach } from '../columns/encoding/reach.js';

/** Means and standard deviations of columns, one per column. JSON-serialisable. */
export interface Scaler {
  readonly mean: readonly number[];
  /** Population standard deviation; 1 for a constant column, whose values then become 0. */
  readonly scale: readonly number[];
  /** Of the values that were fitted, see `reachOf`; a version of an earlier release has none. */
  readonly range?: readonly Range[] | undefined;
}

/**
 * Computes the scaler of the rows `index`, at least one, of `values`, row-major `[rows, columns]`, in float64 and two passes.
 * Missing values, NaN, do not count; a column of nothing else has the mean 0.
 */
export function fitScaler(values: Float32Array, columns: number, index: Int32Array): Scaler {
  const mean = new Float64Array(columns);
  const counts = new Float64Array(columns);
  const first = new Float64Array(columns).fill(Number.NaN);
  for (const row of index) {
    for (let j = 0; j < columns; j++) {
      const value = values[row * columns + j]!;
      if (Number.isNaN(value)) continue;
      if (counts[j]!++ === 0) first[j] = value;
      mean[j]! += value;
    }
  }
  for (let j = 0; j < columns; j++) mean[j]! /= Math.max(1, counts[j]!);

  const varies = new Uint8Array(columns);
  const variance = new Float64Array(columns);
  for (const row of index) {
    for (let j = 0; j < columns; j++) {
      const value = values[row * columns + j]!;
      if (Number.isNaN(value)) continue;
      if (value !== first[j]) varies[j] = 1;
      variance[j]! += (value - mean[j]!) ** 2 / counts[j]!;
    }
  }
  // Values are compared because the variance does not show a constant column: its mean may differ from its value by rounding,
  // which leaves a variance above 0, while seconds since 1970, say, vary by less than a ten-millionth of their mean.
  const scale = Array.from(variance, (value, j) => (varies[j] ? Math.sqrt(value) : 1));
  return { mean: Array.from(mean), scale };
}

/**
 * Writes `(from - mean) / scale` of the first `count` rows to `to`, which may be `from`. Both `[rows, columns]`. A missing
 * value, NaN, becomes the mean. A value beyond the reach of its column, by `reaches`, is first bounded.
 */
export function standardise(
  scaler: Scaler,
  from: Float32Array,
  to: Float32Array,
  count: number,
  reaches?: readonly Reach[],
): void {
  const { mean, scale } = scaler;
  for (let at = 0, row = 0; row < count; row++) {
    for (let j = 0; j < mean.length; j++, at++) {
      const value = reaches ? bounded(from[at]!, reaches[j]!) : from[at]!;
      to[at] = Number.isNaN(value) ? 0 : (value - mean[j]!) / scale[j]!;
    }
  }
}

/** Writes `from × scale + mean` of the first `count` rows to `to`, which may be `from`. Both `[rows, columns]`. */
export function unstandardise(scaler: Scaler, from: Float32Array, to: Float32Array, count: number): void {
  const { mean, scale } = scaler;
  for (let at = 0, row = 0; row < count; row++) {
    for (let j = 0; j < mean.length; j++, at++) to[at] = from[at]! * scale[j]! + mean[j]!;
  }
}
