import { createRandom } from '../../src/base/statistics/random.js';
import type { Split } from './housing.js';
import { OnlineMonitor } from './our-monitor.js';
import { Pool } from './pool.js';
import type { BenchShift } from './shifts.js';
import { shifted } from './windows.js';

export const QUIET_ROWS = 10_000;
/** Rows without drift before a shift: at least these, and up to a window more, so that windows are hit anywhere. */
const ROWS_BEFORE = 1000;
const WINDOW_ROWS = 500;
/** Rows after a shift that are waited for. */
const PATIENCE = 2000;

/** The share of `streams` streams of 10,000 rows without drift, each to a fresh monitor, that raised an alarm. */
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

/** Rows from a shift to the alarm, one per stream; infinite where there was none in 2,000 rows. */
export function delays(split: Split, shift: BenchShift, streams: number, seed: number): number[] {
  const random = createRandom(seed);
  const quiet = new Pool(split.predict(split.test), random);
  const monitor = new OnlineMonitor(split.baseline);
  const delays: number[] = [];
  for (const j of shift.columns) {
    const pool = new Pool(shifted(split, shift, j, random), random);
    for (let i = 0; i < streams / shift.columns.length; i++) {
      // A stream with a false alarm before the shift says nothing about the delay, and is drawn again.
      do monitor.reset();
      while (alarmsWithin(monitor, quiet, ROWS_BEFORE + random.below(WINDOW_ROWS)));
      delays.push(monitor.rowOfAlarm(pool.next(PATIENCE)) ?? Number.POSITIVE_INFINITY);
    }
  }
  return delays;
}

/** Sends `rows` rows of the pool, in pieces. */
function alarmsWithin(monitor: OnlineMonitor, pool: Pool, rows: number): boolean {
  for (let sent = 0; sent < rows; sent += WINDOW_ROWS) {
    if (monitor.rowOfAlarm(pool.next(Math.min(WINDOW_ROWS, rows - sent)))) return true;
  }
  return false;
}
