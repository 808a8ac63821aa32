import type { RowReader } from '../rows/row-reader.js';
import type { Charts } from './charts.js';
import type { Counters } from './counters.js';
import type { Repeats } from './repeats.js';
import type { RowCounts } from './row-counts.js';

/** The rows of one request, `counted` of which, evenly spaced, are counted. Longer arrays are allowed. */
export interface RequestRows {
  /** `[count, features]` in raw units, NaN where a value is missing. */
  rows: Float32Array;
  /** `[count, outputs]` in target units. */
  outputs: Float32Array;
  /** `[count]` */
  errors: Float32Array;
  count: number;
  counted: number;
}

/** The objects that a row is counted in, and the reader of their baseline. */
export interface CounterParts {
  readonly reader: RowReader;
  readonly rowCounts: RowCounts;
  readonly counters: Counters;
  readonly charts: Charts;
  readonly repeats: Repeats;
}

/** The index, in a request, of number `i` of its counted rows. */
export function rowIndex(i: number, { count, counted }: RequestRows): number {
  return counted === count ? i : Math.floor((i * count) / counted);
}
