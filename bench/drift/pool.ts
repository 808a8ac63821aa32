import type { Random } from '../../src/base/statistics/random.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';

/** Draws random rows, with their predictions and errors, in windows or as a stream. */
export class Pool {
  private readonly rows: HeldOut;
  private readonly random: Random;
  private readonly order: Int32Array;
  private readonly width: number;
  private at: number;

  constructor(rows: HeldOut, random: Random) {
    this.rows = rows;
    this.random = random;
    this.order = Int32Array.from({ length: rows.count }, (_, i) => i);
    this.width = rows.rows.length / rows.count;
    this.at = 0;
  }

  /**
   * Draws `n` rows without replacement, so that a window and the reference differ only by their sampling errors. Drawing with
   * replacement would add the sampling error of the pool.
   */
  window(n: number): HeldOut {
    this.at = 0;
    return this.next(n);
  }

  /** Returns the next `n` rows of a shuffled pass over the pool. A new pass begins when too few rows are left. */
  next(n: number): HeldOut {
    const { rows, random, order, width } = this;
    if (this.at + n > order.length) this.at = 0;
    const drawn = {
      count: n,
      rows: new Float32Array(n * width),
      outputs: new Float32Array(n),
      errors: new Float32Array(n),
    };
    for (let i = 0; i < n; i++, this.at++) {
      const other = this.at + random.below(order.length - this.at);
      const row = order[other]!;
      order[other] = order[this.at]!;
      order[this.at] = row;
      drawn.rows.set(rows.rows.subarray(row * width, (row + 1) * width), i * width);
      drawn.outputs[i] = rows.outputs[row]!;
      drawn.errors[i] = rows.errors[row]!;
    }
    return drawn;
  }
}
