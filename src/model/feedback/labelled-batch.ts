import type { Columns } from '../tables/columns.js';

/** Rows with their true targets, and what a model, named by its card's checksum, predicted before it could know them. */
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

/** The rows of a prediction whose targets have not come yet. */
export type WaitingRows = Pick<LabelledBatch, 'columns' | 'rows' | 'features'>;

/** Labelled rows in the order in which they were added. */
export interface FeedbackChunk {
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
  /** Number of the last row. */
  readonly last: number;
}

/** A model's predictions of its latest labelled rows, oldest first. */
export interface RecentRows {
  /** Number of all labelled rows of its columns. */
  readonly kept: number;
  /** Milliseconds since the epoch. */
  readonly times: readonly number[];
  readonly targets: Float32Array;
  readonly outputs: Float32Array;
}
