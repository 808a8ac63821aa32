import type { Channel } from '../rows/channels.js';
import { Counters } from './counters.js';
import { RowCounts } from './row-counts.js';
import { TimeRing } from './time-ring.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Counts of the rows of the traffic: of the window that is being filled and the one before it, by minute and hour, and in total. */
export class TrafficCounts {
  /** Counts of all rows since the process started, without the fresh ones. */
  readonly totals: Counters;
  /** Rows of the latest minute, before `flush` adds them to the others: a row is then counted once and not four times. */
  readonly fresh: RowCounts;
  /** The window that is being filled, without the fresh rows. */
  window: RowCounts;
  /** The window before it. */
  last: RowCounts;
  readonly minutes: TimeRing;
  readonly hours: TimeRing;
  /** The channels of `minutes` and `hours`. */
  readonly shown: readonly Channel[];
  /** The time of the fresh rows, and its minute. */
  private freshAt = 0;
  private minute = 0;

  constructor(channels: readonly Channel[]) {
    this.totals = new Counters(channels);
    this.fresh = new RowCounts(channels);
    this.window = new RowCounts(channels);
    this.last = new RowCounts(channels);
    this.shown = channels.filter(({ kind }) => kind !== 'conditional');
    this.minutes = new TimeRing(this.shown, MINUTE, 60);
    this.hours = new TimeRing(this.shown, HOUR, 24);
  }

  /** Rows in the window that is being filled. */
  get filledRows(): number {
    return this.window.rows + this.fresh.rows;
  }

  /** Notes the time of the rows that are counted next, in milliseconds since the epoch. */
  setTime(now: number): void {
    const minute = Math.floor(now / MINUTE);
    if (minute !== this.minute) this.flush();
    this.minute = minute;
    this.freshAt = now;
  }

  /** Adds the fresh rows, all of one minute, to the window, the rings, and the totals. */
  flush(): void {
    if (this.fresh.rows === 0) return;
    this.window.merge(this.fresh);
    this.minutes.at(this.freshAt).merge(this.fresh);
    this.hours.at(this.freshAt).merge(this.fresh);
    this.totals.merge(this.fresh);
    this.fresh.clear();
  }

  /** Begins a new window. */
  nextWindow(): void {
    this.flush();
    [this.window, this.last] = [this.last, this.window];
    this.window.clear();
  }

  /** Forgets all rows, except for the totals. */
  clear(): void {
    this.flush();
    this.window.clear();
    this.last.clear();
    this.minutes.clear();
    this.hours.clear();
  }
}
