import { createRandom } from '../../src/base/statistics/random.js';
import type { Split } from './housing.js';
import { OnlineMonitor } from './our-monitor.js';
import { Pool } from './pool.js';
import type { BenchShift } from './shifts.js';
import { shifted } from './windows.js';

export const QUIET_ROWS = 10_000;
/** Minimum rows without drift before a shift. Up to a window more are added, so that shifts start anywhere in a window. */
const MIN_ROWS_BEFORE = 1000;
const WINDOW_ROWS = 500;
/** Maximum rows observed after a shift. */
const MAX_ROWS_AFTER = 2000;

/** Returns the share of streams of 10,000 rows without drift, each to a fresh monitor, that raised an alarm. */
export function falseAlarmShare(split: Split, streams: number, seed: number): number {
  const pool = new Pool(split.predict(split.test), createRandom(seed));
  const monitor = new OnlineMonitor(split.baseline);
  let raised = 0;
  for (let i = 0; i < streams; i++) {
    monitor.reset();
    if (alarmsWithin(monitor, pool, QUIET_ROWS)) raised++;
  }
  return raised / streams;
}

/** Returns the rows from a shift to the alarm for each stream; infinite without an alarm in 2,000 rows. */
export function delays(split: Split, shift: BenchShift, streams: number, seed: number): number[] {
  const random = createRandom(seed);
  const quiet = new Pool(split.predict(split.test), random);
  const monitor = new OnlineMonitor(split.baseline);
  const delays: number[] = [];
  for (const j of shift.columns) {
    const pool = new Pool(shifted(split, shift, j, random), random);
    for (let i = 0; i < streams / shift.columns.length; i++) {
      // Redraws streams with a false alarm before the shift, which say nothing about the delay.
      do monitor.reset();
      while (alarmsWithin(monitor, quiet, MIN_ROWS_BEFORE + random.below(WINDOW_ROWS)));
      delays.push(monitor.rowOfAlarm(pool.next(MAX_ROWS_AFTER)) ?? Number.POSITIVE_INFINITY);
    }
  }
  return delays;
}

/** Sends rows of the pool in chunks. Returns whether an alarm was raised. */
function alarmsWithin(monitor: OnlineMonitor, pool: Pool, rows: number): boolean {
  for (let sent = 0; sent < rows; sent += WINDOW_ROWS) {
    if (monitor.rowOfAlarm(pool.next(Math.min(WINDOW_ROWS, rows - sent)))) return true;
  }
  return false;
}
