import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { makeDurableDirectory } from '../../base/files/directory.js';

/** Milliseconds to wait for another process that writes to the same file; less than the parent's patience. */
const BUSY_TIMEOUT = 3000;
const BUSY_PAUSE = 10;
const SCHEMA = 1;

// A waiting prediction is numbered by its last row, counted over all predictions: so rows are bounded without a sum.
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

/** Added to files of earlier releases too, which need not know them. */
const LATER_TABLES = `
  create table if not exists sweep (at integer not null, oldest integer not null);
  create table if not exists answered (
    number integer primary key, at integer not null, id text not null unique, digest text not null
  );
  create index if not exists answered_at on answered (at);
  create table if not exists requests (
    number integer primary key, at integer not null, key text not null unique, digest text not null,
    note text not null, kept integer not null
  );
  create index if not exists requests_at on requests (at);
  create table if not exists levels (
    columns integer not null, feature integer not null, number integer not null, text text not null,
    primary key (columns, feature, text)
  ) without rowid;
`;

/** The SQLite file of the feedback: its tables, prepared statements and transactions. */
export class FeedbackFile {
  private readonly path: string;
  private readonly database: Database.Database;
  /** Identifies the file that is open, wherever it has been moved. */
  private readonly identity: string | undefined;
  private readonly statements = new Map<string, Database.Statement>();

  /** Opens the file. Creates it, its tables and its directory if they do not exist. */
  constructor(path: string) {
    makeDurableDirectory(dirname(path));
    this.path = path;
    this.database = new Database(path);
    try {
      this.prepare();
      this.identity = identityOf(path);
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** Whether the open file is still the one at its path; false if it was moved away or replaced. */
  get isInPlace(): boolean {
    return this.identity === identityOf(this.path);
  }

  /** Does all of `work` or nothing of it, and flushes it to the disk. */
  transaction<T>(work: () => T): T {
    this.database.exec('begin immediate');
    try {
      const result = work();
      this.database.exec('commit');
      return result;
    } catch (error) {
      // A full disk has rolled it back already.
      if (this.database.inTransaction) this.database.exec('rollback');
      throw error;
    }
  }

  /** Runs `work` within a transaction. If it throws, its changes are undone and the transaction continues. */
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

  /** Returns the prepared statement, which is reused. */
  statement(sql: string): Database.Statement {
    const existing = this.statements.get(sql);
    if (existing) return existing;
    const prepared = this.database.prepare(sql);
    this.statements.set(sql, prepared);
    return prepared;
  }

  /** Moves the write-ahead log into the file and closes it. May be called again. */
  close(): void {
    if (!this.database.open) return;
    try {
      this.database.exec('pragma wal_checkpoint(truncate)');
    } catch {
      // The disk is full, or another process uses the file: the next start reads the log.
    }
    this.database.close();
  }

  private prepare(): void {
    this.database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT}`);
    retryWhileBusy(() => this.database.exec('pragma journal_mode = wal'));
    this.database.exec('pragma synchronous = full; pragma journal_size_limit = 16777216');
    this.transaction(() => {
      const { user_version: found } = this.statement('pragma user_version').get() as { user_version: number };
      if (found === 0) this.database.exec(TABLES);
      else if (found !== SCHEMA) throw new Error(`it has schema ${found}, this release reads ${SCHEMA}`);
      this.database.exec(LATER_TABLES);
    });
  }
}

/** Returns undefined if there is no such file. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

/** SQLite itself does not wait if two processes switch a new file to its write-ahead log at the same time. */
function retryWhileBusy(work: () => void): void {
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
