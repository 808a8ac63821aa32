/**
 * Texts that stand for a missing value: those of pandas (`pandas.read_csv`, `na_values`), and `?` and `-`, which older data sets
 * use.
 */
const MARKERS: ReadonlySet<string> = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA'],
  ...['NULL', 'NaN', 'None', 'n/a', 'nan', 'null', '?', '-'],
]);

/** Returns true for a text, without spaces around it, that stands for a missing value. */
export function isGap(text: string): boolean {
  // No marker is longer.
  return text.length <= 8 && MARKERS.has(text);
}
