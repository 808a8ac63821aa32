import { type Static, Type } from 'typebox';
import type { Channel } from '../rows/channels.js';
import { RowCounts, RowCountsState } from './row-counts.js';

/** The slots with rows on disk. A slot's number is the number of spans since the epoch. */
export const RingState = Type.Array(Type.Object({ slot: Type.Integer({ minimum: 0 }), tally: RowCountsState }));
type RingState = Static<typeof RingState>;

/**
 * Row counts of the latest spans of time. If the clock is set back a little, rows are counted in the newest slot. If it is set
 * back by more than the ring covers, it was wrong before, and the ring is cleared.
 */
export class TimeRing {
  readonly span: number;
  private readonly slots: RowCounts[];
  private readonly numbers: Float64Array;
  private newest = Number.NEGATIVE_INFINITY;

  /** `size` slots of `span` milliseconds. */
  constructor(channels: readonly Channel[], span: number, size: number) {
    this.span = span;
    this.slots = Array.from({ length: size }, () => new RowCounts(channels));
    this.numbers = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  }

  /** The counts for rows of the time `now`, in milliseconds since the epoch. */
  at(now: number): RowCounts {
    const slot = Math.floor(now / this.span);
    if (slot < this.newest - this.slots.length) this.clear();
    this.newest = Math.max(this.newest, slot);
    const place = this.newest % this.slots.length;
    if (this.numbers[place] !== this.newest) {
      this.slots[place]!.clear();
      this.numbers[place] = this.newest;
    }
    return this.slots[place]!;
  }

  /** Adds the rows of the ring's time up to `now` to `total`. */
  sum(now: number, total: RowCounts): RowCounts {
    this.at(now);
    this.slots.forEach((tally, i) => {
      if (this.numbers[i]! > this.newest - this.slots.length) total.merge(tally);
    });
    return total;
  }

  clear(): void {
    this.newest = Number.NEGATIVE_INFINITY;
    this.numbers.fill(Number.NEGATIVE_INFINITY);
  }

  state(): RingState {
    return this.slots.flatMap((tally, i) => {
      const slot = this.numbers[i]!;
      return slot > this.newest - this.slots.length && tally.rows > 0 ? [{ slot, tally: tally.state() }] : [];
    });
  }

  restore(state: RingState): void {
    this.clear();
    for (const { slot, tally } of state) {
      const place = slot % this.slots.length;
      this.slots[place]!.restore(tally);
      this.numbers[place] = slot;
      this.newest = Math.max(this.newest, slot);
    }
  }
}
