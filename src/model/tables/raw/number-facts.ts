import { DAY } from '../../columns/times.js';

/** What is known of the numbers of a column, or of its instants in milliseconds. */
export class NumberFacts {
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  integers = true;
  /** Each is larger than the one before it. */
  increasing = true;
  /** Each is one more than that of the row before, from the first row on. */
  counts = true;
  first = Number.NaN;
  /** Integers that float64 cannot distinguish from their neighbours. */
  beyondExact = 0;
  /** Numbers that float32 cannot hold. */
  beyondFloat32 = 0;
  /** The first of them, and its row. */
  firstBeyond = '';
  /** All are midnights, all are whole minutes: of instants alone. */
  midnights = true;
  minutes = true;
  private last = Number.NEGATIVE_INFINITY;

  /** Adds the first `count` of `values`, the first of which is in row `row`; NaN is none. */
  add(values: Float64Array, count: number, row: number, block = blockOf(values, count)): void {
    // The first rows show of most columns that they are neither integers nor sorted.
    for (let i = 0; i < count && (this.integers || this.increasing || this.counts); i++) {
      this.addOne(values[i]!, row + i);
    }
    this.min = Math.min(this.min, block.min);
    this.max = Math.max(this.max, block.max);
    this.count += block.count;
  }

  private addOne(value: number, row: number): void {
    if (Number.isNaN(value)) return;
    if (Number.isNaN(this.first)) {
      this.first = value - row;
      if (row > 0) this.counts = false;
    }
    if (this.counts && value !== this.first + row) this.counts = false;
    if (this.increasing && value <= this.last) this.increasing = false;
    this.last = value;
    if (!this.integers) return;
    if (Math.floor(value) !== value) this.integers = false;
    else if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) this.beyondExact++;
  }

  /** Adds instants, as `add` does. */
  addInstants(values: Float64Array, count: number, row: number): void {
    this.add(values, count, row);
    for (let i = 0; i < count && this.minutes; i++) {
      const value = values[i]!;
      if (value % 60_000 !== 0 && !Number.isNaN(value)) this.minutes = false;
    }
    for (let i = 0; i < count && this.midnights; i++) {
      const value = values[i]!;
      if (value % DAY !== 0 && !Number.isNaN(value)) this.midnights = false;
    }
  }
}

/** The extremes of some numbers, and how many of them are no NaN. */
export interface NumberBlock {
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

export function blockOf(values: Float64Array, count: number): NumberBlock {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  return Number.isNaN(min) ? presentOf(values, count) : { count, min, max };
}

function presentOf(values: Float64Array, count: number): NumberBlock {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let present = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    present++;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { count: present, min, max };
}
