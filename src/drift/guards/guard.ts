import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { EventRing, EventRingState } from './event-ring.js';

/** What a guard counts: values out of the range of the held-out rows, or missing values. */
export const GUARD_TESTS = ['range', 'missing'] as const;
export type GuardTest = (typeof GUARD_TESTS)[number];

/**
 * Ranks of rarity. Out of the range is rank 0; each further rank is `RANK_FACTOR` times as rare by the tail of the held-out rows,
 * like values out of the range of a sample that is that many times as large.
 */
export const RANKS = 7;
export const RANK_FACTOR = 8;
/** The scan of values several ranges out, which comes after those of the ranks. */
export const FAR_RANK = RANKS;

const GuardAlarm = Type.Object({
  rank: Type.Integer({ minimum: 0, maximum: FAR_RANK }),
  events: Type.Integer({ minimum: 1 }),
  first: Type.Number(),
  last: Type.Number(),
  furthest: nullable(Type.Number()),
});
/** Rows `first` to `last` held `events` events of at least `rank`, the furthest with the value `furthest`; null if it is not finite. */
export type GuardAlarm = Readonly<Static<typeof GuardAlarm>>;

/** A guard on disk. */
export const GuardState = Type.Object({
  column: Type.Integer({ minimum: 0 }),
  test: Type.Enum([...GUARD_TESTS]),
  rings: Type.Array(EventRingState, { maxItems: FAR_RANK + 1 }),
  implausible: Type.Integer({ minimum: 0 }),
  furthest: nullable(Type.Number()),
  alarm: nullable(GuardAlarm),
});
export type GuardState = Static<typeof GuardState>;

/** The limits of a rank as `EventRing.densest` takes them. */
export interface RankLimits {
  readonly limits: Float64Array;
  /** The same for events that have equal values, if it differs. */
  readonly equalLimits?: Float64Array | undefined;
  readonly designEffect: number;
}

/** An alarm ends once events have been absent for this many of their usual gaps. */
const QUIET_GAPS = 3;

/** The rare events of one column: a ring for each rank, and an alarm once the latest events of a rank are too dense. */
export class Guard {
  /** The index of the column among features and outputs. */
  readonly column: number;
  readonly test: GuardTest;
  /** Implausible rows since the guard was reset, and the furthest of their values; NaN if it is not finite. */
  implausible = 0;
  furthest = Number.NaN;
  alarm: GuardAlarm | undefined;
  private readonly rings: EventRing[] = [];
  private readonly distance: (value: number) => number;

  /** `distance`: how far out a value is, to find the furthest. */
  constructor(column: number, test: GuardTest, distance: (value: number) => number) {
    this.column = column;
    this.test = test;
    this.distance = distance;
  }

  /**
   * Adds an event of `rank`, at number `row` of the rows that the rank counts, and raises or extends the alarm. `equalLimits`: of
   * events with equal values, if they have limits of their own.
   */
  add(rank: number, row: number, value: number, { limits, equalLimits, designEffect }: RankLimits): void {
    while (this.rings.length <= rank) this.rings.push(new EventRing());
    const ring = this.rings[rank]!;
    ring.add(row, value);
    if (this.alarm) {
      if (this.alarm.rank === rank) this.extend(row, value);
      return;
    }
    const { events, density } = densestOf(ring, { limits, equalLimits, designEffect }, row);
    if (density >= 1) this.raise(rank, events);
  }

  /** Raises the alarm for the latest `events` events of a rank. */
  raise(rank: number, events: number): void {
    const ring = this.rings[rank]!;
    let furthest = ring.value(0);
    for (let back = 1; back < events; back++) furthest = this.further(furthest, ring.value(back));
    this.alarm = { rank, events, first: ring.row(events - 1), last: ring.row(0), furthest: finite(furthest) };
  }

  /** The number of the latest row with an event of `rank`; negative infinity without one. */
  latest(rank: number): number {
    const ring = this.rings[rank];
    return ring && ring.count > 0 ? ring.row(0) : Number.NEGATIVE_INFINITY;
  }

  /** Events of any rank since the guard was reset or restored. */
  get events(): number {
    return this.rings[0]?.total ?? 0;
  }

  /** Raises the alarm for all events of any rank since row 0. */
  raiseAll(): void {
    const ring = this.rings[0]!;
    this.raise(0, ring.count);
    this.alarm = { ...this.alarm!, events: ring.total, first: 0 };
  }

  /** The greatest density of the latest events of any rank; 1 at the limit. `of`: its limits, and its latest row. */
  density(of: (rank: number) => RankLimits & { row: number }): number {
    return this.rings.reduce((most, ring, rank) => {
      const { row, ...limits } = of(rank);
      return Math.max(most, densestOf(ring, limits, row).density);
    }, 0);
  }

  /** Counts an implausible value. */
  count(value: number): void {
    this.furthest = this.implausible++ === 0 ? value : this.further(this.furthest, value);
  }

  /** Ends the alarm if events have been absent for three of their usual gaps up to number `row` of the rows that its rank counts. */
  settle(row: (rank: number) => number): void {
    if (!this.alarm) return;
    const { rank, events, first, last } = this.alarm;
    if (row(rank) - last <= (QUIET_GAPS * (last - first + 1)) / events) return;
    this.alarm = undefined;
    for (const ring of this.rings) ring.clear();
  }

  state(): GuardState {
    const { column, test, implausible, furthest, alarm = null } = this;
    return {
      column,
      test,
      rings: this.rings.map((ring) => ring.state()),
      implausible,
      furthest: finite(furthest),
      alarm,
    };
  }

  restore({ rings, implausible, furthest, alarm }: GuardState): void {
    for (const state of rings) {
      const ring = new EventRing();
      ring.restore(state);
      this.rings.push(ring);
    }
    this.implausible = implausible;
    this.furthest = furthest ?? Number.NaN;
    this.alarm = alarm ?? undefined;
  }

  private extend(row: number, value: number): void {
    const { events, furthest, ...rest } = this.alarm!;
    const further = finite(furthest === null ? value : this.further(furthest, value));
    this.alarm = { ...rest, events: events + 1, last: row, furthest: further };
  }

  /** A value that is not finite is the furthest. */
  private further(a: number, b: number): number {
    return !Number.isFinite(a) || this.distance(a) > this.distance(b) ? a : b;
  }
}

/** JSON has no number that is not finite. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The densest of the latest events up to number `row` of the rows, of all or of those that have equal values. */
function densestOf(ring: EventRing, { limits, equalLimits, designEffect }: RankLimits, row: number) {
  const densest = ring.densest(limits, designEffect, row);
  const equal = equalLimits && ring.densest(equalLimits, designEffect, row, true);
  return equal && equal.density > densest.density ? equal : densest;
}
