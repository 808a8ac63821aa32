import { DomainError } from '../../../base/domain-error.js';
import type { AlarmEvent } from '../../../drift/monitor/alarm-evidence.js';
import type { ColumnReport } from '../../../drift/monitor/column-report.js';
import { DriftMonitor } from '../../../drift/monitor/monitor.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import { type Predictor, predictAll } from '../../../model/network/predictor.js';
import type { RowBlock } from '../../tables/row-blocks.js';

/** The probability that the monitor raises an alarm in a file without drift. The test of all rows has another 0.01. */
const FALSE_ALARM = 0.005;
/** Rows that a stream of unknown length is taken to have. The limits grow with their logarithm only. */
const UNKNOWN_ROWS = 1_000_000;
/** Minimum rows to say anything. */
const MIN_ROWS = 50;

/** The comparison of a file with a baseline. */
export interface FileDrift {
  /** `cannot_tell`: no drift where it can be distinguished from the order of the rows. */
  readonly verdict: 'drift' | 'no_drift' | 'cannot_tell' | 'too_few_rows';
  readonly rows: number;
  /** Rows that could not be read, and why the first of them. */
  readonly unreadable: number;
  readonly unreadable_reason: string | null;
  readonly baseline_rows: number;
  /** What the monitor raised while it went through the file, in order. */
  readonly alarms: readonly {
    readonly group: string;
    readonly row: number;
    readonly evidence: AlarmEvent['evidence'];
  }[];
  /** Over all rows: features, the likeliest cause first, then predictions. */
  readonly columns: readonly ColumnReport[];
}

/**
 * Compares the rows of one file with a baseline in two ways: row by row, in windows and charts, as the service does, and all
 * rows at once. In one of about 70 files without drift, one of them finds some.
 */
export class FileMonitor {
  rows = 0;
  private readonly baseline: Baseline;
  private readonly predictor: Predictor;
  private readonly windowRows: number;
  private monitor: DriftMonitor | undefined;
  /** The first block, until it is known whether others follow. */
  private first: RowBlock | undefined;
  private unreadable = 0;
  private unreadableReason: string | null = null;
  private alarms: FileDrift['alarms'][number][] = [];

  constructor(baseline: Baseline, predictor: Predictor, windowRows: number) {
    this.baseline = baseline;
    this.predictor = predictor;
    this.windowRows = windowRows;
  }

  /** Adds rows. `total` are those of the file, if it says so; `share` is how much of it has been read. */
  add(block: RowBlock, total: number | undefined, share: number | undefined): void {
    const { first } = this;
    if (first) this.open(total ?? (share ? Math.ceil(first.count / share) : UNKNOWN_ROWS));
    if (this.monitor) this.observe(block);
    else this.first = { rows: block.rows.slice(), count: block.count, numbers: block.numbers.slice() };
  }

  /** Counts a row that cannot be read. */
  refuse(reason: string): void {
    this.unreadable++;
    this.unreadableReason ??= reason;
  }

  /** Returns the comparison. Throws `INVALID_ROWS` if no row could be read. */
  result(): FileDrift {
    const { first, baseline, unreadable, unreadableReason } = this;
    if (!this.monitor && !first) {
      const reason = unreadableReason === null ? 'the file has no rows' : `no row could be read: ${unreadableReason}`;
      throw new DomainError('INVALID_ROWS', reason);
    }
    const known = { unreadable, unreadable_reason: unreadableReason, baseline_rows: baseline.rows };
    if (!this.monitor && first!.count < MIN_ROWS) {
      return { verdict: 'too_few_rows', rows: first!.count, ...known, alarms: [], columns: [] };
    }
    this.open(first?.count ?? 0);
    const report = this.monitor!.report();
    const whole = report.windows.find(({ window }) => window === 'day')!;
    const verdict = this.alarms.length > 0 ? 'drift' : whole.verdict;
    return {
      verdict,
      rows: this.rows,
      ...known,
      alarms: this.alarms,
      columns: worded(whole.columns, this.alarms, report.windows[0]!.columns),
    };
  }

  /** Creates the monitor for a file of `rows` rows, and passes it the first block. */
  private open(rows: number): void {
    if (this.monitor) return;
    const expected = Math.max(rows, MIN_ROWS);
    const windows = Math.max(1, Math.round(expected / this.windowRows));
    const windowRows = Math.max(MIN_ROWS, Math.min(this.windowRows, Math.floor(expected / windows)));
    this.monitor = new DriftMonitor(this.baseline, {
      windowRows,
      rowsBetweenFalseAlarms: expected / FALSE_ALARM,
      rowsPerRequest: Number.MAX_SAFE_INTEGER,
      // All rows belong to one day.
      clock: () => 0,
      onEvent: (event) => this.onEvent(event),
    });
    const { first } = this;
    this.first = undefined;
    if (first) this.observe(first);
  }

  private observe({ rows, count }: RowBlock): void {
    const { predictor, monitor } = this;
    const { outputs, errors } = predictAll(predictor, rows, count);
    const [width, depth] = [predictor.encoder.width, outputs.length / count];
    let kept = 0;
    for (let row = 0; row < count; row++) {
      if (!Number.isFinite(errors[row]!) || !outputs.subarray(row * depth, (row + 1) * depth).every(Number.isFinite)) {
        monitor!.observeRefused(rows, [row]);
        continue;
      }
      if (kept !== row) {
        rows.copyWithin(kept * width, row * width, (row + 1) * width);
        outputs.copyWithin(kept * depth, row * depth, (row + 1) * depth);
        errors[kept] = errors[row]!;
      }
      kept++;
    }
    this.rows += count;
    monitor!.observe(rows, kept, outputs, errors);
  }

  private onEvent({ type, group, reason, evidence }: AlarmEvent): void {
    if (type === 'raised') this.alarms.push({ group, row: this.rows, evidence });
    // The order of the rows explains it.
    else if (reason === 'order') this.alarms = this.alarms.filter((alarm) => alarm.group !== group);
  }
}

/** Adds to the columns over all rows the words that were found for them on the way. */
function worded(
  columns: readonly ColumnReport[],
  alarms: FileDrift['alarms'],
  latest: readonly ColumnReport[],
): ColumnReport[] {
  const words = new Map<string, string>();
  for (const { name, words: found } of latest) if (found) words.set(name, found);
  for (const { evidence } of alarms)
    for (const { name, words: found } of evidence?.columns ?? []) words.set(name, found);
  return columns.map((column) => ({ ...column, words: column.words || words.get(column.name) || '' }));
}
