import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { columnOf } from './housing.js';
import { kolmogorovSmirnov, wassersteinDistance } from './two-sample.js';

/** A window compared with the reference, feature by feature, once for all rules. */
export interface Compared {
  readonly window: HeldOut;
  /** Its columns, ascending. */
  readonly columns: readonly Float64Array[];
  /** The p-values of Kolmogorov and Smirnov's test. */
  readonly ps: readonly number[];
  /** Wasserstein distances in the reference's standard deviations. */
  readonly distances: readonly number[];
}

/** Another way to tell drift, made for one reference. */
export interface Rival {
  readonly name: string;
  /** Whether it raises an alarm at the window. */
  readonly detects: (compared: Compared) => boolean;
}

/** Compares windows with `reference`, whose columns have the standard deviations `deviations`. */
export function comparer(reference: HeldOut, deviations: readonly number[]): (window: HeldOut) => Compared {
  const theirs = sortedColumns(reference);
  return (window) => {
    const columns = sortedColumns(window);
    return {
      window,
      columns,
      ps: columns.map((column, j) => kolmogorovSmirnov(column, theirs[j]!)),
      distances: columns.map((column, j) => wassersteinDistance(column, theirs[j]!) / deviations[j]!),
    };
  };
}

/** Each column of `rows`, ascending. */
export function sortedColumns({ rows, count }: HeldOut): Float64Array[] {
  const d = rows.length / count;
  return Array.from({ length: d }, (_, j) => columnOf(rows, d, j).sort());
}
