import { FAR_RANK, type Guard, RANK_FACTOR } from './guard.js';
import type { GuardedColumn } from './guarded-column.js';
import { missingTail, rangeTail, spanLimits } from './span-limits.js';

/**
 * The ranks of a range are scanned together, which makes an alarm at most this many times as frequent as one exact window of each
 * would be: 4.5 in simulations with 200 to 5,000 held-out rows and tails that are just as heavy as assumed. The scan of missing
 * values has one rank, and its rate is that of a window.
 */
const SCANS = 5;
/**
 * Far values may come in rare rows of another kind, of which no held-out row is one. They are taken to be as frequent as values
 * out of the range of a sample of this many rows: three of them in 200 rows raise the alarm. In California housing,
 * AveOccup is 3 and, in one row of 5,000, above 200.
 */
const FAR_ROWS = 7000;
/** The order of the first rows may be that of a sorted day of this many rows, whose values out of range all come first. */
const FIRST_DAY_ROWS = 5000;
/** The probability of an alarm of the first rows after a start. */
const FIRST_ALPHA = 1e-4;

/** In how few rows a guard's latest events must lie to raise its alarm. */
export class GuardLimits {
  private readonly columns: readonly GuardedColumn[];
  private readonly rowsBetweenAlarms: number;
  /** Guards of all columns: a range for each, and missing values for each feature. */
  private readonly guards: number;
  private readonly spans = new Map<string, Float64Array>();

  /** `rowsBetweenAlarms`: of all guards together. */
  constructor(columns: readonly GuardedColumn[], rowsBetweenAlarms: number) {
    this.columns = columns;
    this.rowsBetweenAlarms = rowsBetweenAlarms;
    this.guards = columns.length + columns.filter(({ kind }) => kind === 'feature').length;
  }

  /** The limits of a guard's spans as `EventRing.densest` takes them, computed with the first event that needs them. */
  of(guard: Guard, rank: number): Float64Array {
    const { isRange, absent, all } = this.heldOut(guard);
    const key = `${isRange} ${absent} ${all} ${rank}`;
    let limits = this.spans.get(key);
    if (!limits) {
      const between = this.rowsBetweenAlarms * this.guards;
      if (rank === FAR_RANK) limits = spanLimits(rangeTail(Math.max(FAR_ROWS, all)), this.rowsBetweenAlarms);
      else if (isRange) limits = spanLimits(rangeTail(Math.round(all * RANK_FACTOR ** rank)), SCANS * between);
      else limits = spanLimits(missingTail(absent, all), between);
      this.spans.set(key, limits);
    }
    return limits;
  }

  /** Whether so many events cannot all be the first rows of a sorted day that is like the held-out rows. */
  exceedsAnyOrder(guard: Guard): boolean {
    const { isRange, absent, all } = this.heldOut(guard);
    const tail = isRange ? rangeTail(all) : missingTail(absent, all);
    return tail(guard.events, FIRST_DAY_ROWS) <= Math.log(FIRST_ALPHA / this.guards);
  }

  /**
   * What the held-out rows know of a guard's events: whether they have a range, the number of such rows, and of all. Levels that
   * the training did not have are counted like missing values: neither has a range.
   */
  private heldOut({ column, test }: Guard): { isRange: boolean; absent: number; all: number } {
    const { rows, missing, unseen } = this.columns[column]!;
    if (test === 'missing') return { isRange: false, absent: missing, all: rows + missing };
    return { isRange: unseen === undefined, absent: unseen ?? 0, all: rows };
  }
}
