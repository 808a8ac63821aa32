import { type Static, Type } from 'typebox';
import { Bins, makeBins } from '../sketches/bins.js';
import { momentsOf } from '../sketches/moments.js';
import { makeScoreGrid, ScoreGrid } from '../sketches/normal-scores.js';
import { Watched, type WatchedFeature } from './watched.js';

export const Column = Type.Object({ name: Type.String(), bins: Bins, mean: Type.Number(), deviation: Type.Number() });
export type Column = Static<typeof Column>;

export const FeatureColumn = Type.Object({
  ...Column.properties,
  min: Type.Number(),
  max: Type.Number(),
  missing: Type.Integer({ minimum: 0, description: 'held-out rows without a value, in addition to those in the bins' }),
  grid: ScoreGrid,
  // A number has none, nor has any feature of an older baseline.
  watched: Type.Optional(Watched),
});
export type FeatureColumn = Static<typeof FeatureColumn>;

/** Summarises the ascending values of a column, at least one. */
export function columnOf(name: string, sorted: Float64Array): Column {
  const { mean, variance } = momentsOf(sorted);
  // A constant column's computed variance may be above 0 by rounding.
  const constant = sorted[0] === sorted[sorted.length - 1];
  return { name, bins: makeBins(sorted), mean, deviation: constant ? 0 : Math.sqrt(variance) };
}

/** A feature of numbers: its ascending values, at least one, of `count` rows. */
export function numberFeature(name: string, sorted: Float64Array, count: number): FeatureColumn {
  return {
    ...columnOf(name, sorted),
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
    missing: count - sorted.length,
    grid: makeScoreGrid(sorted),
  };
}

/** No float32 lies outside. */
const LARGEST = 2 ** 128;

/** A feature that no held-out row has a value of: only the share of missing values can be compared. */
export function emptyFeature(feature: WatchedFeature, count: number): FeatureColumn {
  return {
    ...feature,
    bins: { edges: [], counts: [0] },
    ...{ mean: 0, deviation: 0, min: -LARGEST, max: LARGEST, missing: count },
    grid: { values: [0], scores: [0] },
  };
}
