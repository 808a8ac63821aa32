import { dirname } from 'node:path';
import Database from 'libsql';
import { DomainError } from '../../base/domain-error.js';
import { makeDurableDirectory } from '../../base/files/directory.js';
import type { Columns } from '../tables/columns.js';

/** What is kept at most: older rows go first. */
export interface FeedbackBounds {
  /** Of the labelled rows; as many again may wait for their targets. */
  readonly rows: number;
  readonly days: number;
}

/** Rows with their true targets, and what a model, told by its card's checksum, predicted before it could know them. */
export interface LabelledBatch {
  readonly columns: Columns;
  readonly model: string;
  readonly rows: number;
  /** `[rows, features]`, in raw units, NaN where a value is missing. */
  readonly features: Float32Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
  /** `[rows, targets]` */
  readonly outputs: Float32Array;
}

/** The rows of a prediction that waits for its targets. */
export type WaitingRows = Pick<LabelledBatch, 'columns' | 'rows' | 'features'>;

/** Labelled rows as they were added, from the oldest on. */
export interface FeedbackChunk {
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
  /** Number of the last of them. */
  readonly last: number;
}

/** What a model predicted of its latest labelled rows, from the oldest on. */
export interface RecentRows {
  /** All labelled rows of its columns. */
  readonly kept: number;
  /** Milliseconds since the epoch. */
  readonly times: readonly number[];
  readonly targets: Float32Array;
  readonly outputs: Float32Array;
}

const DAY = 24 * 3600 * 1000;
/** Another process that writes to the same file is waited for so long, in milliseconds. */
const BUSY_TIMEOUT = 5000;
const BUSY_PAUSE = 10;
const SCHEMA = 1;

// The number of a waiting prediction is that of its last row, counted over all: so rows are bounded without a sum.
const TABLES = `
  create table columns (id integer primary key, names text not null unique);
  create table labelled (
    id integer primary key, at integer not null, columns integer not null, model text not null,
    features blob not null, targets blob not null, outputs blob not null
  );
  create index labelled_at on labelled (at);
  create index labelled_columns on labelled (columns);
  create table waiting (
    last integer primary key, at integer not null, id text not null unique, columns integer not null,
    rows integer not null, features blob not null
  );
  create index waiting_at on waiting (at);
  pragma user_version = ${SCHEMA};
`;

interface LabelledRow {
  readonly id: number;
  readonly at: number;
  readonly features: Blob;
  readonly targets: Blob;
  readonly outputs: Blob;
}

/** The library gives one of many rows as the one, a single one as the other. */
type Blob = ArrayBuffer | Buffer;

/**
 * Labelled rows, and predictions that wait for their targets, in an SQLite file. Everything happens in
 * {@link FeedbackDatabase.transaction}, after which it is on the disk: a crash loses nothing of it, be it the machine's.
 */
export class FeedbackDatabase {
  private readonly database: Database.Database;
  private readonly bounds: FeedbackBounds;
  private readonly now: () => number;
  private readonly statements = new Map<string, Database.Statement>();

  /** Opens the file, and makes it and its directory if they are not there. */
  constructor(path: string, bounds: FeedbackBounds, now: () => number = Date.now) {
    this.bounds = bounds;
    this.now = now;
    makeDurableDirectory(dirname(path));
    this.database = new Database(path);
    try {
      this.prepare();
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** Does all or nothing, and flushes it to the disk. What is beyond the bounds goes. */
  transaction<T>(work: () => T): T {
    this.database.exec('begin immediate');
    try {
      const result = work();
      this.prune();
      this.database.exec('commit');
      return result;
    } catch (error) {
      // A full disk has undone it already.
      if (this.database.inTransaction) this.database.exec('rollback');
      throw error;
    }
  }

  /** Within a transaction: what throws leaves nothing, and the transaction goes on. */
  attempt<T>(work: () => T): T {
    this.database.exec('savepoint attempt');
    try {
      return work();
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('rollback to attempt');
      throw error;
    } finally {
      if (this.database.inTransaction) this.database.exec('release attempt');
    }
  }

  /**
   * Adds labelled rows; the predictions `answered` by them wait no more. The number of rows of these columns that there
   * are then. Throws `PREDICTION_NOT_FOUND` if one does not wait.
   */
  add(batch: LabelledBatch, answered: readonly string[] = []): number {
    const { columns, model, rows, features, targets, outputs } = batch;
    for (const [i, id] of answered.entries()) {
      if (this.statement('delete from waiting where id = ?').run(id).changes === 0) throw notWaiting(i, id);
    }
    const columnsId = this.columnsId(columns);
    const insert = this.statement(
      'insert into labelled (at, columns, model, features, targets, outputs) values (?, ?, ?, ?, ?, ?)',
    );
    const at = this.now();
    const [width, depth] = [columns.features.length, columns.targets.length];
    for (let r = 0; r < rows; r++) {
      const row = [part(features, r, width), part(targets, r, depth), part(outputs, r, depth)];
      insert.run(at, columnsId, model, ...row);
    }
    this.prune();
    return this.count(columns);
  }

  /** Keeps the rows of a prediction until its targets come. */
  wait(id: string, { columns, rows, features }: WaitingRows): void {
    const newest = this.statement('select coalesce(max(last), 0) as last from waiting').get() as { last: number };
    this.statement('insert into waiting (last, at, id, columns, rows, features) values (?, ?, ?, ?, ?, ?)').run(
      newest.last + rows,
      this.now(),
      id,
      this.columnsId(columns),
      rows,
      part(features, 0, features.length),
    );
  }

  /** The rows of predictions that wait. Throws `PREDICTION_NOT_FOUND` with the place in `ids`. */
  waiting(ids: readonly string[]): WaitingRows[] {
    const find = this.statement(
      'select rows, features, names from waiting join columns on columns.id = waiting.columns where waiting.id = ?',
    );
    return ids.map((id, i) => {
      const found = find.get(id) as { rows: number; features: Blob; names: string } | undefined;
      if (!found) throw notWaiting(i, id);
      const [features, targets] = JSON.parse(found.names) as [string[], string[]];
      return { columns: { features, targets }, rows: found.rows, features: floats([found.features]) };
    });
  }

  /** How many labelled rows there are of these columns. */
  count(columns: Columns): number {
    const query = this.statement('select count(*) as rows from labelled where columns = ?');
    return (query.get(this.columnsId(columns)) as { rows: number }).rows;
  }

  /** The latest rows, at most `rows`, of which `model` has predicted the targets. */
  recent(columns: Columns, model: string, rows: number): RecentRows {
    const query = 'select * from labelled where columns = ? and model = ? order by id desc limit ?';
    const found = (this.statement(query).all(this.columnsId(columns), model, rows) as LabelledRow[]).reverse();
    return {
      kept: this.count(columns),
      times: found.map(({ at }) => at),
      targets: floats(found.map(({ targets }) => targets)),
      outputs: floats(found.map(({ outputs }) => outputs)),
    };
  }

  /** Number of the newest labelled row; 0 if there is none. */
  newest(): number {
    const query = this.statement('select coalesce(max(id), 0) as id from labelled');
    return (query.get() as { id: number }).id;
  }

  /** The next labelled rows of these columns, at most `rows`, numbered above `after` and up to `last`. */
  chunk(columns: Columns, after: number, last: number, rows: number): FeedbackChunk {
    const query = 'select * from labelled where columns = ? and id > ? and id <= ? order by id limit ?';
    const found = this.statement(query).all(this.columnsId(columns), after, last, rows) as LabelledRow[];
    return {
      rows: found.length,
      features: floats(found.map(({ features }) => features)),
      targets: floats(found.map(({ targets }) => targets)),
      last: found.at(-1)?.id ?? last,
    };
  }

  /** Brings all into the one file, and closes; may be called again. */
  close(): void {
    if (!this.database.open) return;
    try {
      this.database.exec('pragma wal_checkpoint(truncate)');
    } catch {
      // A full disk, or another process that is at it: what is in the log is found there at the next start.
    }
    this.database.close();
  }

  private prepare(): void {
    this.database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT}`);
    untilFree(() => this.database.exec('pragma journal_mode = wal'));
    this.database.exec('pragma synchronous = full; pragma journal_size_limit = 16777216');
    this.transaction(() => {
      const { user_version: found } = this.statement('pragma user_version').get() as { user_version: number };
      if (found === 0) this.database.exec(TABLES);
      else if (found !== SCHEMA) throw new Error(`it has schema ${found}, this release reads ${SCHEMA}`);
    });
  }

  private prune(): void {
    const oldest = this.now() - this.bounds.days * DAY;
    this.statement('delete from labelled where at < ?').run(oldest);
    this.statement('delete from waiting where at < ?').run(oldest);
    const { rows } = this.bounds;
    this.statement('delete from labelled where id <= (select max(id) from labelled) - ?').run(rows);
    this.statement('delete from waiting where last - rows < (select max(last) from waiting) - ?').run(rows);
  }

  private columnsId({ features, targets }: Columns): number {
    const names = JSON.stringify([features, targets]);
    const find = this.statement('select id from columns where names = ?');
    const found = find.get(names) as { id: number } | undefined;
    return found?.id ?? Number(this.statement('insert into columns (names) values (?)').run(names).lastInsertRowid);
  }

  private statement(sql: string): Database.Statement {
    const known = this.statements.get(sql);
    if (known) return known;
    const made = this.database.prepare(sql);
    this.statements.set(sql, made);
    return made;
  }
}

/** For what SQLite does not wait for itself: the first change of a new file to its log, while another process does the same. */
function untilFree(work: () => void): void {
  for (const end = performance.now() + BUSY_TIMEOUT; ; ) {
    try {
      work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE);
    }
  }
}

function notWaiting(i: number, id: string): DomainError {
  const prediction = JSON.stringify(id.slice(0, 80));
  return new DomainError(
    'PREDICTION_NOT_FOUND',
    `ids[${i}]: no prediction ${prediction} waits for its targets; it was not stored, is too old or has been answered`,
  );
}

/** The bytes of row `r`, of `width` numbers. */
function part(numbers: Float32Array, r: number, width: number): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset + 4 * r * width, 4 * width);
}

function floats(parts: readonly Blob[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0) / 4);
  const bytes = new Uint8Array(all.buffer);
  let at = 0;
  for (const one of parts) {
    bytes.set(new Uint8Array(one), at);
    at += one.byteLength;
  }
  return all;
}
