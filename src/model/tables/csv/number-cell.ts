/**
 * Matches a decimal number. Any other text (empty, NA, ?, a word) counts as a missing value. Decimals are matched only after
 * a point: otherwise the expression would try every way to split a cell of a million digits and a letter.
 */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Returns the number in a CSV cell, or NaN. `Number()` alone would read '' as 0 and '0x1F' as 31. */
export function numberInCell(cell: string): number {
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}
