import { createRandom } from '../../../src/base/statistics/random.js';

/** Returns a CSV of standard normal features and a target that depends on the first one. */
export function csvOf(names: readonly string[], rows: number, target = 'y'): string {
  const random = createRandom(1);
  const header = [...names, target].map(quote).join(',');
  const lines = Array.from({ length: rows }, () => {
    const values = names.map(() => random.normal());
    return [...values, 2 * values[0]! + 0.1 * random.normal()].map((value) => value.toFixed(4)).join(',');
  });
  return `${[header, ...lines].join('\n')}\n`;
}

/** Returns rows of standard normal numbers. */
export function rowsOf(width: number, rows: number, seed = 2): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length: width }, () => random.normal()));
}

/** Quotes a cell as in RFC 4180. */
export function quote(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
