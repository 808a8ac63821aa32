import type { Cycle } from '../../model/baseline/features/cycles.js';
import { changedInterval } from './interval.js';
import { percent } from './words.js';

/** Share of rows with one time from which on that is what has changed: a time that was lost became midnight. */
const MANY = 0.2;

/**
 * Describes what changed in a cycle with many places: one time that many rows have, by the places of recent rows if they are at
 * hand, or else the interval with more rows, for example `62 % of rows at 00:00`.
 */
export function describeCycle(
  cycle: Exclude<Cycle, 'weekday'>,
  window: readonly number[],
  baseline: readonly number[],
  edges: readonly number[],
  places?: Float64Array,
): string {
  const frequent = places && mostFrequent(places);
  const known =
    Math.max(...baseline) /
    Math.max(
      1,
      baseline.reduce((sum, count) => sum + count, 0),
    );
  if (frequent && frequent.share >= Math.max(MANY, 2 * known)) {
    return `${percent(frequent.share)} of rows at ${nameOf(cycle, frequent.place)}`;
  }
  const interval = changedInterval(window, baseline, edges);
  if (!interval) return 'differently distributed';
  const { low, high, share, before } = interval;
  const where =
    low === undefined
      ? `up to ${nameOf(cycle, high!)}`
      : high === undefined
        ? `after ${nameOf(cycle, low)}`
        : `from ${nameOf(cycle, low)} to ${nameOf(cycle, high)}`;
  return `${percent(share)} of rows ${where} instead of ${percent(before)}`;
}

function mostFrequent(places: Float64Array): { place: number; share: number } | undefined {
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  let most: { place: number; share: number } | undefined;
  for (const [place, count] of counts) {
    const share = count / places.length;
    if (!most || share > most.share) most = { place, share };
  }
  return most;
}

/** A place in a cycle in words, such as `08:30` or `12 March`. */
export function nameOf(cycle: Exclude<Cycle, 'weekday'>, place: number): string {
  if (cycle === 'time_of_day') {
    const [hour, minute] = [Math.floor(place / 60), place % 60];
    return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  }
  const date = new Date(Date.UTC(2001, 0, 1 + place));
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(date);
}
