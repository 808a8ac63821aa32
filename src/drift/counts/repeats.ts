import { type Static, Type } from 'typebox';
import type { ArrayMemory } from '../../base/node/array-memory.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { REPEAT_BUCKETS, REPEAT_WAYS, REPEATS_FOUND, REPEATS_SEEN, REPEATS_SHARE } from './assembly/fields.js';

/** A row is a repeat if one of this many rows before it is the same, bit by bit. */
const REPEAT_DISTANCE = 64;
/** Share of repeats among the held-out rows from which equal rows are ordinary: a table of few distinct rows. */
const MAX_ORDINARY = 0.01;

/** Repeats on disk. */
export const RepeatsState = Type.Object({ seen: Type.Number(), found: Type.Number(), share: Type.Number() });
type RepeatsState = Static<typeof RepeatsState>;

/**
 * Finds rows that repeat one of the rows just before them: retries, or one row that is sent again and again. They say
 * nothing new about the traffic, and are not counted. The arrays are on the JavaScript heap unless `moveInto` has moved
 * them into the memory of a WebAssembly instance.
 */
export class Repeats {
  /** The number of rows before a row that are compared with it; 0 if equal rows are ordinary, and all rows are counted. */
  readonly distance: number;
  /** `[REPEAT_BUCKETS, REPEAT_WAYS, 2]`: hash and number of the latest different rows of each bucket. */
  slots = new Uint32Array(2 * REPEAT_BUCKETS * REPEAT_WAYS);
  /** `REPEATS_SEEN`, and so on. */
  tally = new Float64Array(3);

  constructor(baseline: Baseline) {
    // One number that comes twice is no sign of a retry.
    const telling = baseline.features.length > 1 && ordinaryShare(baseline) < MAX_ORDINARY;
    this.distance = telling ? REPEAT_DISTANCE : 0;
  }

  /** Repeats found before the latest `reset`. */
  private foundBefore = 0;

  /** Repeats found since the start, or since `reset`. */
  get found(): number {
    return this.tally[REPEATS_FOUND]!;
  }

  /** Repeats found since the process started, for a scraper. Only grows. */
  get total(): number {
    return this.foundBefore + this.found;
  }

  /** The share of repeats among recent rows, exponentially weighted like the charts. */
  get share(): number {
    return this.tally[REPEATS_SHARE]!;
  }

  moveInto(memory: ArrayMemory): void {
    this.slots = memory.place(this.slots);
    this.tally = memory.place(this.tally);
  }

  reset(): void {
    this.foundBefore = this.total;
    this.slots.fill(0);
    this.tally.fill(0);
  }

  state(): RepeatsState {
    return { seen: this.tally[REPEATS_SEEN]!, found: this.found, share: this.share };
  }

  /** Restores the counts. The rows themselves are not stored. */
  restore({ seen, found, share }: RepeatsState): void {
    this.slots.fill(0);
    this.tally[REPEATS_SEEN] = seen;
    this.tally[REPEATS_FOUND] = found;
    this.tally[REPEATS_SHARE] = share;
  }
}

/** The share of the held-out rows that would repeat one of 64 rows before them, in a random order. Equal rows have equal errors. */
function ordinaryShare({ error: { sample } }: Baseline): number {
  const { values, ranks, rows } = sample;
  const rankAt = (i: number) => (i === values.length ? rows : ranks ? ranks[i]! : i);
  let share = 0;
  for (let start = 0, end = 0; start < values.length; start = end) {
    while (end < values.length && values[end] === values[start]) end++;
    if (end === start + 1) continue;
    const part = (rankAt(end) - rankAt(start)) / rows;
    share += part * (1 - (1 - part) ** REPEAT_DISTANCE);
  }
  return share;
}
