import { type Static, Type } from 'typebox';
import { codedColumnsOf } from '../../../model/feedback/coded-columns.js';
import type { FeedbackStore } from '../../../model/feedback/feedback-store.js';
import type { Card } from '../../../model/versions/card.js';
import type { FailureWatch } from './failure-log.js';
import { LiveErrors, TargetErrors, WINDOW_ROWS } from './live-errors.js';

/** How well the serving model predicts rows whose true targets came later. */
export const LiveReport = Type.Object({
  kept_rows: Type.Integer({ description: "stored labelled rows with the serving model's columns" }),
  evaluated_rows: Type.Integer({
    description: 'the latest rows that the serving model has predicted, which the errors are of',
  }),
  targets: Type.Record(Type.String(), TargetErrors, {
    description: "in the targets' units; empty without evaluated rows",
  }),
});
export type LiveReport = Static<typeof LiveReport>;

const DAY = 24 * 3600 * 1000;

/** Follows the errors of one model, identified by its card's checksum: a version number may be reused after a removal. */
export class LiveModel {
  readonly card: Card;
  /** Resolves when rows stored before, such as by an earlier process, have been read. Rejects if that failed. */
  readonly restored: Promise<void>;
  private readonly store: FeedbackStore;
  private readonly watch: FailureWatch;
  private readonly errors: LiveErrors;
  private keptRows = 0;

  constructor(card: Card, store: FeedbackStore, watch: FailureWatch) {
    this.card = card;
    this.store = store;
    this.watch = watch;
    this.errors = new LiveErrors(card.targets.length);
    this.restored = Promise.resolve().then(() => this.restore());
  }

  /** Adds rows that were just stored: `outputs` and `targets` are `[rows, targets]`. `keptRows` is the new total. */
  add(rows: number, outputs: Float32Array, targets: Float32Array, keptRows: number): void {
    this.errors.add(new Array<number>(rows).fill(Date.now()), outputs, targets);
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
    const { rows, targets } = this.errors.report(Date.now() - this.store.bounds.days * DAY);
    return {
      kept_rows: this.keptRows,
      evaluated_rows: rows,
      targets: Object.fromEntries(targets.map((errors, j) => [this.card.targets[j]!, errors])),
    };
  }

  private async restore(): Promise<void> {
    const { store, card } = this;
    if (!store.exists) return;
    const recent = await this.watch(store.call('recent', codedColumnsOf(card), card.checksum, WINDOW_ROWS));
    this.errors.add(recent.times, recent.outputs, recent.targets);
    this.keptRows = recent.kept;
  }
}
