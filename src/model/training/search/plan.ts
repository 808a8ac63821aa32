import { type Fold, foldsOf } from './folds.js';
import { SMALL_ROWS } from './search-terms.js';
import type { SharedTable } from './shared-table.js';

/** Folds of a cross-validation. */
const FOLDS = 5;
/** The rung of each fold, of one, two and three rungs. */
const RUNG_OF_FOLD = [
  [0, 0, 0, 0, 0],
  [0, 0, 1, 1, 1],
  [0, 1, 1, 2, 2],
] as const;

/** One trial in this many goes on to the next rung: η of Jamieson and Talwalkar 2016, Non-stochastic Best Arm Identification. */
export const ETA = 3;

/** Rows to train on in the first rungs of a large table, at least: with fewer, the order of the trials would be another. */
const MIN_ROWS = 1000;

/** Share of the time at which the last training of each rung begins. The rest is for averages of networks. */
const SHARES = [0.45, 0.7, 0.85];

/** What the trials of a rung do. */
export interface Rung {
  /** The steps of this rung, by their numbers. */
  readonly steps: readonly number[];
  /** The steps that count in the errors of trials. */
  readonly counted: readonly number[];
  /** Share of the time at which it ends. */
  readonly share: number;
}

export interface Plan {
  /** By the numbers of the steps. */
  readonly folds: readonly Fold[];
  readonly rungs: readonly Rung[];
  /** Folds of the cross-validation; 1 for a split. */
  readonly count: number;
}

/**
 * Plans what trials on a table train on. On a small table a rung adds folds of a cross-validation to those that its trials have
 * predicted already. On a large one it trains on more rows, and the rows that judge stay the same.
 */
export function planOf(table: SharedTable, trials: number): Plan {
  const index = Int32Array.from({ length: table.rows }, (_, row) => row);
  const folds = foldsOf(table, index, FOLDS);
  const depth = trials <= ETA ? 1 : trials <= ETA ** 2 ? 2 : 3;
  const shares = SHARES.slice(-depth);
  if (table.rows >= SMALL_ROWS) {
    const [fold] = folds;
    return {
      folds: shares.map((_, i) => part(fold!, ETA ** (i + 1 - depth))),
      rungs: shares.map((share, i) => ({ steps: [i], counted: [i], share })),
      count: 1,
    };
  }
  const all = folds.map((_, i) => i);
  const groups = RUNG_OF_FOLD[depth - 1]!;
  return {
    folds,
    rungs: shares.map((share, rung) => ({
      steps: all.filter((i) => groups[i] === rung),
      counted: all.filter((i) => groups[i]! <= rung),
      share,
    })),
    count: folds.length,
  };
}

/** The same rows to judge by, and a share of those to train on, which are in random order. */
function part({ judged, training }: Fold, share: number): Fold {
  return { judged, training: training.subarray(0, Math.max(MIN_ROWS, Math.round(share * training.length))) };
}
