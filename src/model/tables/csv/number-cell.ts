/**
 * A decimal number; any other text (empty, NA, ?, a word) counts as a missing value. The digits after the point are only
 * looked for after a point: else a cell of a million digits and a letter would be tried in every way to split them.
 */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** The number in a cell of a CSV; NaN if there is none. `Number()` alone would read '' as 0 and '0x1F' as 31. */
export function numberInCell(cell: string): number {
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}
