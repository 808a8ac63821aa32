import { type Static, Type } from 'typebox';
import { logChiSquareTail } from '../../base/statistics/chi-square.js';
import type { Channel } from '../rows/channels.js';
import { BinScores, SCORES } from './bin-scores.js';
import { fromBase64, toBase64 } from './row-counts.js';
import { ASIDE, BALANCE, Sides } from './sides.js';
import { addDifference, steadyEffect } from './steady-effect.js';

/** Sizes of the entries: blocks, windows, and 4, 16 and 64 windows. Orders of up to a thousand windows are recognised. */
export const LEVELS = 5;
const GROWTH = 4;
/** Entries of each level that are remembered. */
const SLOTS = 16;
/** The mean square of entries up to which chance explains it, and the factor that allows for the error of a larger one. */
const MIN_SQUARE = 2;
const UPPER = 2;
/** Windows before which blocks alone tell how windows depend on each other. */
const EARLY_WINDOWS = 4;
/** Probability that entries of independent rows since the start are found to differ. */
const UNLIKE = 1e-6;
/** Rows that are nearly all in one bin vary at least this much: their few exceptions are not normal. */
const MIN_WITHIN = 0.05;

const Bytes = Type.String({ description: 'little-endian, base64' });

/** A design effect on disk. */
export const DesignEffectState = Type.Object({
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
export type DesignEffectState = Static<typeof DesignEffectState>;
type Memory = Omit<DesignEffectState, 'filled'>;

/**
 * The number of rows that carry the information of one independent row, per channel, for windows and for charts. Rows that
 * resemble their neighbours are worth less (Rao and Scott, 1981).
 *
 * It is learned from the mean scores of blocks and windows, and of 4, 16 and 64 windows: the entries. Two kinds of dependence
 * are told apart from drift:
 *
 * - Neighbouring entries differ more than independent rows would. The mean of the squared differences, clipped, is the
 *   measure. A step moves one difference, and entries recorded while the channel's group is in alarm are left out.
 * - Entries lie far below *and* far above the baseline: the rows come in an order. A drift lies on one side. This is also
 *   recognised in alarm, which dependence itself may have raised. The mean square of the entries is the measure.
 */
export class DesignEffect {
  /** `[channels]`, each at least 1. */
  readonly windows: Float64Array;
  /** `[channels]`, each at least 1: the same for charts. */
  readonly charts: Float64Array;
  /** `[channels]`: the lowest level whose entries lie on both sides of the baseline; -1 if none do. */
  readonly orders: Int8Array;
  /** `[LEVELS]`: rows of an entry. */
  readonly sizes: readonly number[];
  private readonly scores: BinScores;
  /** `[LEVELS]`: the factor that allows for the baseline's own error. */
  private readonly units: readonly number[];
  private readonly blocks: number;
  private readonly width: number;
  /** `[LEVELS]`: entries recorded. */
  private readonly filled = new Float64Array(LEVELS);
  /** `[LEVELS, channels × SCORES, SLOTS]`: deviates, standard normal for independent rows like the baseline's. */
  private readonly entries: Float32Array;
  /** 1 for an entry recorded in alarm. */
  private readonly excluded: Uint8Array;
  /** `[LEVELS, channels × SCORES]`: the sides of the baseline that entries were on. */
  private readonly turns: Sides;
  /** `[LEVELS, channels × SCORES]`: the mean clipped difference, and how many it was made from. */
  private readonly differences: Float32Array;
  private readonly counts: Uint32Array;
  /** `[LEVELS, channels × SCORES]`: sums of the entries for the next level, and 1 if one of them was recorded in alarm. */
  private readonly sums: Float32Array;
  private readonly tainted: Uint8Array;
  /** `[channels × SCORES]`: the first block, and the mean variance of the rows of the first 16 blocks. */
  private readonly first: Float32Array;
  private readonly within: Float32Array;
  /** `[channels × SCORES]`: the entry that is recorded, and 1 if it is in alarm. */
  private readonly means: Float64Array;
  private readonly marks: Uint8Array;
  private readonly variances: Float64Array;
  /** `[LEVELS, channels × SCORES]`: the results of `compare`. */
  private readonly byDifferences: Float64Array;
  private readonly bySquares: Float64Array;
  private readonly inOrder: Uint8Array;
  /** `[LEVELS, channels × SCORES]`: no entry that is not left out lies below or above. */
  private readonly lows: Float32Array;
  private readonly highs: Float32Array;
  /** `[channels]`: 1 if a result of `compare` has changed since the estimate. */
  private readonly stale: Uint8Array;
  private wasOrdered = false;
  private wasSettled = false;
  /** Levels that the latest block added an entry to. */
  private recorded = 0;

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
    this.entries = new Float32Array(total * SLOTS);
    this.excluded = new Uint8Array(total * SLOTS);
    this.turns = new Sides(total, SLOTS);
    this.differences = new Float32Array(total);
    this.counts = new Uint32Array(total);
    this.sums = new Float32Array(total);
    this.tainted = new Uint8Array(total);
    this.byDifferences = new Float64Array(total).fill(1);
    this.bySquares = new Float64Array(total).fill(1);
    this.inOrder = new Uint8Array(total);
    this.lows = new Float32Array(total);
    this.highs = new Float32Array(total);
    this.stale = new Uint8Array(channels.length);
    this.first = new Float32Array(this.width);
    this.within = new Float32Array(this.width);
    this.variances = new Float64Array(this.width);
    this.means = new Float64Array(this.width);
    this.marks = new Uint8Array(this.width);
    this.windows = new Float64Array(channels.length).fill(1);
    this.charts = new Float64Array(channels.length).fill(1);
    this.orders = new Int8Array(channels.length).fill(-1);
  }

  /** Whether enough windows have been compared with each other. */
  get settled(): boolean {
    return this.filled[1]! > SLOTS;
  }

  /**
   * Adds a block of rows, counted in `counts` `[bins of all channels]`. `inAlarm` returns whether the channel's group is in alarm. Entries that change sides `changes` times are dependence, and are learned from in alarm as well. `ordered`: whether rows
   * are known to come in an order, so that entries on one side of the baseline are no drift either.
   */
  add(counts: Uint32Array, inAlarm: (channel: number) => boolean, changes: number, ordered: boolean): void {
    const { means, marks, first, filled, within, variances } = this;
    this.scores.measure(counts, means, variances);
    if (filled[0] === 0) first.set(means);
    const known = filled[0]! + 1;
    if (known <= SLOTS) for (let i = 0; i < within.length; i++) within[i]! += (variances[i]! - within[i]!) / known;
    marks.fill(0);
    this.record(0, inAlarm, changes);
    // The other levels have no new entry.
    this.estimate(ordered, ordered === this.wasOrdered ? this.recorded : LEVELS);
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

  /** Whether the first block of some channel lies far from the baseline. */
  get startsAside(): boolean {
    return this.first.some((mean) => Math.abs(mean) * this.units[0]! > ASIDE);
  }

  /** Takes all entries back that were recorded in alarm, because dependence raised it. */
  include(): void {
    this.excluded.fill(0);
    this.tainted.fill(0);
    this.widen();
  }

  /**
   * Returns whether the rows since the start lie far from the baseline, and are not alike: they come in an order, rather than
   * from another distribution.
   */
  startsInOrder(): boolean {
    for (let i = 0; i < this.width; i++) if (this.isUneven(0, i) || this.isUneven(1, i)) return true;
    return false;
  }

  reset(): void {
    for (const array of [...Object.values(this.memory), this.filled]) array.fill(0);
    this.widen();
    this.estimate(false);
  }

  state(): DesignEffectState {
    const arrays = Object.entries(this.memory).map(([name, array]) => [name, toBase64(array)]);
    return { filled: Array.from(this.filled), ...(Object.fromEntries(arrays) as Record<keyof Memory, string>) };
  }

  /** Replaces everything learned. Throws a RangeError if the state has other channels. */
  restore(state: DesignEffectState, ordered: boolean): void {
    for (const [name, array] of Object.entries(this.memory)) fromBase64(state[name as keyof Memory], array);
    this.filled.set(state.filled);
    this.widen();
    this.estimate(ordered);
  }

  /** The arrays that are stored. */
  private get memory() {
    const { entries, excluded, turns, differences, counts, sums, tainted, first, within } = this;
    const { sides, peaks } = turns;
    return { entries, excluded, sides, peaks, differences, counts, sums, tainted, first, within };
  }

  /** Has every entry read by the next estimate. */
  private widen(): void {
    this.lows.fill(Number.NEGATIVE_INFINITY);
    this.highs.fill(Number.POSITIVE_INFINITY);
  }

  /** Records `means` as an entry of `level`, and of the next level once it is complete. */
  private record(level: number, inAlarm: (channel: number) => boolean, changes: number): void {
    const { width, means, marks, entries, excluded, turns, sums, tainted, filled, counts, differences } = this;
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
        differences[at] = addDifference(differences[at]!, mean - entries[from + previous]!, counts[at]!);
      }
      entries[from + slot] = mean;
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

  /** Computes the estimates from the entries of the first `levels` levels, and what is known of the others. `ordered` as in `add`. */
  estimate(ordered: boolean, levels = LEVELS): void {
    const { width, windows, stale, settled, wasSettled } = this;
    this.wasOrdered = ordered;
    this.wasSettled = settled;
    for (let level = 0; level < levels; level++) {
      for (let i = 0; i < width; i++) this.compare(level, i, ordered);
    }
    // Before enough windows are known, an estimate also depends on their entries.
    for (let c = 0; c < windows.length; c++) if (stale[c] === 1 || !settled || !wasSettled) this.combine(c);
  }

  /** Computes the estimates of the channel from the results of `compare`. */
  private combine(c: number): void {
    const { sizes, windows, charts, orders, width, byDifferences, bySquares, inOrder } = this;
    const block = sizes[0]!;
    const window = sizes[1]!;
    windows[c] = 1;
    charts[c] = 1;
    orders[c] = -1;
    for (let i = c * SCORES; i < (c + 1) * SCORES; i++) {
      // Differences of windows, 4 windows, and so on are parts of a window's variance. Squares are all of it.
      let parts = 0;
      let whole = 0;
      for (let level = LEVELS - 1; level >= 0; level--) {
        const at = level * width + i;
        if (inOrder[at] === 1 && (orders[c] === -1 || orders[c]! > level)) orders[c] = level;
        if (level === 0) continue;
        if (byDifferences[at]! > 1) parts += byDifferences[at]! / sizes[level]!;
        if (bySquares[at]! > 1) whole = Math.max(whole, bySquares[at]! / sizes[level]!);
      }
      const variance = Math.max(parts, whole);
      const own = Math.max(byDifferences[i]!, bySquares[i]!);
      windows[c] = Math.max(
        windows[c]!,
        variance * window,
        this.settled || own <= 1 ? 1 : Math.min(own, this.early(i)),
      );
      // A chart is worth two blocks, which may be alike.
      charts[c] = Math.max(charts[c]!, 2 * ((own > 1 ? own : 0) + variance * block));
    }
    this.stale[c] = 0;
  }

  /**
   * Computes the design effects of the entries of `level` in the score `i`, 1 unless they are significant, and whether the
   * entries are in order.
   */
  private compare(level: number, i: number, ordered: boolean): void {
    const { entries, excluded, lows, highs, byDifferences, bySquares, inOrder } = this;
    const at = level * this.width + i;
    const unit = this.units[level]!;
    const differences = steadyEffect(this.differences[at]!, this.counts[at]!);
    let squares = 1;
    let order = 0;
    // Most entries lie on one side at most, and need not be read.
    if (ordered || Math.min(-lows[at]!, highs[at]!) * unit > ASIDE) {
      const end = at * SLOTS + Math.min(SLOTS, this.filled[level]!);
      let low = 0;
      let high = 0;
      let sum = 0;
      let count = 0;
      for (let slot = at * SLOTS; slot < end; slot++) {
        if (excluded[slot] === 1) continue;
        const entry = entries[slot]!;
        if (entry < low) low = entry;
        if (entry > high) high = entry;
        sum += entry * entry;
        count++;
      }
      lows[at] = low;
      highs[at] = high;
      const smaller = Math.min(-low, high) * unit;
      const square = (sum * unit * unit) / count;
      const isInOrder = smaller > ASIDE && smaller > BALANCE * unit * Math.max(-low, high);
      const significant = square > MIN_SQUARE;
      if (significant && (ordered || isInOrder)) squares = UPPER * square;
      order = Number(significant && isInOrder);
    }
    if (differences === byDifferences[at] && squares === bySquares[at] && order === inOrder[at]) return;
    byDifferences[at] = differences;
    bySquares[at] = squares;
    inOrder[at] = order;
    this.stale[Math.floor(i / SCORES)] = 1;
  }

  /** The design effect of windows in the score `i` that the few windows since the start allow, before there is an estimate. */
  private early(i: number): number {
    const from = (this.width + i) * SLOTS;
    const known = Math.min(SLOTS, this.filled[1]!);
    if (known < EARLY_WINDOWS) return Number.POSITIVE_INFINITY;
    let squares = 0;
    for (let at = from; at < from + known; at++) squares += this.entries[at]! ** 2;
    return (UPPER * squares) / known;
  }

  /**
   * Returns whether all entries of `level` since the start lie on one side of the baseline in the score `i`, and differ more
   * than independent rows would: from a sorted day, but not from a fault that is mended. The latest is left out, for the fault may
   * have ended in it.
   */
  private isUneven(level: number, i: number): boolean {
    const { entries, filled } = this;
    const from = (level * this.width + i) * SLOTS;
    const known = filled[level]! - 1;
    if (known < 3 || known >= SLOTS) return false;
    const limit = ASIDE / this.units[level]!;
    // A fault that begins in the first window leaves the first block as it was.
    const first = this.first[i]!;
    if (Math.abs(first) * this.units[0]! <= ASIDE) return false;
    const side = Math.sign(first);
    let sum = 0;
    let squares = 0;
    for (let at = from; at <= from + known; at++) {
      const entry = entries[at]!;
      if (side * entry <= limit) return false;
      if (at === from + known) break;
      sum += entry;
      squares += entry * entry;
    }
    const uneven = (squares - (sum * sum) / known) / Math.max(MIN_WITHIN, this.within[i]!);
    return logChiSquareTail(uneven, known - 1) < Math.log(UNLIKE);
  }
}
