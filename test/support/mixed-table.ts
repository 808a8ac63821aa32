import { createRandom } from '../../src/base/statistics/random.js';
import type { Column } from '../../src/model/columns/column.js';
import type { LabelledRows } from '../../src/model/tables/labelled-rows.js';

export const DAY = 86_400_000;

/** A column of each type, as a reader finds them: `size`, `colour`, `new`, `sold` and `town`, a category of many levels. */
export function mixedColumns(towns = 60): Column[] {
  return [
    { name: 'size', type: 'number', missing: 0.1, range: [-4, 4] },
    { name: 'colour', type: 'category', missing: 0, levels: ['red', 'green', 'blue'], counts: [1, 1, 1] },
    { name: 'new', type: 'boolean', missing: 0, labels: ['no', 'yes'] },
    { name: 'sold', type: 'timestamp', missing: 0, unit: 'day', origin: Date.UTC(2020, 0, 1), range: [0, 999] },
    {
      name: 'town',
      type: 'category',
      missing: 0.05,
      levels: Array.from({ length: towns }, (_, i) => `town ${i}`),
      counts: new Array(towns).fill(1),
    },
  ];
}

/** Draws rows of {@link mixedColumns}. The target depends on every column: on its value, its level, its weekday and its gaps. */
export function mixedRows(rows: number, seed = 1, towns = 60): LabelledRows {
  const random = createRandom(seed);
  const effects = createRandom(7);
  const townEffects = Array.from({ length: towns }, () => 10 * effects.normal());
  const features = new Float32Array(rows * 5);
  const targets = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const size = random.uniform() < 0.1 ? Number.NaN : random.normal();
    const colour = Math.min(2, Math.floor(-1.5 * Math.log(1 - random.uniform())));
    const used = random.below(2);
    const sold = random.below(1000);
    const town = random.uniform() < 0.05 ? Number.NaN : Math.floor(towns * random.uniform() ** 1.5);
    features.set([size, colour, used, sold, town], row * 5);
    targets[row] =
      100 +
      (Number.isNaN(size) ? -20 : 10 * size) +
      [0, 15, -10][colour]! +
      8 * used +
      (townEffects[town] ?? 5) +
      6 * Math.sin((2 * Math.PI * (sold % 7)) / 7) +
      random.normal();
  }
  return { rows, features, targets };
}
