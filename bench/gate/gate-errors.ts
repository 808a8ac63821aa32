import type { Random } from '../../src/base/statistics/random.js';

/** Distributions of residuals: normal, Student's t with 3 degrees of freedom, or 5 % outliers of five times the size. */
export const SPREADS = ['normal', 'heavy', 'outliers'] as const;
export type Spread = (typeof SPREADS)[number];

/** Share of the residual variance that belongs to the row and so is common to both models. */
const COMMON = 0.9;

/** Draws squared errors `[rows]` of two models on the same rows. The true RMSE of the first is `ratio` times the second's. */
export function drawErrors(random: Random, rows: number, ratio: number, spread: Spread): [Float64Array, Float64Array] {
  const candidate = new Float64Array(rows);
  const serving = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const common = Math.sqrt(COMMON) * draw(random, spread);
    candidate[row] = (common + Math.sqrt(ratio ** 2 - COMMON) * random.normal()) ** 2;
    serving[row] = (common + Math.sqrt(1 - COMMON) * random.normal()) ** 2;
  }
  return [candidate, serving];
}

/** Draws a number of mean 0 and variance 1. */
function draw(random: Random, spread: Spread): number {
  const normal = random.normal();
  if (spread === 'normal') return normal;
  if (spread === 'outliers') return (normal * (random.uniform() < 0.05 ? 5 : 1)) / Math.sqrt(0.95 + 0.05 * 25);
  const chiSquare = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return normal / Math.sqrt(chiSquare);
}
