import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { columnOf } from './housing.js';
import { kolmogorovSmirnov, wassersteinDistance } from './two-sample.js';

/** A feature-by-feature comparison of a window with the reference, shared by all rules. */
export interface WindowComparison {
  readonly window: HeldOut;
  /** Its columns, ascending. */
  readonly columns: readonly Float64Array[];
  /** The p-values of the Kolmogorov-Smirnov test. */
  readonly ps: readonly number[];
  /** Wasserstein distances in standard deviations of the reference. */
  readonly distances: readonly number[];
}

/** Another drift detection rule, set up for one reference. */
export interface Competitor {
  readonly name: string;
  /** Returns whether the rule raises an alarm for the window. */
  readonly detects: (comparison: WindowComparison) => boolean;
}

/** Returns a function that compares windows with `reference`, whose columns have the given standard deviations. */
export function comparer(reference: HeldOut, deviations: readonly number[]): (window: HeldOut) => WindowComparison {
  const referenceColumns = sortedColumns(reference);
  return (window) => {
    const columns = sortedColumns(window);
    return {
      window,
      columns,
      ps: columns.map((column, j) => kolmogorovSmirnov(column, referenceColumns[j]!)),
      distances: columns.map((column, j) => wassersteinDistance(column, referenceColumns[j]!) / deviations[j]!),
    };
  };
}

/** Returns the columns of `rows`, each ascending. */
export function sortedColumns({ rows, count }: HeldOut): Float64Array[] {
  const d = rows.length / count;
  return Array.from({ length: d }, (_, j) => columnOf(rows, d, j).sort());
}
