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
    // Local variables: a million rows pass here.
    let { min, max, integers, increasing, counts, first, beyondExact, last } = this;
    let found = this.count;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      if (found++ === 0) {
        first = value - (row + i);
        if (row + i > 0) counts = false;
      }
      if (value < min) min = value;
      if (value > max) max = value;
      if (counts && value !== first + row + i) counts = false;
      if (increasing) {
        if (value <= last) increasing = false;
        last = value;
      }
      if (integers) {
        if (Math.floor(value) !== value) integers = false;
        else if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) beyondExact++;
      }
    }
    Object.assign(this, { count: found, min, max, integers, increasing, counts, first, beyondExact, last });
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
      if (value % 86_400_000 !== 0 && !Number.isNaN(value)) this.midnights = false;
    }
  }
}
