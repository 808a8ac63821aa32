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
 * Far values may come in rare rows of another kind, of which no held-out row is one: few held-out rows do not rule them out, however
 * light the tail that they have. Such rows are taken to be as frequent as values out of the range of a sample that is eight times
 * as large, but at most of this many rows: three far values in 200 rows raise the alarm. In California housing, AveOccup is 3
 * and, in one row of 5,000, above 200.
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
    const between = this.rowsBetweenAlarms * this.guards;
    if (rank === FAR_RANK) return this.ofFar(Math.min(RANK_FACTOR * all, FAR_ROWS), all);
    if (!isRange) return this.spansOf(`missing ${absent} ${all}`, missingTail(absent, all), between);
    const rows = Math.round(all * RANK_FACTOR ** rank);
    return this.spansOf(`range ${rows}`, rangeTail(rows), SCANS * between);
  }

  /**
   * The limits of far values that are all equal, as codes and overflows are: a tail has different ones, unless the held-out rows have
   * only one value. However few these are, such values are taken to be as rare as by `FAR_ROWS`.
   */
  ofEqual(guard: Guard, rank: number): Float64Array | undefined {
    const { rows, range } = this.columns[guard.column]!;
    return rank === FAR_RANK && range.max > range.min ? this.ofFar(FAR_ROWS, rows) : undefined;
  }

  private ofFar(rows: number, all: number): Float64Array {
    const sample = Math.max(rows, all);
    return this.spansOf(`far ${sample}`, rangeTail(sample), this.rowsBetweenAlarms);
  }

  private spansOf(key: string, tail: Parameters<typeof spanLimits>[0], rowsBetweenAlarms: number): Float64Array {
    const limits = this.spans.get(key) ?? spanLimits(tail, rowsBetweenAlarms);
    this.spans.set(key, limits);
    return limits;
  }

  /** Whether the guard has had more events than the first rows of a sorted day like the held-out rows can have. */
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
