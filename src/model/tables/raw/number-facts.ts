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
  add(values: Float64Array, count: number, row: number): void {
    let at = 0;
    // The first rows show of most columns that they are neither integers nor sorted.
    for (; at < count && (this.integers || this.increasing || this.counts); at++) this.addOne(values[at]!, row + at);
    // Local variables: a million rows pass here. NaN is neither smaller nor larger.
    let { min, max } = this;
    let found = 0;
    for (; at < count; at++) {
      const value = values[at]!;
      if (value < min) min = value;
      if (value > max) max = value;
      if (!Number.isNaN(value)) found++;
    }
    this.min = min;
    this.max = max;
    this.count += found;
  }

  private addOne(value: number, row: number): void {
    if (Number.isNaN(value)) return;
    if (this.count++ === 0) {
      this.first = value - row;
      if (row > 0) this.counts = false;
    }
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
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
