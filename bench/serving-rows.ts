import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

const records = parse(readFileSync('data/auto-mpg.csv'), { from_line: 2, skip_records_with_error: true }) as string[][];
const rows = records
  .map((record) => record.slice(0, -1))
  .filter((record) => !record.includes(''))
  .map((record) => record.map(Number));

/** The body of a prediction of `count` rows of the embedded data, another beginning for every `start`. */
export function bodyOf(count: number, start: number): string {
  return JSON.stringify({ instances: Array.from({ length: count }, (_, i) => rows[(start + i) % rows.length]) });
}
