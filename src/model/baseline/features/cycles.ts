import { UNIT_MS } from '../../columns/coding.js';
import type { TimeUnit } from '../../columns/column.js';

/** Cycles of a timestamp that are watched. */
export const CYCLES = ['time_of_day', 'weekday', 'day_of_year'] as const;
export type Cycle = (typeof CYCLES)[number];

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** The mean year of the Gregorian calendar. */
const YEAR = 365.2425 * DAY;
/** 1970 began on a Thursday. */
const THURSDAY = 3;

/**
 * Rows must be spread over as many periods of a cycle as this before the places in it are compared: the rows of an
 * afternoon all have one weekday, and with fewer whole weeks the first and the last, which are not whole, would count for too much.
 */
export const MIN_PERIODS = 8;

interface Place {
  /** The number of the period that a code lies in. */
  readonly period: (code: number) => number;
  /** Where it lies in its period: minutes since midnight, days since Monday, or days since the year began. */
  readonly place: (code: number) => number;
}

/** Returns where codes of a timestamp lie in a cycle; UTC. */
export function cycleOf({ cycle, unit, origin }: { cycle: Cycle; unit: TimeUnit; origin: number }): Place {
  const scale = UNIT_MS[unit];
  const time = (code: number) => origin + code * scale;
  const days = (code: number) => Math.floor(time(code) / DAY);
  switch (cycle) {
    case 'time_of_day':
      return { period: days, place: (code) => Math.floor((time(code) - days(code) * DAY) / MINUTE) };
    case 'weekday': {
      const week = (code: number) => Math.floor((days(code) + THURSDAY) / 7);
      return { period: week, place: (code) => days(code) + THURSDAY - 7 * week(code) };
    }
    case 'day_of_year': {
      const year = (code: number) => Math.floor(time(code) / YEAR);
      return { period: year, place: (code) => Math.floor((time(code) - year(code) * YEAR) / DAY) };
    }
  }
}

/** The places of a cycle, from the first to the last. */
export const LAST_PLACE: Readonly<Record<Cycle, number>> = { time_of_day: 1439, weekday: 6, day_of_year: 365 };

/** The number of periods that rows are spread over, `(Σ c)² / Σ c²` for the rows of each: few outliers do not count. */
export function effectivePeriods(periods: ReadonlyMap<number, number>): number {
  let rows = 0;
  let squares = 0;
  for (const count of periods.values()) {
    rows += count;
    squares += count * count;
  }
  return squares > 0 ? (rows * rows) / squares : 0;
}
