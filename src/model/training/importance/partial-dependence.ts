import type { Column } from '../../columns/column.js';
import { MAX_TARGETS, type PartialDependence } from '../../versions/importance.js';
import type { ColumnPasses } from './column-passes.js';
import { gridOf, type Point } from './grid.js';

/**
 * Computes the partial dependence of the predictions on a column (Friedman, Greedy function approximation, 2001): the mean prediction of
 * the first `rows` rows of `passes`, each with the same value in the column. `codes` `[all rows]` are those of the column. Returns
 * undefined if there are too few rows for two values.
 */
export function partialDependence(
  passes: ColumnPasses,
  place: number,
  name: string,
  column: Column | undefined,
  codes: Float32Array,
  rows: number,
): PartialDependence | undefined {
  const { points, unlisted } = gridOf(column, codes);
  if (points.length < 2) return undefined;
  const values = points.map(({ value }) => value);
  return { column: name, rows, values, predictions: meanPredictions(passes, place, points, rows), unlisted };
}

/** Returns the mean predictions `[points, targets]` of the first rows, with the value of each point in a column. Its codes take turns. */
export function meanPredictions(
  passes: ColumnPasses,
  column: number,
  points: readonly Pick<Point, 'codes'>[],
  rows: number,
): number[][] {
  const { outputs } = passes;
  const own = passes.parts(column);
  return points.map(({ codes }) => {
    const index = Int32Array.from({ length: rows }, (_, row) => row % codes.length);
    const predicted = passes.predict(own, passes.partsOf(column, codes), index, rows);
    return Array.from({ length: Math.min(outputs, MAX_TARGETS) }, (_, k) => {
      let sum = 0;
      for (let at = k; at < predicted.length; at += outputs) sum += predicted[at]!;
      return sum / rows;
    });
  });
}
