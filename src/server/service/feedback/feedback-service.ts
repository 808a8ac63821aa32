import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import type { WaitingRows } from '../../../model/feedback/feedback-database.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import { feedbackToTable, type Reference } from '../../../model/feedback/feedback-table.js';
import { columnsOf } from '../../../model/tables/columns.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';
import { type FeedbackRows, type FeedbackTerms, placeOfTarget } from './feedback-rows.js';
import { LiveErrors, type TargetErrors, WINDOW_ROWS } from './live-errors.js';

export interface FeedbackOptions {
  readonly store: FeedbackStore;
  readonly service: PredictionService;
  readonly log: Pick<FastifyBaseLogger, 'error'>;
  /** Most rows of one request. */
  readonly maxRows: number;
  /** Whether a feature may be missing. */
  readonly allowMissing: boolean;
  /** What a training may mix in. */
  readonly reference: Reference;
}

/** What has become of the rows of one request. */
export interface FeedbackReceipt {
  readonly rows: number;
  readonly dropped: number;
  readonly kept_rows: number;
  readonly model_version: string;
}

/** What the true targets say of the serving model. */
export interface LiveReport {
  /** Labelled rows of its columns that are kept. */
  readonly kept_rows: number;
  /** The latest of them that it has predicted, which it is judged by. */
  readonly evaluated_rows: number;
  /** By target; empty if there are no such rows. */
  readonly targets: Readonly<Record<string, TargetErrors>>;
}

/** What is known of the serving model, by its card's checksum: a number may be given again, after a removal. */
interface Live {
  readonly model: string;
  readonly errors: LiveErrors;
  keptRows: number;
  /** When what was kept before has been read. */
  readonly read: Promise<void>;
}

type MaybePromise<T> = T | Promise<T>;

const DAY = 24 * 3600 * 1000;
/** Without any request, what is too old goes this often, in milliseconds. */
const PRUNE_INTERVAL = 3600 * 1000;

/**
 * Rows whose true targets came, and what they say of the serving model: each is predicted once, when it comes, by the
 * model that serves then and that cannot have been trained on it. Emits `rows` when some have been kept.
 */
export class FeedbackService extends EventEmitter<{ rows: [] }> {
  private readonly options: FeedbackOptions;
  private live: Live | undefined;
  private counted = 0;
  private failures = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: FeedbackOptions) {
    super();
    this.options = options;
    this.timer = setInterval(() => void this.prune(), PRUNE_INTERVAL).unref();
  }

  /** Labelled rows that this process has kept. */
  get rows(): number {
    return this.counted;
  }

  /** Keeps rows that come with their targets. Throws as `read`, which gives them, `NON_FINITE_OUTPUT`, `FEEDBACK_UNAVAILABLE`. */
  add(read: (terms: FeedbackTerms) => MaybePromise<FeedbackRows>): Promise<FeedbackReceipt> {
    return this.options.service.hold(async (serving) => {
      const rows = await read(this.terms(serving));
      return this.keep(serving, rows, [], (n) => `instances[${n}]`);
    });
  }

  /** Keeps the rows of predictions, when `join` has given them their targets. Throws as `add`, and `PREDICTION_NOT_FOUND`. */
  answer(
    ids: readonly string[],
    join: (waiting: readonly WaitingRows[], terms: FeedbackTerms) => MaybePromise<FeedbackRows>,
  ): Promise<FeedbackReceipt> {
    return this.options.service.hold(async (serving) => {
      checkIds(ids);
      const waiting = await this.guard(this.options.store.ask('waiting', ids));
      const rows = await join(waiting, this.terms(serving));
      return this.keep(serving, rows, ids, (n) => placeOfTarget(waiting, n));
    });
  }

  /** Keeps the rows of a prediction until its targets come. The id for that, or null if they cannot be kept. */
  async retainPrediction({ rows, count, serving }: Observation): Promise<string | null> {
    const { store } = this.options;
    if (count > store.bounds.rows) return null;
    const columns = columnsOf(serving.card);
    const id = randomUUID();
    const waiting = { columns, rows: count, features: rows.slice(0, count * columns.features.length) };
    try {
      await this.guard(store.ask('wait', id, waiting));
      return id;
    } catch (error) {
      if (error instanceof DomainError) return null;
      throw error;
    }
  }

  /** As it is known: nothing of an earlier run before that has been read, which this begins. Undefined if no model serves. */
  get latest(): LiveReport | undefined {
    const serving = this.options.service.servingIfReady;
    return serving && this.report(serving, this.follow(serving));
  }

  /** Of the serving model, with what was kept before. Throws `NOT_READY`. */
  async current(): Promise<LiveReport> {
    const { serving } = this.options.service;
    const live = this.follow(serving);
    await live.read;
    return this.report(serving, live);
  }

  /** Writes the labelled rows of the serving model's columns as a table to train on. Throws as `feedbackToTable`. */
  async table(directory: string, mixReference: boolean): Promise<TableInfo> {
    const { store, service, reference } = this.options;
    const columns = columnsOf(service.serving.card);
    return this.guard(feedbackToTable(store, columns, directory, mixReference ? reference : undefined));
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.options.store.close();
  }

  private terms({ card }: Serving): FeedbackTerms {
    const { allowMissing, maxRows, store } = this.options;
    return { columns: columnsOf(card), allowMissing, maxRows: Math.min(maxRows, store.bounds.rows) };
  }

  /** `place` names a row of the request. */
  private async keep(
    serving: Serving,
    { rows, dropped, features, targets, numbers }: FeedbackRows,
    answered: readonly string[],
    place: (number: number) => string,
  ): Promise<FeedbackReceipt> {
    const { store, service } = this.options;
    const placeOf = (row: number) => place(numbers[row]!);
    const { outputs } = (await service.predictUnseen(serving, features, rows, new TimeSlice(), placeOf)).prediction;
    // After a swap meanwhile, the rows say nothing of the model that serves.
    const live = serving === service.servingIfReady ? this.follow(serving) : undefined;
    await live?.read;
    const { card } = serving;
    const batch = { columns: columnsOf(card), model: card.checksum, rows, features, targets, outputs };
    const keptRows = await this.guard(store.ask('add', batch, answered));
    if (live) {
      live.errors.add(new Array<number>(rows).fill(Date.now()), outputs, targets);
      live.keptRows = keptRows;
    }
    this.counted += rows;
    this.emit('rows');
    return { rows, dropped, kept_rows: keptRows, model_version: String(serving.version) };
  }

  private follow({ card }: Serving): Live {
    if (this.live?.model === card.checksum) return this.live;
    const live: Live = {
      model: card.checksum,
      errors: new LiveErrors(card.targets.length),
      keptRows: 0,
      read: Promise.resolve().then(() => this.readEarlier(live, card)),
    };
    this.live = live;
    return live;
  }

  private async readEarlier(live: Live, card: Serving['card']): Promise<void> {
    const { store } = this.options;
    if (!store.exists) return;
    try {
      const recent = await this.guard(store.ask('recent', columnsOf(card), card.checksum, WINDOW_ROWS));
      live.errors.add(recent.times, recent.outputs, recent.targets);
      live.keptRows = recent.kept;
    } catch {
      // Logged by the guard. The next who asks tries again.
      if (this.live === live) this.live = undefined;
    }
  }

  private report({ card }: Serving, live: Live): LiveReport {
    const { bounds } = this.options.store;
    const { rows, targets } = live.errors.report(Date.now() - bounds.days * DAY);
    return {
      kept_rows: live.keptRows,
      evaluated_rows: rows,
      targets: Object.fromEntries(targets.map((errors, j) => [card.targets[j]!, errors])),
    };
  }

  private async prune(): Promise<void> {
    const { store, service } = this.options;
    const serving = service.servingIfReady;
    if (!serving || !store.exists) return;
    const live = this.follow(serving);
    await this.guard(store.ask('count', columnsOf(serving.card))).then(
      (rows) => {
        live.keptRows = rows;
      },
      () => {},
    );
  }

  /** Logs that the database fails, at the 1st, 2nd, 4th, 8th … time: predictions may ask for it many times a second. */
  private async guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'FEEDBACK_UNAVAILABLE') {
        const failures = ++this.failures;
        if ((failures & (failures - 1)) === 0) this.options.log.error({ err: error, failures }, 'feedback failed');
      }
      throw error;
    }
  }
}

function checkIds(ids: readonly string[]): void {
  const places = new Map<string, number>();
  for (const [i, id] of ids.entries()) {
    const earlier = places.get(id);
    if (earlier !== undefined) throw new DomainError('INVALID_ROWS', `ids[${i}]: the same as ids[${earlier}]`);
    places.set(id, i);
  }
}
