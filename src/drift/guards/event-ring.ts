import { type Static, Type } from 'typebox';
import { MAX_EVENTS, TESTED } from './span-limits.js';

/** The events of a ring on disk, the oldest first. */
export const EventRingState = Type.Object({
  rows: Type.Array(Type.Number(), { maxItems: MAX_EVENTS }),
  values: Type.Array(Type.Union([Type.Number(), Type.Null()]), { maxItems: MAX_EVENTS }),
});
export type EventRingState = Static<typeof EventRingState>;

/** The latest events of a guard: the numbers of their rows, ascending, and their values. */
export class EventRing {
  private readonly rows = new Float64Array(MAX_EVENTS);
  private readonly values = new Float64Array(MAX_EVENTS);
  private added = 0;

  get count(): number {
    return Math.min(this.added, MAX_EVENTS);
  }

  /** Events since the ring was cleared or restored. */
  get total(): number {
    return this.added;
  }

  add(row: number, value: number): void {
    const at = this.added++ % MAX_EVENTS;
    this.rows[at] = row;
    this.values[at] = value;
  }

  /** The row of the event `back` events before the newest. */
  row(back: number): number {
    return this.rows[(this.added - 1 - back) % MAX_EVENTS]!;
  }

  value(back: number): number {
    return this.values[(this.added - 1 - back) % MAX_EVENTS]!;
  }

  /**
   * The number of latest events that are densest up to number `row` of the rows, and how many times as many rows `limits`, one
   * per number of `TESTED`, allows them to lie in: an alarm from 1 on. A row and an event are worth `1 / designEffect` of an
   * independent one. `areEqual`: only the events with the value of the latest are tested.
   */
  densest(
    limits: Float64Array,
    designEffect: number,
    row = this.row(0),
    areEqual = false,
  ): { events: number; density: number } {
    const densest = { events: 0, density: 0 };
    const equal = areEqual ? this.equalEvents() : undefined;
    for (let i = 0; i < TESTED.length; i++) {
      const tested = Math.ceil(TESTED[i]! * designEffect);
      if (tested > (equal?.length ?? this.count)) break;
      const events = equal ? equal[tested - 1]! + 1 : tested;
      const density = (limits[i]! * designEffect) / (row - this.row(events - 1) + 1);
      if (density > densest.density) Object.assign(densest, { events, density });
    }
    return densest;
  }

  /** How far back the events with the value of the latest are, the latest first. */
  private equalEvents(): number[] {
    return Array.from({ length: this.count }, (_, back) => back).filter((back) => this.value(back) === this.value(0));
  }

  clear(): void {
    this.added = 0;
  }

  state(): EventRingState {
    const events = Array.from({ length: this.count }, (_, i) => this.count - 1 - i);
    return {
      rows: events.map((back) => this.row(back)),
      values: events.map((back) => finiteOrNull(this.value(back))),
    };
  }

  restore({ rows, values }: EventRingState): void {
    this.clear();
    for (const [i, row] of rows.entries()) this.add(row, values[i] ?? Number.NaN);
  }
}

/** JSON has no number that is not finite. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
