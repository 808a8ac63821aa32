import { DomainError } from '../../base/domain-error.js';
import { type CodedColumns, columnsOfKey, interchangeable, keyOf } from './coded-columns.js';
import { FeedbackFile } from './feedback-file.js';
import { type FeedbackBounds, FeedbackPruning } from './feedback-pruning.js';
import { type FloatBlob, fromBlobs, toBlob } from './float-blob.js';
import type {
  AddedBatch,
  Answer,
  AnsweredPrediction,
  AnswerOutcome,
  EarlierRequest,
  FeedbackChunk,
  KeyedRequest,
  KnownPrediction,
  LabelledBatch,
  RecentRows,
  WaitingRows,
} from './labelled-batch.js';
import { UnknownLevels, withoutTexts } from './unknown-levels.js';

/** A set of ids, given as a JSON array. */
const IDS = '(select value from json_each(?))';

interface LabelledRow {
  readonly id: number;
  readonly at: number;
  readonly columns: number;
  readonly features: FloatBlob;
  readonly targets: FloatBlob;
  readonly outputs: FloatBlob;
}

/**
 * Labelled rows, and predictions that wait for their targets, in an SQLite file. Every call runs in a
 * {@link FeedbackDatabase.transaction}. When that returns, its changes are on the disk and survive a crash of the machine.
 */
export class FeedbackDatabase {
  private readonly file: FeedbackFile;
  private readonly levels: UnknownLevels;
  private readonly pruning: FeedbackPruning;
  private readonly now: () => number;

  /** Opens the file. Creates it and its directory if they do not exist. */
  constructor(path: string, bounds: FeedbackBounds, now: () => number = Date.now) {
    this.now = now;
    this.file = new FeedbackFile(path);
    this.levels = new UnknownLevels(this.file);
    this.pruning = new FeedbackPruning(this.file, this.levels, bounds, now);
  }

  /** Does all of `work` or nothing of it, deletes rows beyond the bounds, and flushes to the disk. */
  transaction<T>(work: () => T): T {
    return this.file.transaction(() => {
      const result = work();
      this.pruning.prune();
      return result;
    });
  }

  /** Runs `work` within a transaction. If it throws, its changes are undone and the transaction continues. */
  attempt<T>(work: () => T): T {
    return this.file.attempt(work);
  }

  /**
   * Adds labelled rows, unless `request` has added them before. If they answer predictions, adds the rows of those that still
   * wait, which are answered then. Throws `IDEMPOTENCY_KEY_REUSED`.
   */
  add(batch: LabelledBatch, answers?: readonly Answer[], request?: KeyedRequest): AddedBatch {
    const earlier = request && this.earlier(request.key, request.digest);
    if (earlier) return { kept: earlier.kept, outcomes: [], isRepeated: true };
    const outcomes = (answers ?? []).map((answer) => this.answer(answer));
    if (answers) {
      let from = 0;
      for (const [i, { rows }] of answers.entries()) {
        if (outcomes[i] === 'stored') this.insert(batch, from, from + rows);
        from += rows;
      }
    } else this.insert(batch, 0, batch.rows);
    this.pruning.prune();
    const kept = this.count(batch.columns);
    if (request) {
      this.file
        .statement('insert into requests (at, key, digest, note, kept) values (?, ?, ?, ?, ?)')
        .run(this.now(), request.key, request.digest, request.note, kept);
    }
    return { kept, outcomes, isRepeated: false };
  }

  /**
   * Returns what the request with this key has added, if there was one. Throws `IDEMPOTENCY_KEY_REUSED` if it had another
   * body.
   */
  earlier(key: string, digest: string): EarlierRequest | undefined {
    const found = this.file.statement('select digest, note, kept from requests where key = ?').get(key) as
      | (EarlierRequest & { digest: string })
      | undefined;
    if (!found) return undefined;
    if (found.digest === digest) return { note: found.note, kept: found.kept };
    throw new DomainError(
      'IDEMPOTENCY_KEY_REUSED',
      'idempotency-key: a request with this key and another body was stored; use a new key for each request',
    );
  }

  /** Stores the rows of a prediction until its targets come. */
  addWaiting(id: string, { columns, rows, features }: WaitingRows): void {
    const newest = this.file.statement('select coalesce(max(last), 0) as last from waiting').get() as { last: number };
    this.file
      .statement('insert into waiting (last, at, id, columns, rows, features) values (?, ?, ?, ?, ?, ?)')
      .run(newest.last + rows, this.now(), id, this.columnsId(columns), rows, toBlob(features, 0, features.length));
  }

  /** Returns what is known of each prediction. */
  predictions(ids: readonly string[]): KnownPrediction[] {
    const find = this.file.statement('select rows, features, columns from waiting where id = ?');
    // A thousand predictions of one model have one object, also in another process.
    const known = new Map<number, CodedColumns>();
    return ids.map((id) => {
      const found = find.get(id) as { rows: number; features: FloatBlob; columns: number } | undefined;
      if (!found) return this.answered(id);
      const columns = known.get(found.columns) ?? this.columnsOf(found.columns);
      known.set(found.columns, columns);
      return { columns, rows: found.rows, features: fromBlobs([found.features]) };
    });
  }

  /** Counts the labelled rows of these columns, however they are coded. */
  count(columns: CodedColumns): number {
    const query = this.file.statement(`select count(*) as rows from labelled where columns in ${IDS}`);
    return (query.get(this.idsOf(columns)) as { rows: number }).rows;
  }

  /** Returns the latest rows, up to `max`, whose targets `model` has predicted. */
  recent(columns: CodedColumns, model: string, max: number): RecentRows {
    // A model's rows are all coded as its columns are.
    const query = 'select * from labelled where columns = ? and model = ? order by id desc limit ?';
    const found = (this.file.statement(query).all(this.columnsId(columns), model, max) as LabelledRow[]).reverse();
    return {
      kept: this.count(columns),
      times: found.map(({ at }) => at),
      features: withoutTexts(fromBlobs(found.map(({ features }) => features)), columns),
      targets: fromBlobs(found.map(({ targets }) => targets)),
      outputs: fromBlobs(found.map(({ outputs }) => outputs)),
    };
  }

  /** Returns the number of the newest labelled row; 0 if there is none. */
  newest(): number {
    const query = this.file.statement('select coalesce(max(id), 0) as id from labelled');
    return (query.get() as { id: number }).id;
  }

  /**
   * Returns the next labelled rows of these columns that are coded alike, up to `max`, with numbers above `after` and up to `last`.
   */
  chunk(columns: CodedColumns, after: number, last: number, max: number): FeedbackChunk {
    // The plus has the rows read in their order, instead of sorted.
    const query = `select * from labelled where +columns in ${IDS} and id > ? and id <= ? order by id limit ?`;
    const rows = this.file.statement(query).all(this.idsOf(columns), after, last, max) as LabelledRow[];
    const others = rows.findIndex((row) => row.columns !== rows[0]!.columns);
    const found = others < 0 ? rows : rows.slice(0, others);
    return {
      codebook: found[0] && this.codebook(found[0].columns),
      rows: found.length,
      features: fromBlobs(found.map(({ features }) => features)),
      targets: fromBlobs(found.map(({ targets }) => targets)),
      last: found.at(-1)?.id ?? last,
    };
  }

  /** Whether the open file is still the one at its path; false if it was moved away or replaced. */
  get isInPlace(): boolean {
    return this.file.isInPlace;
  }

  /** May be called again. */
  close(): void {
    this.file.close();
  }

  /** Answers a prediction if it still waits. */
  private answer({ id, digest }: Answer): AnswerOutcome {
    if (this.file.statement('delete from waiting where id = ?').run(id).changes === 0) {
      const known = this.answered(id);
      return !known ? 'not_found' : known.digest === digest ? 'repeated' : 'conflict';
    }
    this.file.statement('insert into answered (at, id, digest) values (?, ?, ?)').run(this.now(), id, digest);
    return 'stored';
  }

  /** Returns the answer to a prediction that no longer waits. */
  private answered(id: string): AnsweredPrediction | undefined {
    const found = this.file.statement('select digest from answered where id = ?').get(id) as
      | AnsweredPrediction
      | undefined;
    return found && { digest: found.digest };
  }

  /** Inserts the rows of a batch from index `from` to before `to`. */
  private insert(batch: LabelledBatch, from: number, to: number): void {
    const { columns, model, targets, outputs } = batch;
    const columnsId = this.columnsId(columns);
    const features = this.levels.withCodes(batch, columnsId, from, to);
    const insert = this.file.statement(
      'insert into labelled (at, columns, model, features, targets, outputs) values (?, ?, ?, ?, ?, ?)',
    );
    const at = this.now();
    const [width, depth] = [columns.features.length, columns.targets.length];
    for (let r = from; r < to; r++) {
      const row = [toBlob(features, r, width), toBlob(targets, r, depth), toBlob(outputs, r, depth)];
      insert.run(at, columnsId, model, ...row);
    }
  }

  /** Returns the ids of all columns of these names and types, as a JSON array. */
  private idsOf(columns: CodedColumns): string {
    if (!columns.codebook) return JSON.stringify([this.columnsId(columns)]);
    const { features, targets } = columns;
    // A key begins with the names.
    const names = JSON.stringify([features, targets]).slice(0, -1);
    const query = 'select id, names from columns where substr(names, 1, length(?)) = ?';
    const found = this.file.statement(query).all(names, names) as { id: number; names: string }[];
    const ids = found.filter((each) => interchangeable(columns, columnsOfKey(each.names))).map(({ id }) => id);
    return JSON.stringify(ids);
  }

  /** Returns what codes of rows mean, also those of levels that the model does not know. */
  private codebook(id: number): FeedbackChunk['codebook'] {
    const { codebook } = this.columnsOf(id);
    return codebook && this.levels.extend(codebook, id);
  }

  private columnsOf(id: number): CodedColumns {
    const { names } = this.file.statement('select names from columns where id = ?').get(id) as { names: string };
    return columnsOfKey(names);
  }

  private columnsId(columns: CodedColumns): number {
    const names = keyOf(columns);
    const found = this.file.statement('select id from columns where names = ?').get(names) as
      | { id: number }
      | undefined;
    if (found) return found.id;
    return Number(this.file.statement('insert into columns (names) values (?)').run(names).lastInsertRowid);
  }
}
