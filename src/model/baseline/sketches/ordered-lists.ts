/** Parts of a list's range, at least. With 20 edges, a part usually has one at most. */
const MIN_PARTS = 256;
/** Parts for each number of the longest list: most have one number at most. */
const PARTS_PER_NUMBER = 2;

/**
 * Several ascending lists. In each, a value of every row is looked up. A list's range is divided into parts, and a table has the
 * start of each part, so that only the numbers of one part are searched, mostly none or one. The result is exact despite rounding:
 * the part is a monotone function of the number, so a number of an earlier part is smaller.
 */
export class OrderedLists {
  /** All lists, one after another. */
  readonly numbers: Float64Array;
  /** Where each list begins; one more entry than lists. */
  readonly starts: Int32Array;
  readonly lows: Float64Array;
  readonly scales: Float64Array;
  /** Parts of each list. */
  readonly partCount: number;
  /** `[lists, partCount + 1]`: the index in `numbers` at which each part begins. */
  readonly parts: Int32Array;

  constructor(lists: readonly (readonly number[])[]) {
    this.numbers = Float64Array.from(lists.flat());
    this.starts = new Int32Array(lists.length + 1);
    this.partCount = Math.max(MIN_PARTS, PARTS_PER_NUMBER * Math.max(0, ...lists.map(({ length }) => length)));
    this.lows = Float64Array.from(lists, (list) => list[0] ?? 0);
    this.scales = Float64Array.from(lists, (list) => {
      const scale = this.partCount / (list.at(-1)! - list[0]!);
      return Number.isFinite(scale) ? scale : 0;
    });
    this.parts = new Int32Array(lists.length * (this.partCount + 1));
    for (let list = 0, place = 0; list < lists.length; list++) {
      this.starts[list] = place;
      const end = place + lists[list]!.length;
      this.starts[list + 1] = end;
      for (let part = 0; part <= this.partCount; part++) {
        while (place < end && this.partOf(list, this.numbers[place]!) < part) place++;
        this.parts[list * (this.partCount + 1) + part] = place;
      }
    }
  }

  /** Returns the number of numbers of the list below `value`, which must not be NaN. */
  countBelow(list: number, value: number): number {
    const { numbers, parts } = this;
    const part = list * (this.partCount + 1) + this.partOf(list, value);
    let low = parts[part]!;
    let remaining = parts[part + 1]! - low;
    // No branch on the comparison: the processor would mispredict it half of the time.
    while (remaining > 1) {
      const half = remaining >>> 1;
      low += half & -Number(numbers[low + half - 1]! < value);
      remaining -= half;
    }
    if (remaining === 1 && numbers[low]! < value) low++;
    return low - this.starts[list]!;
  }

  private partOf(list: number, value: number): number {
    const part = (value - this.lows[list]!) * this.scales[list]!;
    // Infinity × 0 is NaN, which becomes 0.
    return Math.max(0, Math.min(this.partCount - 1, part)) | 0;
  }
}
