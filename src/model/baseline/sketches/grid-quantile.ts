import { normalCdf, normalQuantile } from '../../../base/statistics/normal.js';
import { binOf } from './bins.js';
import type { ScoreGrid } from './normal-scores.js';

/** Returns the value at a normal score: a step function if the grid holds all values of the feature, otherwise linear interpolation. */
export function quantileFunction({ values, scores }: ScoreGrid, rows: number): (score: number) => number {
  const tops = stepTops(scores, rows);
  if (tops) return (score) => values[binOf(tops, score)]!;
  return (score) => {
    const at = Math.min(binOf(scores, score), scores.length - 1);
    if (at === 0 || score > scores[at]!) return values[at]!;
    const share = (score - scores[at - 1]!) / (scores[at]! - scores[at - 1]!);
    return values[at - 1]! + share * (values[at]! - values[at - 1]!);
  };
}

/**
 * Returns the normal score up to which each value extends, if the grid holds all values. The score of a value is that of its
 * middle rank, `below + (equal + 1) / 2`, which gives its number of rows. If the grid omits values, the counts do not add up.
 */
function stepTops(scores: readonly number[], rows: number): number[] | undefined {
  let below = 0;
  const tops: number[] = [];
  for (const score of scores) {
    const equal = Math.round(2 * (normalCdf(score) * (rows + 1) - below) - 1);
    if (equal < 1) return undefined;
    below += equal;
    tops.push(below < rows ? normalQuantile(below / rows) : Number.POSITIVE_INFINITY);
  }
  return below === rows ? tops : undefined;
}
