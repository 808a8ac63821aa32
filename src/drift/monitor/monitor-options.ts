import type { LearnedAnew } from '../dependence/dependence.js';
import type { AlarmEvent } from './alarm-evidence.js';

export interface MonitorOptions {
  /** Expected rows between two false alarms of any kind. */
  readonly rowsBetweenFalseAlarms: number;
  /** Rows of a window that is tested. */
  readonly windowRows: number;
  /** Maximum rows of one request that are counted, evenly spaced: rows of one request are often alike. */
  readonly rowsPerRequest: number;
  /** Why the monitor starts without what an earlier one learned. */
  readonly startedBy: Extract<LearnedAnew, 'activation' | 'baseline'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called whenever an alarm is raised or cleared, in this order for each group. */
  readonly onEvent: (event: AlarmEvent) => void;
  /**
   * Called when the evidence of an alarm is to be gathered, which takes up to a second: calls `step`, which may throw, until it
   * returns false. The alarm's event follows. By default, at once.
   */
  readonly gather: (step: () => boolean) => void;
}

const DEFAULTS: MonitorOptions = {
  rowsBetweenFalseAlarms: 100_000,
  windowRows: 500,
  rowsPerRequest: 250,
  startedBy: 'activation',
  clock: Date.now,
  onEvent: () => {},
  gather: (step) => {
    while (step());
  },
};

const MIN_WINDOW_ROWS = 50;
/** With fewer windows between false alarms, alarms would say little. */
const MIN_WINDOWS = 5;

/** Completes the options with defaults. Throws a RangeError for options that cannot be met. */
export function completeOptions(options: Partial<MonitorOptions>): MonitorOptions {
  const completed = { ...DEFAULTS, ...options };
  const { rowsBetweenFalseAlarms, windowRows, rowsPerRequest } = completed;
  if (!(windowRows >= MIN_WINDOW_ROWS)) {
    throw new RangeError(`windowRows: expected at least ${MIN_WINDOW_ROWS}, got ${windowRows}`);
  }
  if (!(rowsPerRequest >= 1)) throw new RangeError(`rowsPerRequest: expected at least 1, got ${rowsPerRequest}`);
  if (!(rowsBetweenFalseAlarms >= MIN_WINDOWS * windowRows)) {
    const expected = `at least ${MIN_WINDOWS} windows of ${windowRows} rows`;
    throw new RangeError(`rowsBetweenFalseAlarms: expected ${expected}, got ${rowsBetweenFalseAlarms}`);
  }
  return completed;
}
