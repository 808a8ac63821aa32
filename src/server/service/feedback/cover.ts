import type { TimeSlice } from '../../../base/node/time-slice.js';
import { coveredLevels, followedLevels } from '../../../model/intervals/covered.js';
import type { Prediction } from '../../../model/network/predictor.js';
import type { Serving } from '../prediction/prediction-service.js';

/** Rows whose bounds are computed before the time slice is checked. */
const ROWS_PER_CHUNK = 1024;

/** Returns which intervals of `followedLevels` cover the true values, `[rows, targets]`; undefined for a version without intervals. */
export async function cover(
  { intervals }: Serving,
  prediction: Prediction,
  targets: Float32Array,
  rows: number,
  slice: TimeSlice,
): Promise<Uint8Array | undefined> {
  if (!intervals) return undefined;
  const levels = followedLevels(intervals);
  const covered = new Uint8Array(targets.length);
  const width = targets.length / Math.max(1, rows);
  for (let from = 0; from < rows; from += ROWS_PER_CHUNK) {
    const count = Math.min(ROWS_PER_CHUNK, rows - from);
    covered.set(coveredLevels(intervals, levels, { prediction, targets, from, count }), from * width);
    await slice.yieldIfOver();
  }
  return covered;
}
