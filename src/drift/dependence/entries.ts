import { type Static, Type } from 'typebox';
import { fromBase64, toBase64 } from '../counts/row-counts.js';
import type { Channel } from '../rows/channels.js';
import { BinScores, SCORES } from './bin-scores.js';
import { Sides } from './sides.js';
import { addDifference } from './steady-effect.js';

/** Sizes of the entries: blocks, windows, and 4, 16 and 64 windows. Orders of up to a thousand windows are recognised. */
export const LEVELS = 5;
const GROWTH = 4;
/** Entries of each level that are remembered. */
export const SLOTS = 16;

const Bytes = Type.String({ description: 'little-endian, base64' });

/** Entries on disk. */
export const EntriesState = Type.Object({
  filled: Type.Array(Type.Integer({ minimum: 0 }), { minItems: LEVELS, maxItems: LEVELS }),
  entries: Bytes,
  excluded: Bytes,
  sides: Bytes,
  peaks: Bytes,
  first: Bytes,
  within: Bytes,
  differences: Bytes,
  counts: Bytes,
  sums: Bytes,
  tainted: Bytes,
});
export type EntriesState = Static<typeof EntriesState>;
type Memory = Omit<EntriesState, 'filled'>;

/**
 * The mean scores of the latest blocks and windows, and of 4, 16 and 64 windows, per channel and score. A sequence is one score of
 * one channel at one level.
 */
export class Entries {
  /** `[LEVELS]`: rows of an entry. */
  readonly sizes: readonly number[];
  /** `[LEVELS]`: the factor that allows for the baseline's own error. */
  readonly units: readonly number[];
  /** Sequences of a level: channels × SCORES. */
  readonly width: number;
  /** `[LEVELS]`: entries recorded. */
  readonly filled = new Float64Array(LEVELS);
  /** `[LEVELS, channels × SCORES, SLOTS]`: deviates, standard normal for independent rows like the baseline's. */
  readonly values: Float32Array;
  /** 1 for an entry recorded in alarm. */
  readonly excluded: Uint8Array;
  /** `[LEVELS, channels × SCORES]`: the mean clipped difference of neighbours, and how many it was made from. */
  readonly differences: Float32Array;
  readonly counts: Uint32Array;
  /** `[channels × SCORES]`: the first block, and the mean variance of the rows of the first 16 blocks. */
  readonly first: Float32Array;
  readonly within: Float32Array;
  /** `[LEVELS, channels × SCORES]`: no entry that is not left out lies below or above. */
  readonly lows: Float32Array;
  readonly highs: Float32Array;
  /** Levels that the latest block added an entry to. */
  recorded = 0;
  private readonly scores: BinScores;
  private readonly blocks: number;
  /** `[LEVELS, channels × SCORES]`: the sides of the baseline that entries were on. */
  private readonly turns: Sides;
  /** `[LEVELS, channels × SCORES]`: sums of the entries for the next level, and 1 if one of them was recorded in alarm. */
  private readonly sums: Float32Array;
  private readonly tainted: Uint8Array;
  /** `[channels × SCORES]`: the entry that is recorded, its variance, and 1 if it is in alarm. */
  private readonly means: Float64Array;
  private readonly variances: Float64Array;
  private readonly marks: Uint8Array;

  /** `blocks`: blocks per window of `windowRows` rows. `baselineRows`: rows that the baseline was made from. */
  constructor(channels: readonly Channel[], blocks: number, windowRows: number, baselineRows: number) {
    this.scores = new BinScores(channels);
    this.blocks = blocks;
    this.sizes = Array.from({ length: LEVELS }, (_, level) =>
      level === 0 ? windowRows / blocks : windowRows * GROWTH ** (level - 1),
    );
    this.units = this.sizes.map((size) => 1 / Math.sqrt(1 + size / baselineRows));
    this.width = channels.length * SCORES;
    const total = LEVELS * this.width;
    this.values = new Float32Array(total * SLOTS);
    this.excluded = new Uint8Array(total * SLOTS);
    this.turns = new Sides(total, SLOTS);
    this.differences = new Float32Array(total);
    this.counts = new Uint32Array(total);
    this.sums = new Float32Array(total);
    this.tainted = new Uint8Array(total);
    this.lows = new Float32Array(total);
    this.highs = new Float32Array(total);
    this.first = new Float32Array(this.width);
    this.within = new Float32Array(this.width);
    this.variances = new Float64Array(this.width);
    this.means = new Float64Array(this.width);
    this.marks = new Uint8Array(this.width);
  }

  /**
   * Adds a block of rows, counted in `counts` `[bins of all channels]`. `inAlarm` returns whether the channel's group is in alarm.
   * Entries that change sides `changes` times are dependence, and are not left out in alarm.
   */
  add(counts: Uint32Array, inAlarm: (channel: number) => boolean, changes: number): void {
    const { means, marks, first, filled, within, variances } = this;
    this.scores.measure(counts, means, variances);
    if (filled[0] === 0) first.set(means);
    const known = filled[0]! + 1;
    if (known <= SLOTS) for (let i = 0; i < within.length; i++) within[i]! += (variances[i]! - within[i]!) / known;
    marks.fill(0);
    this.record(0, inAlarm, changes);
  }

  /** Leaves the latest entries of `channel` out, because its group's alarm is raised. */
  exclude(channel: number): void {
    const { width, filled, excluded, tainted } = this;
    for (let level = 0; level < this.recorded; level++) {
      const slot = (filled[level]! - 1) % SLOTS;
      for (let i = channel * SCORES; i < (channel + 1) * SCORES; i++) {
        excluded[(level * width + i) * SLOTS + slot] = 1;
        if (level === this.recorded - 1) tainted[level * width + i] = 1;
      }
    }
  }

  /** Takes all entries back that were left out, because dependence raised the alarm. */
  include(): void {
    this.excluded.fill(0);
    this.tainted.fill(0);
    this.widen();
  }

  reset(): void {
    for (const array of [...Object.values(this.memory), this.filled]) array.fill(0);
    this.widen();
  }

  state(): EntriesState {
    const arrays = Object.entries(this.memory).map(([name, array]) => [name, toBase64(array)]);
    return { filled: Array.from(this.filled), ...(Object.fromEntries(arrays) as Record<keyof Memory, string>) };
  }

  /** Replaces all entries. Throws a RangeError if the state has other channels. */
  restore(state: EntriesState): void {
    for (const [name, array] of Object.entries(this.memory)) fromBase64(state[name as keyof Memory], array);
    this.filled.set(state.filled);
    this.widen();
  }

  /** The arrays that are stored. */
  private get memory() {
    const { values: entries, excluded, turns, differences, counts, sums, tainted, first, within } = this;
    const { sides, peaks } = turns;
    return { entries, excluded, sides, peaks, differences, counts, sums, tainted, first, within };
  }

  /** Forgets the bounds of the entries, so that the next estimate reads them all. */
  private widen(): void {
    this.lows.fill(Number.NEGATIVE_INFINITY);
    this.highs.fill(Number.POSITIVE_INFINITY);
  }

  /** Records `means` as an entry of `level`, and of the next level once it is complete. */
  private record(level: number, inAlarm: (channel: number) => boolean, changes: number): void {
    const { width, means, marks, values, excluded, turns, sums, tainted, filled, counts, differences } = this;
    const { lows, highs } = this;
    const unit = this.units[level]!;
    const slot = filled[level]! % SLOTS;
    const previous = (slot + SLOTS - 1) % SLOTS;
    const hasPrevious = filled[level]! > 0;
    this.recorded = level + 1;
    let isAlarm = false;
    for (let i = 0; i < width; i++) {
      if (i % SCORES === 0) isAlarm = inAlarm(i / SCORES);
      const at = level * width + i;
      const from = at * SLOTS;
      const mean = means[i]!;
      const before = turns.changes(at);
      turns.add(at, mean * unit);
      if (turns.changes(at) >= changes) {
        if (before < changes) {
          excluded.fill(0, from, from + SLOTS);
          lows[at] = Number.NEGATIVE_INFINITY;
          highs[at] = Number.POSITIVE_INFINITY;
        }
        marks[i] = 0;
      } else if (isAlarm) marks[i] = 1;
      if (hasPrevious && marks[i] === 0 && excluded[from + previous] === 0) {
        counts[at]!++;
        differences[at] = addDifference(differences[at]!, mean - values[from + previous]!, counts[at]!);
      }
      values[from + slot] = mean;
      if (mean < lows[at]!) lows[at] = mean;
      if (mean > highs[at]!) highs[at] = mean;
      excluded[from + slot] = marks[i]!;
      sums[at]! += mean;
      tainted[at]! |= marks[i]!;
    }
    filled[level]!++;
    const parts = level === 0 ? this.blocks : GROWTH;
    if (level + 1 === LEVELS || filled[level]! % parts !== 0) return;
    for (let i = 0; i < width; i++) {
      const at = level * width + i;
      means[i] = sums[at]! / Math.sqrt(parts);
      marks[i] = tainted[at]!;
      sums[at] = 0;
      tainted[at] = 0;
    }
    this.record(level + 1, inAlarm, changes);
  }
}
