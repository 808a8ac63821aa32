import type { Channel } from '../rows/channels.js';
import { SCORES } from './bin-scores.js';
import { Entries, type EntriesState, LEVELS, SLOTS } from './entries.js';
import { ASIDE, BALANCE } from './sides.js';
import { startsAside, startsInOrder } from './start-order.js';
import { steadyEffect } from './steady-effect.js';

/** The mean square of entries up to which chance explains it, and the factor that allows for the error of a larger one. */
const MIN_SQUARE = 2;
const UPPER = 2;
/** Windows before which the dependence of windows is estimated from blocks alone. */
const EARLY_WINDOWS = 4;

/**
 * The number of rows that carry the information of one independent row, per channel, for windows and for charts. Rows that
 * resemble their neighbours are worth less (Rao and Scott, 1981).
 *
 * It is learned from the mean scores of blocks and windows, and of 4, 16 and 64 windows: the entries. Two kinds of dependence
 * are distinguished from drift:
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
  private readonly entries: Entries;
  /** `[LEVELS, channels × SCORES]`: the results of `compare`. */
  private readonly byDifferences: Float64Array;
  private readonly bySquares: Float64Array;
  private readonly inOrder: Uint8Array;
  /** `[channels]`: 1 if a result of `compare` has changed since the estimate. */
  private readonly stale: Uint8Array;
  private wasOrdered = false;
  private wasSettled = false;

  /** `blocks`: blocks per window of `windowRows` rows. `baselineRows`: rows that the baseline was made from. */
  constructor(channels: readonly Channel[], blocks: number, windowRows: number, baselineRows: number) {
    this.entries = new Entries(channels, blocks, windowRows, baselineRows);
    const total = LEVELS * this.entries.width;
    this.byDifferences = new Float64Array(total).fill(1);
    this.bySquares = new Float64Array(total).fill(1);
    this.inOrder = new Uint8Array(total);
    this.stale = new Uint8Array(channels.length);
    this.windows = new Float64Array(channels.length).fill(1);
    this.charts = new Float64Array(channels.length).fill(1);
    this.orders = new Int8Array(channels.length).fill(-1);
  }

  /** `[LEVELS]`: rows of an entry. */
  get sizes(): readonly number[] {
    return this.entries.sizes;
  }

  /** True once enough windows have been compared with each other. */
  get settled(): boolean {
    return this.entries.filled[1]! > SLOTS;
  }

  /**
   * Adds a block of rows, counted in `counts` `[bins of all channels]`. `inAlarm` returns whether the channel's group is in
   * alarm. Entries that change sides `changes` times are dependence, and are learned from in alarm as well. `ordered`: whether
   * rows are known to come in an order, so that entries on one side of the baseline are no drift either.
   */
  add(counts: Uint32Array, inAlarm: (channel: number) => boolean, changes: number, ordered: boolean): void {
    this.entries.add(counts, inAlarm, changes);
    // The other levels have no new entry.
    this.estimate(ordered, ordered === this.wasOrdered ? this.entries.recorded : LEVELS);
  }

  /** Leaves the latest entries of `channel` out, because its group's alarm is raised. */
  exclude(channel: number): void {
    this.entries.exclude(channel);
  }

  /** True if the first block of some channel lies far from the baseline. */
  get startsAside(): boolean {
    return startsAside(this.entries);
  }

  /** Takes all entries back that were recorded in alarm, because dependence raised it. */
  include(): void {
    this.entries.include();
  }

  /** Returns whether the rows since the start come in an order, rather than from another distribution. */
  startsInOrder(): boolean {
    return startsInOrder(this.entries);
  }

  reset(): void {
    this.entries.reset();
    this.estimate(false);
  }

  state(): EntriesState {
    return this.entries.state();
  }

  /** Replaces everything learned. Throws a RangeError if the state has other channels. */
  restore(state: EntriesState, ordered: boolean): void {
    this.entries.restore(state);
    this.estimate(ordered);
  }

  /** Computes the estimates from the entries of the first `levels` levels, and what is known of the others. `ordered` as in `add`. */
  estimate(ordered: boolean, levels = LEVELS): void {
    const { windows, stale, settled, wasSettled } = this;
    const { width } = this.entries;
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
    const { windows, charts, orders, byDifferences, bySquares, inOrder } = this;
    const { sizes, width } = this.entries;
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
    const { entries, byDifferences, bySquares, inOrder } = this;
    const { values, excluded, lows, highs } = entries;
    const at = level * entries.width + i;
    const unit = entries.units[level]!;
    const differences = steadyEffect(entries.differences[at]!, entries.counts[at]!);
    let squares = 1;
    let order = 0;
    // Most entries lie on one side at most, and need not be read.
    if (ordered || Math.min(-lows[at]!, highs[at]!) * unit > ASIDE) {
      const end = at * SLOTS + Math.min(SLOTS, entries.filled[level]!);
      let low = 0;
      let high = 0;
      let sum = 0;
      let count = 0;
      for (let slot = at * SLOTS; slot < end; slot++) {
        if (excluded[slot] === 1) continue;
        const entry = values[slot]!;
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
    const { values, width, filled } = this.entries;
    const from = (width + i) * SLOTS;
    const known = Math.min(SLOTS, filled[1]!);
    if (known < EARLY_WINDOWS) return Number.POSITIVE_INFINITY;
    let squares = 0;
    for (let at = from; at < from + known; at++) squares += values[at]! ** 2;
    return (UPPER * squares) / known;
  }
}
