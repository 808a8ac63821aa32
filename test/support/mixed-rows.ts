import { createRandom, type Random } from '../../src/base/statistics/random.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import type { Column } from '../../src/model/columns/column.js';

const DAY = 86_400_000;

/** A table of houses: a number, a category with rare levels, a boolean, a date, and a number with gaps. */
export const MIXED_COLUMNS: readonly Column[] = [
  { name: 'size', type: 'number', missing: 0, range: [0, 10] },
  {
    name: 'heating',
    type: 'category',
    missing: 0,
    levels: ['coal', 'electric', 'gas', 'oil', 'solar', 'wood'],
    counts: [2, 1500, 3000, 500, 3, 100],
  },
  { name: 'pool', type: 'boolean', missing: 0, labels: ['no', 'yes'] },
  { name: 'sold', type: 'timestamp', missing: 0, unit: 'minute', origin: Date.UTC(2020, 0, 1), range: [0, 1_000_000] },
  { name: 'tax', type: 'number', missing: 0.2, range: [0, 10] },
];
export const MIXED_NAMES = MIXED_COLUMNS.map(({ name }) => name);

/** Shares of the levels of `heating`. */
const SHARES = [0.0004, 0.3, 0.55, 0.1, 0.0006, 0.049];
/** What a level adds to the price. */
const EFFECTS = [-2, 0.5, 1, -1, 2, 0];

/** A row of these columns. */
export type MixedRow = [size: number, heating: number, pool: number, sold: number, tax: number];

/**
 * Draws rows of these columns with predictions and errors. `change` changes a row before it is predicted. Dates lie in the year
 * from `start`, in days since 2020, in business hours.
 */
export function drawMixed(
  count: number,
  random: Random = createRandom(count),
  change: (row: MixedRow) => void = () => {},
  { start = 0, days = 365 } = {},
): HeldOut {
  const width = MIXED_COLUMNS.length;
  const rows = new Float32Array(count * width);
  const outputs = new Float32Array(count);
  const errors = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const heating = levelAt(random.uniform());
    // Large houses have gas, and a pool.
    const size = 3 + EFFECTS[heating]! + random.normal();
    const minute = 8 * 60 + random.below(9 * 60);
    const day = start + random.below(days);
    const row: MixedRow = [
      size,
      heating,
      Number(size + random.normal() > 4),
      (day * DAY) / 60_000 + minute,
      random.uniform() < 0.2 ? Number.NaN : size / 2 + 0.3 * random.normal(),
    ];
    change(row);
    rows.set(row, r * width);
    outputs[r] = row[0] + (EFFECTS[row[1]] ?? 0) + row[2];
    errors[r] = (random.normal() + random.normal()) ** 2;
  }
  return { count, rows, outputs, errors };
}

function levelAt(share: number): number {
  let left = share;
  for (const [level, own] of SHARES.entries()) {
    left -= own;
    if (left < 0) return level;
  }
  return 2;
}
