/** Deviates beyond which an entry is above or below the baseline. Chance exceeds them once in 740 entries. */
export const ASIDE = 3;
/** An entry on one side, relative to those on the other, that is no mere chance: an order has both sides in balance. */
export const BALANCE = 1 / 3;
/** Changes of sides beyond which they are not counted. */
const MAX_CHANGES = 3;

/** How often sequences of entries have changed from far on one side of the baseline to far on the other, in balance. */
export class Sides {
  /** `[sequences]`, see `add`. */
  readonly sides: Uint8Array;
  /** `[sequences]`: the largest deviation on the latest side. */
  readonly peaks: Float32Array;
  private readonly memory: number;

  /** `memory`: entries near the baseline, at most 16, after which the sides are forgotten. */
  constructor(sequences: number, memory: number) {
    this.sides = new Uint8Array(sequences);
    this.peaks = new Float32Array(sequences);
    this.memory = memory;
  }

  /** The changes of sides in the sequence `at`. */
  changes(at: number): number {
    return changesOf(this.sides[at]!);
  }

  /**
   * Notes the side of an entry of the sequence `at`, with this deviate. Bits 0 and 1 of `sides` hold the latest side, bits 2 and 3 the changes of sides,
   * and bits 4 to 7 the entries since the latest deviation.
   */
  add(at: number, deviate: number): void {
    const { sides, peaks } = this;
    const before = sides[at]!;
    const latest = before & 3;
    const size = Math.abs(deviate);
    if (before === 0 && size <= ASIDE) return;
    const side = deviate < 0 ? 1 : 2;
    const changed = latest !== 0 && side !== latest;
    if (size <= ASIDE || (changed && size <= BALANCE * peaks[at]!)) {
      const age = (before >> 4) + 1;
      sides[at] = latest === 0 || age === this.memory ? 0 : (before & 15) | (age << 4);
      return;
    }
    // A deviation many times as large is a new one.
    const balanced = BALANCE * size <= peaks[at]!;
    const changes = balanced ? Math.min(MAX_CHANGES, changesOf(before) + Number(changed)) : 0;
    sides[at] = side | (changes << 2);
    peaks[at] = latest === 0 || changed ? size : Math.max(size, peaks[at]!);
  }
}

function changesOf(sides: number): number {
  return (sides >> 2) & MAX_CHANGES;
}
