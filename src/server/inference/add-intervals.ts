import { DomainError } from '../../base/domain-error.js';
import type { TimeSlice } from '../../base/node/time-slice.js';
import type { Intervals } from '../../model/intervals/intervals.js';
import type { Observation, Serving } from '../service/prediction/prediction-service.js';

/** Predictions whose bounds are computed (well under 1 ms) before the time slice is checked. */
const PREDICTIONS_PER_CHUNK = 4096;

/** Returns the intervals of a version. Throws `INTERVALS_UNAVAILABLE`, and `LEVEL_UNAVAILABLE`. */
export function requireIntervals({ version, intervals }: Serving, level: number): Intervals {
  if (!intervals) {
    throw new DomainError(
      'INTERVALS_UNAVAILABLE',
      `version ${version} has no prediction intervals: an earlier release trained it; train again, or predict without an interval`,
    );
  }
  intervals.require(level);
  return intervals;
}

/** Returns the observation with the bounds of its predictions. */
export function addIntervals(observation: Observation, level: number): Observation {
  const { serving, prediction, count } = observation;
  return {
    ...observation,
    intervals: { level, ...requireIntervals(serving, level).bounds(level, prediction, count) },
  };
}

/** Like `addIntervals`, but yields to the event loop between chunks. */
export async function addIntervalsInSlices(
  observation: Observation,
  level: number,
  slice: TimeSlice,
): Promise<Observation> {
  const { serving, prediction, count } = observation;
  const intervals = requireIntervals(serving, level);
  const width = serving.card.targets.length;
  const low = new Float32Array(count * width);
  const high = new Float32Array(count * width);
  const rowsPerChunk = Math.max(1, Math.floor(PREDICTIONS_PER_CHUNK / width));
  for (let from = 0; from < count; from += rowsPerChunk) {
    const bounds = intervals.bounds(level, prediction, Math.min(rowsPerChunk, count - from), from);
    low.set(bounds.low, from * width);
    high.set(bounds.high, from * width);
    await slice.yieldIfOver();
  }
  return { ...observation, intervals: { level, low, high } };
}
