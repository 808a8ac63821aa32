import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

/** The bundled training data, including missing values. */
export const CSV = readFileSync('data/auto-mpg.csv', 'utf8');

const [header, ...records]: string[][] = parse(CSV);

/** Names of the features; the last column is the target. */
export const FEATURES: readonly string[] = header!.slice(0, -1);

/** The features of the rows without a missing value, `[rows, features]`. */
export const ROWS: readonly (readonly number[])[] = records
  .filter((record) => !record.includes(''))
  .map((record) => record.slice(0, -1).map(Number));

/** Returns `count` rows, beginning at row `start`. */
export function rowsOf(count: number, start: number): (readonly number[])[] {
  return Array.from({ length: count }, (_, i) => ROWS[(start + i) % ROWS.length]!);
}

/** Returns the body of a request to predict them. */
export function bodyOf(count: number, start: number): string {
  return JSON.stringify({ instances: rowsOf(count, start) });
}
