import { createRandom } from '../../src/base/statistics/random.js';
import type { LabelledRows } from '../../src/model/tables/labelled-rows.js';

/** Rows of three features, in units far from standard, and a target that follows the first two: `y = a - 2b + noise`. */
export function labelledRows(rows: number, seed = 1): LabelledRows {
  const random = createRandom(seed);
  const features = new Float32Array(rows * 3);
  const targets = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()];
    features.set([50 + 10 * a, 0.001 * b, 1000 * c], 3 * row);
    targets[row] = 200 + 20 * (a - 2 * b + 0.1 * random.normal());
  }
  return { rows, features, targets };
}
