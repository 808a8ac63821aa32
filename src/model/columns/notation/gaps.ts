/**
 * Texts that stand for a missing value: those of pandas (`pandas.read_csv`, `na_values`), and what can mean nothing else: `?` and `-`
 * of older data sets, `.` of SAS and Stata, `--`, `missing`, other cases of pandas' words, `\N` of MySQL, and the errors of Excel, which
 * it writes in its user's language.
 */
const MARKERS: ReadonlySet<string> = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA'],
  ...['NULL', 'NaN', 'None', 'n/a', 'nan', 'null', '?', '-'],
  ...['.', '--', '---', '–', '—', 'missing', 'Missing', 'MISSING', 'na', 'NAN', 'Nan', 'Null'],
  ...['n.a.', 'N.A.', 'n. a.', 'k.A.', 'k. A.', '\\N', '(null)', '<null>', '[null]', '(NULL)', '<NULL>', '[NULL]'],
  ...['#NULL!', '#VALUE!', '#DIV/0!', '#REF!', '#NAME?', '#NUM!', '#NV', '#WERT!', '#BEZUG!', '#ZAHL!'],
  ...['#N/D', '#VALEUR!', '#NOMBRE!', '#NOM?'],
]);

/** Returns true for a text, without spaces around it, that stands for a missing value. */
export function isGap(text: string): boolean {
  // No marker is longer.
  return text.length <= 8 && MARKERS.has(text);
}
