import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import { feedbackToTable, type Reference } from '../../../model/feedback/feedback-table.js';
import type { WaitingRows } from '../../../model/feedback/labelled-batch.js';
import { columnsOf } from '../../../model/tables/columns.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';
import { type FailureWatch, watchFailures } from './failure-log.js';
import { type FeedbackRows, type FeedbackTerms, placeOfTarget } from './feedback-rows.js';
import { LiveModel, type LiveReport } from './live-model.js';

export interface FeedbackOptions extends Pick<FeedbackTerms, 'allowMissing' | 'maxRows'> {
  readonly store: FeedbackStore;
  readonly service: PredictionService;
  readonly log: Pick<Logger, 'error'>;
  /** Rows that a training may mix in. */
  readonly reference: Reference;
}

/** Result of one request. */
export const FeedbackReceipt = Type.Object(
  {
    rows: Type.Integer({ description: 'rows that were stored durably' }),
    dropped: Type.Integer({ description: 'rows left out because of a missing or non-finite value' }),
    kept_rows: Type.Integer({ description: 'all stored rows of these columns' }),
    model_version: Type.String({ description: 'the version that is evaluated on them' }),
  },
  { $id: 'FeedbackReply' },
);
export type FeedbackReceipt = Static<typeof FeedbackReceipt>;

type MaybePromise<T> = T | Promise<T>;

/** Milliseconds after which rows that are too old are deleted, even without any request. */
const PRUNE_INTERVAL = 3600 * 1000;

/**
 * Stores rows whose true targets came, and reports the serving model's errors on them: each row is predicted once, when it
 * arrives, by the model that serves then and that cannot have been trained on it. Emits `rows` when rows were stored.
 */
export class FeedbackService extends EventEmitter<{ rows: [] }> {
  private readonly options: FeedbackOptions;
  private readonly watch: FailureWatch;
  private live: LiveModel | undefined;
  private storedRows = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: FeedbackOptions) {
    super();
    this.options = options;
    this.watch = watchFailures(options.log);
    this.timer = setInterval(() => this.prune(), PRUNE_INTERVAL).unref();
  }

  /** Labelled rows that this process has stored. */
  get rows(): number {
    return this.storedRows;
  }

  /** Stores rows that come with their targets. Throws as `read`, which returns them, `NON_FINITE_OUTPUT`, `FEEDBACK_UNAVAILABLE`. */
  add(read: (terms: FeedbackTerms) => MaybePromise<FeedbackRows>): Promise<FeedbackReceipt> {
    return this.options.service.hold(async (serving) => {
      const rows = await read(this.terms(serving));
      return this.storeRows(serving, rows, [], (n) => `instances[${n}]`);
    });
  }

  /** Stores the rows of predictions after `join` has added their targets. Throws as `add`, and `PREDICTION_NOT_FOUND`. */
  answer(
    ids: readonly string[],
    join: (waiting: readonly WaitingRows[], terms: FeedbackTerms) => MaybePromise<FeedbackRows>,
  ): Promise<FeedbackReceipt> {
    return this.options.service.hold(async (serving) => {
      checkIds(ids);
      const waiting = await this.watch(this.options.store.call('waiting', ids));
      const rows = await join(waiting, this.terms(serving));
      return this.storeRows(serving, rows, ids, (n) => placeOfTarget(waiting, n));
    });
  }

  /** Stores the rows of a prediction until its targets come. Returns its id, or null if the rows cannot be stored. */
  async retainPrediction({ rows, count, serving }: Observation): Promise<string | null> {
    const { store } = this.options;
    if (count > store.bounds.rows) return null;
    const columns = columnsOf(serving.card);
    const id = randomUUID();
    const waiting = { columns, rows: count, features: rows.slice(0, count * columns.features.length) };
    try {
      await this.watch(store.call('addWaiting', id, waiting));
      return id;
    } catch (error) {
      if (error instanceof DomainError) return null;
      throw error;
    }
  }

  /** Report as far as it is known: rows of an earlier process are missing until they have been read. Undefined if no model serves. */
  get latest(): LiveReport | undefined {
    const serving = this.options.service.servingIfReady;
    return serving && this.liveModel(serving).report();
  }

  /** Reports on the serving model, including rows of an earlier process. Throws `NOT_READY`. */
  async current(): Promise<LiveReport> {
    const live = this.liveModel(this.options.service.serving);
    await this.whenRestored(live);
    return live.report();
  }

  /** Writes the labelled rows of the serving model's columns as a table to train on. Throws as `feedbackToTable`. */
  async table(directory: string, mixReference: boolean): Promise<TableInfo> {
    const { store, service, reference } = this.options;
    const columns = columnsOf(service.serving.card);
    return this.watch(feedbackToTable(store, columns, directory, mixReference ? reference : undefined));
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.options.store.close();
  }

  private terms({ card }: Serving): FeedbackTerms {
    const { allowMissing, maxRows, store } = this.options;
    return { columns: columnsOf(card), allowMissing, maxRows: Math.min(maxRows, store.bounds.rows) };
  }

  /** Predicts and stores rows. `place` names a row of the request in errors. */
  private async storeRows(
    serving: Serving,
    { rows, dropped, features, targets, numbers }: FeedbackRows,
    answered: readonly string[],
    place: (number: number) => string,
  ): Promise<FeedbackReceipt> {
    const { store, service } = this.options;
    const placeOf = (row: number) => place(numbers[row]!);
    const { outputs } = (await service.predictUnseen(serving, features, rows, new TimeSlice(), placeOf)).prediction;
    // After a swap meanwhile, these predictions are not the serving model's.
    const live = serving === service.servingIfReady ? this.liveModel(serving) : undefined;
    if (live) await this.whenRestored(live);
    const { card } = serving;
    const batch = { columns: columnsOf(card), model: card.checksum, rows, features, targets, outputs };
    const keptRows = await this.watch(store.call('add', batch, answered));
    live?.add(rows, outputs, targets, keptRows);
    this.storedRows += rows;
    this.emit('rows');
    return { rows, dropped, kept_rows: keptRows, model_version: String(serving.version) };
  }

  private liveModel({ card }: Serving): LiveModel {
    if (this.live?.card.checksum === card.checksum) return this.live;
    const live = new LiveModel(card, this.options.store, this.watch);
    this.live = live;
    void this.whenRestored(live);
    return live;
  }

  /** Never rejects: after a failure, which is logged already, the next request tries again with a new model. */
  private async whenRestored(live: LiveModel): Promise<void> {
    try {
      await live.restored;
    } catch {
      if (this.live === live) this.live = undefined;
    }
  }

  private prune(): void {
    const serving = this.options.service.servingIfReady;
    const live = serving && this.liveModel(serving);
    live?.prune().catch(() => {});
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
