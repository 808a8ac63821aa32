/** Parts of a list's range; a part of 20 edges holds one at most, of 256 grid values about one. */
const PARTS = 256;

/**
 * Several ascending lists, in each of which a value of every row is looked up. A table of where the parts of a list's
 * range begin leaves only the numbers of one part to be searched, mostly none or one. That is exact whatever the rounding:
 * the part is a monotone function of the number, so one of an earlier part is less.
 *
 * Values go by array and place: a fraction given to a function is put on the heap wherever V8 does not inline it.
 */
export class OrderedLists {
  /** All lists, one after another. */
  readonly numbers: Float64Array;
  /** Where each list begins; one more entry than lists. */
  readonly starts: Int32Array;
  readonly lows: Float64Array;
  readonly scales: Float64Array;
  /** `[lists, PARTS + 1]`: the place in `numbers` where each part begins. */
  readonly parts: Int32Array;

  constructor(lists: readonly (readonly number[])[]) {
    this.numbers = Float64Array.from(lists.flat());
    this.starts = new Int32Array(lists.length + 1);
    this.lows = Float64Array.from(lists, (list) => list[0] ?? 0);
    this.scales = Float64Array.from(lists, (list) => {
      const scale = PARTS / (list.at(-1)! - list[0]!);
      return Number.isFinite(scale) ? scale : 0;
    });
    this.parts = new Int32Array(lists.length * (PARTS + 1));
    for (let list = 0, place = 0; list < lists.length; list++) {
      this.starts[list] = place;
      const end = place + lists[list]!.length;
      this.starts[list + 1] = end;
      for (let part = 0; part <= PARTS; part++) {
        while (place < end && this.partOf(list, this.numbers, place) < part) place++;
        this.parts[list * (PARTS + 1) + part] = place;
      }
    }
  }

  /** How many numbers of the list are below `values[at]`, which is not NaN. */
  countBelow(list: number, values: Float64Array, at: number): number {
    const { numbers, parts } = this;
    const value = values[at]!;
    const part = list * (PARTS + 1) + this.partOf(list, values, at);
    let low = parts[part]!;
    let left = parts[part + 1]! - low;
    // Without a branch on the comparison, which the processor would guess wrong every other time.
    while (left > 1) {
      const half = left >>> 1;
      low += half & -Number(numbers[low + half - 1]! < value);
      left -= half;
    }
    if (left === 1 && numbers[low]! < value) low++;
    return low - this.starts[list]!;
  }

  private partOf(list: number, values: Float64Array, at: number): number {
    const part = (values[at]! - this.lows[list]!) * this.scales[list]!;
    // Infinity × 0 is NaN, and with it 0.
    return Math.max(0, Math.min(PARTS - 1, part)) | 0;
  }
}
