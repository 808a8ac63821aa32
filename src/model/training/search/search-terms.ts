import { fixedOptions, type TrainingOptions } from '../training-options.js';

/** Rows from which on there is no search unless a client asks for one: a training may take minutes. */
export const SMALL_ROWS = 5000;

/** Seconds of the search that nobody has asked for. */
const DEFAULT_SECONDS = 2;

/**
 * Its trials, at most. Of more, there is not time to train on all folds, and of many that a few rows judge, the one that wins does so by
 * chance: its test error was up to 1.28 times that of the first.
 */
const DEFAULT_TRIALS = 3;

/** Options that say how a training should go. A client that sets one gets it, without a search that it has not asked for. */
const DECIDING: readonly string[] = ['epochs', 'batch_size', 'learning_rate', 'patience'];

/** How a search is bounded. */
export interface SearchTerms {
  /** Maximum trials. */
  readonly trials: number;
  /** Undefined without a bound of the time. */
  readonly seconds: number | undefined;
  /** Whether a client has asked for it: cancelling it then keeps the best so far. */
  readonly isAsked: boolean;
}

/** Returns how to search; undefined if there is no search. */
export function searchTerms(options: TrainingOptions, rows: number): SearchTerms | undefined {
  const { trials, budget_seconds: seconds } = options;
  if (trials === 1) return undefined;
  if (trials !== undefined) return { trials, seconds, isAsked: true };
  if (seconds !== undefined) return { trials: Number.POSITIVE_INFINITY, seconds, isAsked: true };
  if (rows >= SMALL_ROWS || fixedOptions(options).some((name) => DECIDING.includes(name))) return undefined;
  return { trials: DEFAULT_TRIALS, seconds: DEFAULT_SECONDS, isAsked: false };
}
