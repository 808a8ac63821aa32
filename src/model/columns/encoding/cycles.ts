import { DAY } from '../times.js';
import type { Period } from './encoding.js';

/** Days of the cycles that are longer than a day. */
export const PERIOD_DAYS: Readonly<Record<Exclude<Period, 'day'>, number>> = { week: 7, year: 365.2425 };

/** Codes beyond this are not exact in float32. The reconstruction of a row far from all others may have one. */
export const MAX_CODE = 2 ** 24;

/**
 * Returns the angle of a time in a cycle, `[0, 2π)`. `time` is in milliseconds since 1970, UTC. The cycle of a day has the time
 * of day; that of a week the weekday, from Thursday on; that of a year, 365.2425 days, the day.
 */
export function angleOf(period: Period, time: number): number {
  if (period === 'day') return 2 * Math.PI * fraction(time / DAY);
  return 2 * Math.PI * fraction(Math.floor(time / DAY) / PERIOD_DAYS[period]);
}

function fraction(x: number): number {
  return x - Math.floor(x);
}
