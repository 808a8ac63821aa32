import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import { codedColumnsOf } from '../../../model/feedback/coded-columns.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import { feedbackToTable, type Reference } from '../../../model/feedback/feedback-table.js';
import type { AddedBatch, Answer, KeyedRequest, KnownPrediction } from '../../../model/feedback/labelled-batch.js';
import { type RowModel, rowModelOf } from '../../../model/tables/row-model.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';
import { checkIds, throwIfRefused } from './answered-ids.js';
import { cover } from './cover.js';
import { type FailureWatch, watchFailures } from './failure-log.js';
import { type FeedbackReceipt, receiptOf } from './feedback-receipt.js';
import { type FeedbackRows, type FeedbackTerms, type JoinedRows, placeOfTarget, waitingFor } from './feedback-rows.js';
import { LiveModel, type LiveReport } from './live-model.js';
import { type StoredRows, storedRows } from './stored-rows.js';

export interface FeedbackOptions extends Pick<RowModel, 'allowMissing' | 'maxRows'> {
  readonly store: FeedbackStore;
  readonly service: PredictionService;
  readonly log: Pick<Logger, 'error'>;
  /** Rows that a training may mix in, if there are any. */
  readonly reference: Reference | undefined;
}

/** The key of a request that its client may send again, and what identifies its body. */
export type RequestKey = Pick<KeyedRequest, 'key' | 'digest'>;

type MaybePromise<T> = T | Promise<T>;

/** Milliseconds after which rows that are too old are deleted, even without any request. */
const PRUNE_INTERVAL = 3600 * 1000;

/**
 * Stores rows whose true targets came, and reports the serving model's errors on them: each row is predicted once, when it
 * arrives, by the model that serves then and that cannot have been trained on it. Emits `rows` when rows were stored, with what
 * that model had predicted.
 */
export class FeedbackService extends EventEmitter<{ rows: [Serving, StoredRows] }> {
  private readonly options: FeedbackOptions;
  private readonly watch: FailureWatch;
  private live: LiveModel | undefined;
  private storedRows = 0;
  private failureCount = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: FeedbackOptions) {
    super();
    this.options = options;
    this.watch = watchFailures(options.log, (failures) => {
      this.failureCount = failures;
    });
    this.timer = setInterval(() => this.prune(), PRUNE_INTERVAL).unref();
  }

  /** Labelled rows that this process has stored. */
  get rows(): number {
    return this.storedRows;
  }

  /** How often the feedback database has failed. */
  get failures(): number {
    return this.failureCount;
  }

  /**
   * Stores rows that come with their targets. With a `key`, rows that came with it before are not stored again, and the receipt
   * is that of the first request, as is the number of columns that the model does not have. Throws as `read`, which returns them, `NON_FINITE_OUTPUT`, `FEEDBACK_UNAVAILABLE`, and
   * `IDEMPOTENCY_KEY_REUSED`.
   */
  add(
    read: (terms: FeedbackTerms) => MaybePromise<FeedbackRows>,
    key?: RequestKey,
  ): Promise<{ receipt: FeedbackReceipt; ignored: number; isRepeated: boolean }> {
    return this.options.service.hold(async (serving) => {
      const { store } = this.options;
      const find = () => key && this.watch(store.call('earlier', key.key, key.digest));
      const earlier = await find();
      if (earlier) return { ...receiptOf(earlier), isRepeated: true };
      const rows = await read(this.terms(serving));
      const stored = { rows: rows.rows, dropped: rows.dropped, model_version: String(serving.version) };
      const { ignored } = rows;
      const request = key && { ...key, note: JSON.stringify(ignored > 0 ? { ...stored, ignored } : stored) };
      const { kept, isRepeated } = await this.storeRows(serving, rows, (n) => `instances[${n}]`, undefined, request);
      // The same request was faster.
      if (isRepeated) return { ...receiptOf((await find())!), isRepeated };
      return { receipt: { ...stored, kept_rows: kept }, ignored, isRepeated };
    });
  }

  /**
   * Stores the rows of predictions after `join` has added their targets. A prediction is answered once. Throws as `add`. If all
   * ids fail for the same reason, throws `PREDICTION_NOT_FOUND`, `PREDICTION_ANSWERED` or `FEATURES_CHANGED`.
   */
  answer(
    ids: readonly string[],
    join: (predictions: readonly KnownPrediction[], terms: FeedbackTerms) => MaybePromise<JoinedRows>,
  ): Promise<FeedbackReceipt> {
    return this.options.service.hold(async (serving) => {
      checkIds(ids);
      const { store } = this.options;
      const predictions = await this.watch(store.call('predictions', ids));
      const terms = this.terms(serving);
      const joined = await join(predictions, terms);
      const open = ids.filter((_, i) => joined.statuses[i] === 'stored');
      const answers = joined.answers.map((answer, i) => ({ id: open[i]!, ...answer }));
      const waiting = predictions.map((prediction) => waitingFor(terms, prediction));
      const place = (n: number) => placeOfTarget(waiting, n);
      const { kept, outcomes } =
        open.length > 0
          ? await this.storeRows(serving, joined, place, answers)
          : { kept: await this.watch(store.call('count', codedColumnsOf(serving.card))), outcomes: [] };
      const rest = outcomes.values();
      const statuses = joined.statuses.map((status) => (status === 'stored' ? rest.next().value! : status));
      if (statuses.every((status) => status === statuses[0]))
        throwIfRefused(statuses[0]!, ids[0]!, predictions[0], terms);
      return {
        rows: answers.reduce((sum, { rows }, i) => sum + (outcomes[i] === 'stored' ? rows : 0), 0),
        dropped: joined.dropped,
        kept_rows: kept,
        model_version: String(serving.version),
        results: ids.map((id, i) => ({ id, status: statuses[i]! })),
      };
    });
  }

  /** Stores the rows of a prediction until its targets come. Returns its id, or null if the rows cannot be stored. */
  async retainPrediction({ rows, count, serving }: Observation): Promise<string | null> {
    const { store } = this.options;
    if (count > store.bounds.rows) return null;
    const columns = codedColumnsOf(serving.card);
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

  /** The serving model's errors on the latest labelled rows since a time, as {@link LiveModel.errorsSince}. */
  errorsSince(since: number): Float64Array {
    const serving = this.options.service.servingIfReady;
    return serving ? this.liveModel(serving).errorsSince(since) : new Float64Array(0);
  }

  /**
   * Writes the labelled rows of the serving model's columns as a table to train on. Throws as `feedbackToTable`, and `INVALID_REQUEST`
   * without rows to mix in.
   */
  async table(directory: string, mixReference: boolean): Promise<TableInfo> {
    const { store, service, reference } = this.options;
    if (mixReference && !reference) {
      throw new DomainError('INVALID_REQUEST', 'mix_reference: there is no TRAIN_DATA whose rows could be mixed in');
    }
    return this.watch(feedbackToTable(store, service.serving.card, directory, mixReference ? reference : undefined));
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.options.store.close();
  }

  private terms({ card }: Serving): FeedbackTerms {
    const { allowMissing, maxRows, store } = this.options;
    const limits = { allowMissing, maxRows: Math.min(maxRows, store.bounds.rows) };
    return { ...rowModelOf(card, limits), targets: card.targets };
  }

  /** Predicts and stores rows. `place` names a row of the request in errors. */
  private async storeRows(
    serving: Serving,
    { rows, features, targets, numbers, unknown }: FeedbackRows,
    place: (number: number) => string,
    answers?: readonly Answer[],
    request?: KeyedRequest,
  ): Promise<AddedBatch> {
    const { store, service } = this.options;
    const placeOf = (row: number) => place(numbers[row]!);
    const slice = new TimeSlice();
    const { prediction } = await service.predictUnseen(serving, features, rows, slice, placeOf);
    const { outputs } = prediction;
    const covered = await cover(serving, prediction, targets, rows, slice);
    // After a swap meanwhile, these predictions are not the serving model's.
    const live = serving === service.servingIfReady ? this.liveModel(serving) : undefined;
    if (live) await this.whenRestored(live);
    const { card } = serving;
    const batch = { columns: codedColumnsOf(card), model: card.checksum, rows, features, targets, outputs, unknown };
    const added = await this.watch(store.call('add', batch, answers, request));
    const stored = storedRows({ ...batch, covered }, answers, added);
    live?.add(stored, added.kept);
    this.storedRows += stored.rows;
    if (stored.rows > 0) this.emit('rows', serving, stored);
    return added;
  }

  private liveModel(serving: Serving): LiveModel {
    if (this.live?.card.checksum === serving.card.checksum) return this.live;
    const live = new LiveModel(serving, this.options.store, this.watch, (features, targets, rows) =>
      this.coverBefore(serving, features, targets, rows),
    );
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

  /** Predicts rows that were stored before, for their intervals. Undefined if that fails: they are not missed. */
  private coverBefore(serving: Serving, features: Float32Array, targets: Float32Array, rows: number) {
    const { service, log } = this.options;
    return service.hold(async (current) => {
      // Closed, if another version has begun to serve.
      if (current !== serving) return undefined;
      const slice = new TimeSlice();
      try {
        const { prediction } = await service.predictUnseen(serving, features, rows, slice);
        return await cover(serving, prediction, targets, rows, slice);
      } catch (err) {
        log.error({ err }, 'the coverage of earlier rows is unknown');
        return undefined;
      }
    });
  }

  private prune(): void {
    const serving = this.options.service.servingIfReady;
    const live = serving && this.liveModel(serving);
    live?.prune().catch(() => {});
  }
}
