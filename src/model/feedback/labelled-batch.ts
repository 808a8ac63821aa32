import type { Codebook } from '../columns/codebook.js';
import type { CodedColumns } from './coded-columns.js';

/** The text of a level that the model does not know, where a row has one. It is retained for the next training. */
export interface UnknownLevel {
  readonly row: number;
  readonly feature: number;
  readonly text: string;
}

/** Rows with their true targets, and what a model, named by its card's checksum, predicted before it could know them. */
export interface LabelledBatch {
  readonly columns: CodedColumns;
  readonly model: string;
  readonly rows: number;
  /** `[rows, features]`, coded by the codebook of `columns`, NaN where a value is missing. */
  readonly features: Float32Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
  /** `[rows, targets]` */
  readonly outputs: Float32Array;
  readonly unknown?: readonly UnknownLevel[] | undefined;
}

/** The rows of a prediction whose targets have not come yet. */
export type WaitingRows = Pick<LabelledBatch, 'columns' | 'rows' | 'features'>;

/** A prediction whose targets have come. The digest is equal for equal targets. */
export interface AnsweredPrediction {
  readonly digest: string;
}

/** What is known of an id: the rows of a prediction that waits, the answer to one that does not, or nothing. */
export type KnownPrediction = WaitingRows | AnsweredPrediction | undefined;

/** The targets of one prediction within a batch. */
export interface Answer extends AnsweredPrediction {
  readonly id: string;
  /** Rows of the batch that belong to it. They follow those of the answer before. */
  readonly rows: number;
}

/** Result of an answer: a prediction is answered once, and its first answer is retained. */
export type AnswerOutcome = 'stored' | 'repeated' | 'conflict' | 'not_found';

/** A request that its client may send again, with the same key. */
export interface KeyedRequest {
  readonly key: string;
  /** Identifies the body. */
  readonly digest: string;
  /** Stored with the key, and returned if the request comes again. */
  readonly note: string;
}

/** What a request with the same key has stored before. */
export interface EarlierRequest {
  readonly note: string;
  /** Labelled rows of its columns at that time. */
  readonly kept: number;
}

/** Result of adding a batch. */
export interface AddedBatch {
  /** Labelled rows of its columns. */
  readonly kept: number;
  /** One for each answer. */
  readonly outcomes: readonly AnswerOutcome[];
  /** True if a request with the same key has added it before. */
  readonly isRepeated: boolean;
}

/** Labelled rows in the order in which they were added, coded alike. */
export interface FeedbackChunk {
  readonly rows: number;
  /**
   * What the codes of the rows mean; undefined if all features are numbers. The levels are followed by an empty text, for a level
   * whose text is not known, and by those that the model does not know.
   */
  readonly codebook: Codebook | undefined;
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
  /** `[rows, features]`; all levels that the model does not know have one code. */
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly outputs: Float32Array;
}
