import type { Cause, LatchState } from '../monitor/alarms.js';

/** An alarm is cleared by this number of windows in a row with a p-value above `QUIET_P`, of the size that raised it. */
const QUIET_WINDOWS = 3;
const QUIET_P = 0.05;
/** Shorter windows are not tested. */
const MIN_WINDOW_ROWS = 30;
const CLEARED: LatchState = { detected: false, since: null, cause: null, alarms: 0, quiet: 0 };

/** What a window of labelled rows says. */
export interface WindowVerdict {
  /** Rows of the window. */
  readonly size: number;
  /** The p-value below which the window raises the alarm. */
  readonly threshold: number;
  /** ln of the p-value. */
  readonly logP: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What has the smallest p-value; undefined if no difference matters. */
  readonly cause: Cause | undefined;
}

/** The alarm of a group, which windows of several sizes raise and clear. */
export class WindowAlarm {
  latch: LatchState = CLEARED;
  /** Size of the windows that raised the alarm. */
  size = 0;

  /** Takes the next window. Returns what has become of the alarm; undefined if nothing has. */
  judge({ size, threshold, logP, at, cause }: WindowVerdict): 'raised' | 'cleared' | undefined {
    const { latch } = this;
    if (cause && logP < Math.log(threshold)) {
      // A small change that a longer window has found is not over when short ones are quiet.
      this.size = latch.detected ? Math.max(size, this.size) : size;
      if (latch.detected) this.latch = { ...latch, quiet: 0 };
      else this.latch = { detected: true, since: at, cause, alarms: latch.alarms + 1, quiet: 0 };
      return latch.detected ? undefined : 'raised';
    }
    if (!latch.detected || size !== this.size) return undefined;
    const quiet = logP > Math.log(QUIET_P) ? latch.quiet + 1 : 0;
    this.latch = { ...latch, quiet };
    return quiet >= QUIET_WINDOWS && this.clear(at) ? 'cleared' : undefined;
  }

  /** Clears the alarm. Returns whether it was on. */
  clear(at: number): boolean {
    const { latch } = this;
    if (latch.detected) this.latch = { ...latch, detected: false, since: at, quiet: 0 };
    return latch.detected;
  }
}

/**
 * Returns the sizes of the windows that are tested at the same time, the smallest first: `windowRows`, half of it, a quarter, down
 * to 30. Large changes are found within the shortest, small ones in the longest.
 */
export function windowSizes(windowRows: number): number[] {
  const sizes = [windowRows];
  while (Math.floor(sizes[0]! / 2) >= MIN_WINDOW_ROWS) sizes.unshift(Math.floor(sizes[0]! / 2));
  return sizes;
}
