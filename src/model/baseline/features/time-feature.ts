import { UNIT_MS } from '../../columns/coding.js';
import { DAY } from '../../columns/times.js';
import { makeBins } from '../sketches/bins.js';
import { type Cycle, LAST_PLACE, WEEKDAYS } from './cycles.js';
import type { FeatureColumn } from './feature-column.js';
import type { WatchedFeature, WatchedTime } from './watched.js';

const YEAR = 365.25 * DAY;
/** Times further out than this many spans of the held-out rows, and than this many years, are implausible: 1970 and 2099 are defaults. */
const PLAUSIBLE_SPANS = 3;
const PLAUSIBLE_YEARS = 10;

/**
 * A timestamp or one of its cycles, from the ascending values of its `count` rows, at least one.
 *
 * Time only moves forward, so a timestamp has one bin, and `min` and `max` are the limits beyond which it is implausible. A cycle
 * has bins. Neither has normal scores other than 0: rows of one hour resemble each other, and that is no broken relation.
 */
export function timeFeature(feature: WatchedFeature, sorted: Float64Array, count: number): FeatureColumn {
  const { cycle, unit } = feature.watched as WatchedTime;
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const column = { ...feature, mean: 0, deviation: 0, missing: count - sorted.length };
  if (cycle !== null) {
    const max = LAST_PLACE[cycle];
    return { ...column, bins: binCycle(cycle, sorted), min: 0, max, grid: { values: [0, max], scores: [0, 0] } };
  }
  const slack = Math.max(PLAUSIBLE_SPANS * (last - first), (PLAUSIBLE_YEARS * YEAR) / UNIT_MS[unit]);
  // Rows are float32.
  const [min, max] = [Math.fround(first - slack), Math.fround(last + slack)];
  return { ...column, bins: { edges: [], counts: [sorted.length] }, min, max, grid: flatGrid(first, last) };
}

function flatGrid(first: number, last: number) {
  return first < last ? { values: [first, last], scores: [0, 0] } : { values: [first], scores: [0] };
}

function binCycle(cycle: Cycle, sorted: Float64Array) {
  if (cycle !== 'weekday') return makeBins(sorted);
  const counts = WEEKDAYS.map(() => 0);
  for (const day of sorted) counts[day]!++;
  return { edges: WEEKDAYS.slice(1).map((_, day) => day), counts };
}
