import type { Random } from '../../src/base/statistics/random.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';

/** Rows with their predictions and errors, drawn at random in windows or one after another. */
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
   * Draws `n` rows without replacement: the rows of a window and those of the reference then differ by the sampling
   * error of both, and of nothing else. With replacement the error of the pool would come on top.
   */
  window(n: number): HeldOut {
    this.at = 0;
    return this.next(n);
  }

  /** Goes on with the next `n` rows of a shuffled pass over the pool; a new pass begins when the rows are used up. */
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
