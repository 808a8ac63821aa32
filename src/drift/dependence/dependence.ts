import { type Static, Type } from 'typebox';
import type { Charts } from '../counts/charts.js';
import type { Channel } from '../rows/channels.js';
import type { WindowTest } from '../window/window-test.js';
import { DesignEffect } from './design-effect.js';
import { EntriesState } from './entries.js';

/** What is known of the order in which rows arrive. */
export const ORDERS = ['unknown', 'independent', 'within_window', 'longer_than_window'] as const;
export type Order = (typeof ORDERS)[number];

/** Reasons why dependence is not learned from earlier rows. */
export const LEARNED_ANEW = ['activation', 'baseline', 'reset', 'upgrade'] as const;
export type LearnedAnew = (typeof LEARNED_ANEW)[number];

/** Minimum rows, independent ones, that a window must be worth to say anything. */
const MIN_ROWS = 50;
/** The design effect of a chart beyond which it says nothing: its 200 rows are worth 50. */
const MAX_CHART_EFFECT = 4;
/** An order is expected to come back within this many entries of the level that it was recognised at. */
const MEMORY = 32;
/** A channel is in doubt for this many times as long. */
const DOUBT = 3;
/** Blocks after a start in which charts are silent, if the first lies far from the baseline, and windows after it in which rows may turn out to come in an order. */
const FIRST_BLOCKS = 5;
const FIRST_WINDOWS = 12;
/** Quiet windows in a row that end the start. */
const QUIET_WINDOWS = 3;
/** A chart beyond this share of its limit, or a window with a lower p-value, is not quiet. */
const QUIET_CHART = 0.75;
const QUIET_P = 0.05;

/** Dependence on disk. */
export const DependenceState = Type.Object({
  since: Type.Number(),
  learned_anew: Type.Enum([...LEARNED_ANEW]),
  rows: Type.Number(),
  longer_until: Type.Number(),
  within_until: Type.Number(),
  doubtful_until: Type.Array(Type.Number()),
  starting: Type.Boolean(),
  starts_in_order: Type.Boolean(),
  quiet: Type.Integer({ minimum: 0 }),
  design_effect: EntriesState,
});
export type DependenceState = Static<typeof DependenceState>;

/**
 * Decides in which channels a drift is distinguishable from the order in which rows arrive. A channel whose windows are worth fewer than 50
 * independent rows cannot. Once one column turns out to come in an order longer than a window, the others are in doubt too, until
 * they have stayed quiet for some time: a column that depends on the sorted one a little may stand out once a day.
 */
export class Dependence {
  readonly designEffect: DesignEffect;
  /** `[channels]`, each at least 1: the design effect of windows; infinite for a channel that is undecided. */
  readonly windows: Float64Array;
  /** The same for charts. */
  readonly charts: Float64Array;
  /**
   * The same for the guards' charts: those of windows, and infinite where charts are silent because of an order. In an order,
   * the values out of range come together.
   */
  readonly guards: Float64Array;
  /** The same for values several ranges out: 1, and infinite where charts are silent because of an order that was recognised. */
  readonly far: Float64Array;
  /** Whether `charts` has changed since this was last set to false: limits are costly to compute. */
  changed = true;
  /** The time since when it learns, in milliseconds since the epoch, and why not from earlier rows. */
  since = 0;
  learnedAnew: LearnedAnew = 'activation';
  /** The effects before the latest window: its own by `designEffect`, and those of channels that are decided. */
  readonly frozen: { readonly own: Float64Array; readonly effects: Float64Array };
  private readonly windowRows: number;
  private rows = 0;
  private longerUntil = 0;
  private withinUntil = 0;
  /** `[channels]`: the row until which the channel is in doubt while there is an order. */
  private readonly doubtfulUntil: Float64Array;
  private starting = true;
  private startsInOrder = false;
  private quiet = 0;

  /** `blocks`: blocks per window. */
  constructor(channels: readonly Channel[], blocks: number, windowRows: number, baselineRows: number) {
    this.designEffect = new DesignEffect(channels, blocks, windowRows, baselineRows);
    this.windowRows = windowRows;
    this.windows = new Float64Array(channels.length).fill(1);
    this.charts = new Float64Array(channels.length).fill(Number.POSITIVE_INFINITY);
    this.guards = this.charts.slice();
    this.far = this.windows.slice();
    this.doubtfulUntil = new Float64Array(channels.length);
    this.frozen = { own: this.windows.slice(), effects: this.windows.slice() };
  }

  get order(): Order {
    if (this.startsInOrder || this.rows < this.longerUntil) return 'longer_than_window';
    if (this.rows < this.withinUntil) return 'within_window';
    return this.designEffect.settled ? 'independent' : 'unknown';
  }

  /**
   * Adds a block of rows, counted in `counts` `[bins of all channels]`. `inAlarm` returns whether a channel's group is in
   * alarm.
   */
  addBlock(counts: Uint32Array, inAlarm: (channel: number) => boolean, charts: Charts): void {
    const { designEffect } = this;
    const { orders, sizes } = designEffect;
    const hadOrder = this.hasOrder;
    for (let c = 0; c < orders.length && hadOrder; c++) {
      if (charts.isBeyondWith(designEffect.charts[c]!, c, QUIET_CHART)) this.doubt(c);
    }
    this.rows += sizes[0]!;
    designEffect.add(counts, inAlarm, this.starting ? 1 : 2, hadOrder);
    if (this.starting && !this.startsInOrder && designEffect.startsInOrder()) {
      this.startsInOrder = true;
      this.frozen.effects.fill(Number.POSITIVE_INFINITY);
      designEffect.include();
    }
    for (let c = 0; c < orders.length; c++) {
      if (orders[c]! < 0) continue;
      const longer = designEffect.windows[c]! > this.windowRows / MIN_ROWS;
      if (!longer && designEffect.charts[c]! <= MAX_CHART_EFFECT) continue;
      const span = MEMORY * sizes[Math.max(orders[c]!, Number(longer))]!;
      if (longer) this.longerUntil = Math.max(this.longerUntil, this.rows + span);
      else this.withinUntil = Math.max(this.withinUntil, this.rows + span);
      this.doubt(c);
    }
    if (!hadOrder && this.hasOrder) for (let c = 0; c < orders.length; c++) this.doubt(c);
    if (this.rows < this.longerUntil) this.start(false);
    this.decide();
  }

  /** Retains the effects as they are before a window's last block is added. */
  freeze(): void {
    this.frozen.own.set(this.designEffect.windows);
    this.frozen.effects.set(this.windows);
  }

  /** Leaves out the latest block and window of the channels whose alarm the window has raised. */
  exclude(isRaised: (channel: number) => boolean): void {
    let some = false;
    for (let c = 0; c < this.windows.length; c++) {
      if (!isRaised(c)) continue;
      this.designEffect.exclude(c);
      some = true;
    }
    if (!some) return;
    this.designEffect.estimate(this.hasOrder);
    this.decide();
  }

  /** Takes the test of a window by the design effects alone. */
  addWindow(test: WindowTest | undefined): void {
    if (this.rows < this.longerUntil) {
      for (const { channel, logP, matters } of test?.evidence ?? []) {
        if (matters && logP < Math.log(QUIET_P / test!.evidence.length)) this.doubt(channel);
      }
    }
    if (!this.starting) return;
    const isQuiet = test?.groups.every(({ logP }) => logP > Math.log(QUIET_P)) ?? true;
    this.quiet = isQuiet ? this.quiet + 1 : 0;
    if ((this.quiet >= QUIET_WINDOWS && !this.startsInOrder) || this.rows >= FIRST_WINDOWS * this.windowRows)
      this.start(false);
    this.decide();
  }

  /** Returns whether the channel's chart decides. In the first blocks it is silent, which is not the same. */
  chartTells(channel: number): boolean {
    return Number.isFinite(this.charts[channel]!) || (this.isSilent && !this.startsInOrder);
  }

  /** Forgets everything that was learned. */
  reset(learnedAnew: LearnedAnew, now: number): void {
    this.since = now;
    this.learnedAnew = learnedAnew;
    this.designEffect.reset();
    this.rows = 0;
    this.longerUntil = 0;
    this.withinUntil = 0;
    this.doubtfulUntil.fill(0);
    this.start(true);
    this.decide();
  }

  state(): DependenceState {
    return {
      since: this.since,
      learned_anew: this.learnedAnew,
      rows: this.rows,
      longer_until: this.longerUntil,
      within_until: this.withinUntil,
      doubtful_until: Array.from(this.doubtfulUntil),
      starting: this.starting,
      starts_in_order: this.startsInOrder,
      quiet: this.quiet,
      design_effect: this.designEffect.state(),
    };
  }

  /** Throws a RangeError if the state has other channels. */
  restore(state: DependenceState): void {
    if (state.doubtful_until.length !== this.doubtfulUntil.length) throw new RangeError('dependence of other channels');
    this.since = state.since;
    this.learnedAnew = state.learned_anew;
    this.rows = state.rows;
    this.longerUntil = state.longer_until;
    this.withinUntil = state.within_until;
    this.designEffect.restore(state.design_effect, this.hasOrder);
    this.doubtfulUntil.set(state.doubtful_until);
    this.starting = state.starting;
    this.startsInOrder = state.starts_in_order;
    this.quiet = state.quiet;
    this.decide();
  }

  private get hasOrder(): boolean {
    return this.rows < this.longerUntil || this.rows < this.withinUntil;
  }

  /** Whether the charts are silent, because a start in order would raise their alarms at once. */
  private get isSilent(): boolean {
    const { starting, rows, windowRows, designEffect } = this;
    const block = designEffect.sizes[0]!;
    if (!starting || rows >= Math.min(FIRST_BLOCKS * block, windowRows)) return false;
    return rows < block || designEffect.startsAside;
  }

  private doubt(channel: number): void {
    const span = Math.max(this.longerUntil, this.withinUntil) - this.rows;
    this.doubtfulUntil[channel] = Math.max(this.doubtfulUntil[channel]!, this.rows + DOUBT * span);
  }

  private start(starting: boolean): void {
    this.starting = starting;
    this.startsInOrder = false;
    this.quiet = 0;
  }

  private decide(): void {
    const { windows, charts, guards, far, designEffect, doubtfulUntil, rows } = this;
    const silent = this.isSilent;
    for (let c = 0; c < windows.length; c++) {
      const doubtful = rows < doubtfulUntil[c]!;
      const window = designEffect.windows[c]!;
      const chart = designEffect.charts[c]!;
      const windowFails = this.startsInOrder || (doubtful && rows < this.longerUntil);
      windows[c] = windowFails || window > this.windowRows / MIN_ROWS ? Number.POSITIVE_INFINITY : window;
      const orderFails = windowFails || (doubtful && rows < this.withinUntil);
      const chartFails = orderFails || silent;
      far[c] = orderFails ? Number.POSITIVE_INFINITY : 1;
      guards[c] = chartFails ? Number.POSITIVE_INFINITY : window;
      const before = charts[c];
      charts[c] = chartFails || chart > MAX_CHART_EFFECT ? Number.POSITIVE_INFINITY : chart;
      this.changed ||= charts[c] !== before;
    }
  }
}
