import type { Random } from '../../base/statistics/random.js';

/** Draws `count` rows without drift, `[count, features]` in raw units, NaN where a value is missing. */
export type Draw = (count: number, random: Random) => Float32Array;

/** Draws from real rows, `[any, features]`, with replacement. */
export function drawFromRows(rows: Float32Array, features: number): Draw {
  const there = rows.length / features;
  return (count, random) => {
    const drawn = new Float32Array(count * features);
    for (let i = 0; i < count; i++) {
      const row = random.below(there);
      drawn.set(rows.subarray(row * features, (row + 1) * features), i * features);
    }
    return drawn;
  };
}
