import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { TimeSlice } from '../../../base/node/time-slice.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import { feedbackToTable, type Reference } from '../../../model/feedback/feedback-table.js';
import type {
  AddedBatch,
  Answer,
  EarlierRequest,
  KeyedRequest,
  KnownPrediction,
  LabelledBatch,
} from '../../../model/feedback/labelled-batch.js';
import { changed, columnsOf } from '../../../model/tables/columns.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';
import { type FailureWatch, watchFailures } from './failure-log.js';
import {
  type FeedbackRows,
  type FeedbackTerms,
  type IdStatus,
  type JoinedRows,
  placeOfTarget,
  waitingFor,
} from './feedback-rows.js';
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
    results: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          status: Type.Enum(['stored', 'repeated', 'conflict', 'not_found', 'other_columns'], {
            description:
              'stored; repeated: the same targets were stored before, and count once; conflict: other targets were ' +
              'stored before, and remain; not_found: it was not stored, or is too old; other_columns: it waits for a ' +
              'model with its columns to serve again',
          }),
        }),
        { description: 'with `ids`: what became of each, in their order' },
      ),
    ),
  },
  { $id: 'FeedbackReply' },
);
export type FeedbackReceipt = Static<typeof FeedbackReceipt>;

/** The key of a request that its client may send again, and what identifies its body. */
export type RequestKey = Pick<KeyedRequest, 'key' | 'digest'>;

/** Rows that were stored, and what the model that served then had predicted. */
export type StoredRows = Pick<LabelledBatch, 'rows' | 'features' | 'targets' | 'outputs'>;

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
   * is that of the first request. Throws as `read`, which returns them, `NON_FINITE_OUTPUT`, `FEEDBACK_UNAVAILABLE`, and
   * `IDEMPOTENCY_KEY_REUSED`.
   */
  add(
    read: (terms: FeedbackTerms) => MaybePromise<FeedbackRows>,
    key?: RequestKey,
  ): Promise<{ receipt: FeedbackReceipt; isRepeated: boolean }> {
    return this.options.service.hold(async (serving) => {
      const { store } = this.options;
      const find = () => key && this.watch(store.call('earlier', key.key, key.digest));
      const earlier = await find();
      if (earlier) return { receipt: receiptOf(earlier), isRepeated: true };
      const rows = await read(this.terms(serving));
      const stored = { rows: rows.rows, dropped: rows.dropped, model_version: String(serving.version) };
      const request = key && { ...key, note: JSON.stringify(stored) };
      const { kept, isRepeated } = await this.storeRows(serving, rows, (n) => `instances[${n}]`, undefined, request);
      // The same request was faster.
      if (isRepeated) return { receipt: receiptOf((await find())!), isRepeated };
      return { receipt: { ...stored, kept_rows: kept }, isRepeated };
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
      const waiting = predictions.map((prediction) => waitingFor(terms.columns, prediction));
      const place = (n: number) => placeOfTarget(waiting, n);
      const { kept, outcomes } =
        open.length > 0
          ? await this.storeRows(serving, joined, place, answers)
          : { kept: await this.watch(store.call('count', terms.columns)), outcomes: [] };
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

  /** The serving model's errors on the latest labelled rows since a time, as {@link LiveModel.errorsSince}. */
  errorsSince(since: number): Float64Array {
    const serving = this.options.service.servingIfReady;
    return serving ? this.liveModel(serving).errorsSince(since) : new Float64Array(0);
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
    { rows, features, targets, numbers }: FeedbackRows,
    place: (number: number) => string,
    answers?: readonly Answer[],
    request?: KeyedRequest,
  ): Promise<AddedBatch> {
    const { store, service } = this.options;
    const placeOf = (row: number) => place(numbers[row]!);
    const { outputs } = (await service.predictUnseen(serving, features, rows, new TimeSlice(), placeOf)).prediction;
    // After a swap meanwhile, these predictions are not the serving model's.
    const live = serving === service.servingIfReady ? this.liveModel(serving) : undefined;
    if (live) await this.whenRestored(live);
    const { card } = serving;
    const batch = { columns: columnsOf(card), model: card.checksum, rows, features, targets, outputs };
    const added = await this.watch(store.call('add', batch, answers, request));
    const stored = storedRows(batch, answers, added);
    live?.add(stored.rows, stored.outputs, stored.targets, added.kept);
    this.storedRows += stored.rows;
    if (stored.rows > 0) this.emit('rows', serving, stored);
    return added;
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

/** Returns the receipt of the first request with a key. */
function receiptOf({ note, kept }: EarlierRequest): FeedbackReceipt {
  return { ...(JSON.parse(note) as Omit<FeedbackReceipt, 'kept_rows'>), kept_rows: kept };
}

/** Returns the rows that a batch has added: all, but for those of predictions that another request has answered. */
function storedRows(
  batch: LabelledBatch,
  answers: readonly Answer[] | undefined,
  { outcomes, isRepeated }: AddedBatch,
): StoredRows {
  if (!isRepeated && outcomes.every((outcome) => outcome === 'stored')) return batch;
  let at = 0;
  const stored = (answers ?? []).flatMap(({ rows }, i) => {
    const numbers = Array.from({ length: rows }, (_, r) => at + r);
    at += rows;
    return outcomes[i] === 'stored' ? numbers : [];
  });
  const pick = (values: Float32Array, width: number) =>
    Float32Array.from(stored.flatMap((r) => Array.from(values.subarray(r * width, (r + 1) * width))));
  const { features, targets } = batch.columns;
  return {
    rows: stored.length,
    features: pick(batch.features, features.length),
    targets: pick(batch.targets, targets.length),
    outputs: pick(batch.outputs, targets.length),
  };
}

/** Throws what the first id is refused for, if it is. */
function throwIfRefused(status: IdStatus, id: string, prediction: KnownPrediction, { columns }: FeedbackTerms): void {
  const name = JSON.stringify(id.slice(0, 80));
  if (status === 'not_found') {
    const reason = 'it was not stored, is too old, or was answered long ago';
    throw new DomainError('PREDICTION_NOT_FOUND', `ids[0]: no prediction ${name} waits for its targets; ${reason}`);
  }
  if (status === 'conflict') {
    const reason = 'has been answered with other targets, which remain';
    throw new DomainError('PREDICTION_ANSWERED', `ids[0]: prediction ${name} ${reason}`);
  }
  if (status === 'other_columns' && prediction && 'columns' in prediction) {
    throw changed(columns, prediction.columns, 'ids[0] was predicted by a model with those columns');
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
