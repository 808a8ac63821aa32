import type { ErrorCode } from '../../base/domain-error.js';
import type { FeedbackDatabase } from './feedback-database.js';

/** Methods of the database that its parent process may call. */
export type FeedbackMethod = 'add' | 'addWaiting' | 'predictions' | 'earlier' | 'count' | 'recent' | 'newest' | 'chunk';
export type FeedbackArguments<M extends FeedbackMethod> = Parameters<FeedbackDatabase[M]>;
export type FeedbackResult<M extends FeedbackMethod> = ReturnType<FeedbackDatabase[M]>;

/** One call of a method. */
export interface FeedbackTask {
  readonly method: FeedbackMethod;
  readonly args: readonly unknown[];
}

/** Result of one task. `cause` is for the log only. */
export type FeedbackOutcome =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly message: string; readonly cause?: string };
