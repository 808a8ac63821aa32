import type { FeedbackFile } from './feedback-file.js';
import type { UnknownLevels } from './unknown-levels.js';

/** What is stored at most. Older rows are deleted first. */
export interface FeedbackBounds {
  /** Labelled rows; as many again may wait for their targets. As many answered ids and keys of requests are remembered. */
  readonly rows: number;
  readonly days: number;
}

const DAY = 24 * 3600 * 1000;

/** Milliseconds between a sweep that finds rows too old and the one that deletes them. */
const SECOND_LOOK = 3600 * 1000;
/** Maximum rows that one transaction deletes for their age: a backlog must not make it slow. */
const MAX_SWEPT = 10_000;
/** Tables that are swept, and their keys, which ascend with time. */
const SWEPT = [
  ['labelled', 'id'],
  ['waiting', 'last'],
  ['answered', 'number'],
  ['requests', 'number'],
] as const;

/** Deletes the names of columns that no row has any more. */
const UNUSED_COLUMNS = `
  delete from columns where id not in (select columns from labelled) and id not in (select columns from waiting)
`;

/** Deletes rows of a feedback file that are beyond its bounds. */
export class FeedbackPruning {
  private readonly file: FeedbackFile;
  private readonly levels: UnknownLevels;
  private readonly bounds: FeedbackBounds;
  private readonly now: () => number;

  constructor(file: FeedbackFile, levels: UnknownLevels, bounds: FeedbackBounds, now: () => number) {
    this.file = file;
    this.levels = levels;
    this.bounds = bounds;
    this.now = now;
  }

  /** Deletes what is beyond the bounds. Belongs in the transaction that has added rows. */
  prune(): void {
    const { rows } = this.bounds;
    this.sweep();
    this.file.statement('delete from labelled where id <= (select max(id) from labelled) - ?').run(rows);
    this.file.statement('delete from waiting where last - rows < (select max(last) from waiting) - ?').run(rows);
    this.file.statement('delete from answered where number <= (select max(number) from answered) - ?').run(rows);
    this.file.statement('delete from requests where number <= (select max(number) from requests) - ?').run(rows);
  }

  /**
   * Deletes rows that were too old already an hour ago, by the clock of that time. A clock that is ahead for less than an
   * hour, by however much, deletes nothing.
   */
  private sweep(): void {
    const now = this.now();
    const found = this.file.statement('select at, oldest from sweep').get() as
      | { at: number; oldest: number }
      | undefined;
    const isDue = found && now - found.at >= SECOND_LOOK;
    if (isDue) {
      const deleted = SWEPT.map(([table, key]) => {
        const old = `select ${key} from ${table} where at < ? order by at limit ${MAX_SWEPT}`;
        return this.file.statement(`delete from ${table} where ${key} in (${old})`).run(found.oldest).changes;
      });
      // The next transaction deletes the rest.
      if (deleted.includes(MAX_SWEPT)) return;
      this.file.statement(UNUSED_COLUMNS).run();
      this.levels.prune();
    }
    // A sweep in the future was recorded by a clock that was ahead, and is taken back.
    if (found && !isDue && found.at <= now) return;
    this.file.statement('delete from sweep').run();
    this.file.statement('insert into sweep (at, oldest) values (?, ?)').run(now, now - this.bounds.days * DAY);
  }
}
