import type { Random } from '../../base/statistics/random.js';

/** Draws `count` rows without drift, `[count, features]` in raw units. NaN marks a missing value. */
export type Draw = (count: number, random: Random) => Float32Array;

/** Draws from real rows `[rows, features]` with replacement. */
export function drawFromRows(rows: Float32Array, features: number): Draw {
  const available = rows.length / features;
  return (count, random) => {
    const drawn = new Float32Array(count * features);
    for (let i = 0; i < count; i++) {
      const row = random.below(available);
      drawn.set(rows.subarray(row * features, (row + 1) * features), i * features);
    }
    return drawn;
  };
}
