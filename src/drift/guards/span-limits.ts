import { logMissingTail, logRangeTail } from '../window/guard-tests.js';

/** The latest events that are remembered, and tested together. */
export const MAX_EVENTS = 32;
/** Numbers of latest events that are tested. With more of them, fewer events per row are found, and later. */
export const TESTED: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, MAX_EVENTS];
/** A span is at most this share of the rows between false alarms. */
const MAX_SHARE = 0.1;

/**
 * The limits of an exact scan of rare events: for each number of events in `TESTED`, the maximum number of rows in which they are an
 * alarm; 0 if they never are. `tail(events, rows)` is ln of the probability of at least `events` in `rows` rows. Events in n rows are an alarm if
 * that probability is at most `n / rowsBetweenAlarms`, as it is for a window of n rows: all spans have an equal rate of alarms.
 */
export function spanLimits(tail: (events: number, rows: number) => number, rowsBetweenAlarms: number): Float64Array {
  const max = Math.floor(MAX_SHARE * rowsBetweenAlarms);
  const isAlarm = (events: number, rows: number) => tail(events, rows) <= Math.log(rows / rowsBetweenAlarms);
  return Float64Array.from(TESTED, (events) => {
    if (max < events || !isAlarm(events, events)) return 0;
    let low = events;
    let high = max;
    // The probability grows faster than the number of rows until it is near 1, far above the limit.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (isAlarm(events, middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  });
}

/** ln of the probability of at least `events` rows out of the range of `rows` held-out rows. */
export function rangeTail(heldOut: number): (events: number, rows: number) => number {
  return (events, rows) => logRangeTail(events, rows, heldOut);
}

/** ln of the probability of at least `events` missing values, if `missing` of `heldOut` rows had none. */
export function missingTail(missing: number, heldOut: number): (events: number, rows: number) => number {
  return (events, rows) => logMissingTail(events, rows, missing, heldOut);
}
