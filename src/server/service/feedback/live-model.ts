import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import { codedColumnsOf } from '../../../model/feedback/coded-columns.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import { followedLevels } from '../../../model/intervals/covered.js';
import type { Card } from '../../../model/versions/card.js';
import type { Serving } from '../prediction/prediction-service.js';
import type { FailureWatch } from './failure-log.js';
import { CoverageWindow, LiveCoverage } from './live-coverage.js';
import { LiveErrors, TargetErrors, WINDOW_ROWS } from './live-errors.js';
import type { StoredRows } from './stored-rows.js';

/** How well the serving model predicts rows whose true targets came later. */
export const LiveReport = Type.Object({
  kept_rows: Type.Integer({ description: "stored labelled rows with the serving model's columns" }),
  evaluated_rows: Type.Integer({
    description: 'the latest rows that the serving model has predicted, which the errors are of',
  }),
  targets: Type.Record(Type.String(), TargetErrors, {
    description: "in the targets' units; empty without evaluated rows",
  }),
  coverage: nullable(LiveCoverage, {
    description: 'how many true values lie in the prediction intervals; null for a version without intervals',
  }),
});
export type LiveReport = Static<typeof LiveReport>;

const DAY = 24 * 3600 * 1000;

/** Returns which intervals of the model cover the true values of rows, `[rows, targets]`; undefined if it has none. */
export type Cover = (features: Float32Array, targets: Float32Array, rows: number) => Promise<Uint8Array | undefined>;

/** Follows the errors of one model, identified by its card's checksum: a version number may be reused after a removal. */
export class LiveModel {
  readonly card: Card;
  /** Resolves when rows stored before, such as by an earlier process, have been read. Rejects if that failed. */
  readonly restored: Promise<void>;
  private readonly store: FeedbackStore;
  private readonly watch: FailureWatch;
  private readonly errors: LiveErrors;
  private readonly cover: Cover;
  private readonly coverage: CoverageWindow | undefined;
  private keptRows = 0;

  /** `cover` is called for rows that were stored before. */
  constructor(
    { card, intervals }: Pick<Serving, 'card' | 'intervals'>,
    store: FeedbackStore,
    watch: FailureWatch,
    cover: Cover,
  ) {
    this.card = card;
    this.cover = cover;
    this.coverage = intervals && new CoverageWindow(card.targets, followedLevels(intervals));
    this.store = store;
    this.watch = watch;
    this.errors = new LiveErrors(card.targets.length);
    this.restored = Promise.resolve().then(() => this.restore());
  }

  /** Adds rows that were just stored. `keptRows` is the new total. */
  add({ rows, outputs, targets, covered }: Omit<StoredRows, 'features'>, keptRows: number): void {
    const times = new Array<number>(rows).fill(Date.now());
    this.errors.add(times, outputs, targets);
    if (covered) this.coverage?.add(times, covered);
    this.keptRows = keptRows;
  }

  /** Has the database delete what is too old, and counts the rest. */
  async prune(): Promise<void> {
    if (!this.store.exists) return;
    this.keptRows = await this.watch(this.store.call('count', codedColumnsOf(this.card)));
  }

  /** Returns prediction - target, `[rows, targets]`, of the latest rows that came since a time in milliseconds since the epoch. */
  errorsSince(since: number): Float64Array {
    return this.errors.since(since);
  }

  report(): LiveReport {
    const oldest = Date.now() - this.store.bounds.days * DAY;
    const { rows, targets } = this.errors.report(oldest);
    return {
      kept_rows: this.keptRows,
      evaluated_rows: rows,
      targets: Object.fromEntries(targets.map((errors, j) => [this.card.targets[j]!, errors])),
      coverage: this.coverage?.report(oldest) ?? null,
    };
  }

  private async restore(): Promise<void> {
    const { store, card } = this;
    if (!store.exists) return;
    const recent = await this.watch(store.call('recent', codedColumnsOf(card), card.checksum, WINDOW_ROWS));
    const { times, features, outputs, targets } = recent;
    const covered = times.length > 0 && this.coverage && (await this.cover(features, targets, times.length));
    this.errors.add(times, outputs, targets);
    if (covered) this.coverage?.add(times, covered);
    this.keptRows = recent.kept;
  }
}
