import { type Static, Type } from 'typebox';
import { normalCdf, normalQuantile } from '../../../base/statistics/normal.js';
import type { OrderedLists } from './ordered-lists.js';

/** Maximum values of a grid: exact for a feature with fewer distinct values, interpolated between quantiles for others. */
const GRID = 256;
/** Maximum values that are read: the first and the last may come on top of those in between. */
const MAX_VALUES = GRID + 2;

/** A feature's map from raw values to normal scores. */
export const ScoreGrid = Type.Object({
  values: Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_VALUES, description: 'ascending' }),
  scores: Type.Array(Type.Number(), { minItems: 1, description: 'one per value' }),
});
export type ScoreGrid = Static<typeof ScoreGrid>;

/** The normal score of `below` smaller and `equal` equal values among `rows`: `Φ⁻¹((below + ½ equal + ½) / (rows + 1))`. */
export function normalScore(below: number, equal: number, rows: number): number {
  return normalQuantile((below + equal / 2 + 0.5) / (rows + 1));
}

/** The grid of `sorted`, ascending and not empty. Ties share the score of their middle rank. */
export function makeScoreGrid(sorted: Float64Array): ScoreGrid {
  const starts: number[] = [];
  sorted.forEach((value, i) => {
    if (i === 0 || value !== sorted[i - 1]) starts.push(i);
  });
  const chosen = starts.length <= GRID ? starts.keys() : evenScores(starts, sorted.length);
  const values: number[] = [];
  const scores: number[] = [];
  for (const i of chosen) {
    const from = starts[i]!;
    const to = starts[i + 1] ?? sorted.length;
    values.push(sorted[from]!);
    scores.push(normalScore(from, to - from, sorted.length));
  }
  return { values, scores };
}

/**
 * The score of `value`, by grid number `list` of `grids`, whose scores are at the same positions in `gridScores`. Scores are
 * linear between grid values, and constant beyond the first and the last. NaN has the middle score, 0.
 */
export function gridScore(grids: OrderedLists, gridScores: Float64Array, list: number, value: number): number {
  if (Number.isNaN(value)) return 0;
  const { numbers, starts } = grids;
  const first = starts[list]!;
  const next = first + grids.countBelow(list, value);
  if (next === starts[list + 1]!) return gridScores[next - 1]!;
  if (next === first || numbers[next] === value) return gridScores[next]!;
  const low = next - 1;
  const share = (value - numbers[low]!) / (numbers[next]! - numbers[low]!);
  return gridScores[low]! + share * (gridScores[next]! - gridScores[low]!);
}

/** Selects distinct values, given where each starts: evenly spaced on the normal scale, so that the tails stay exact. */
function evenScores(starts: readonly number[], rows: number): Set<number> {
  const chosen = new Set<number>([0]);
  const last = normalQuantile(1 - 0.5 / rows);
  let at = 0;
  for (let k = 0; k < GRID; k++) {
    const rank = normalCdf(last * ((2 * k) / (GRID - 1) - 1)) * rows;
    while (at + 1 < starts.length && starts[at + 1]! <= rank) at++;
    chosen.add(at);
  }
  return chosen.add(starts.length - 1);
}
