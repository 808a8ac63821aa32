import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { binOf } from '../../src/model/baseline/sketches/bins.js';
import { type Competitor, sortedColumns, type WindowComparison } from './competitors.js';

const ALPHA = 0.01;

/** A Kolmogorov-Smirnov test per feature, with 1 % in total by Bonferroni's correction. */
export const BONFERRONI_RULE: Competitor = {
  name: 'K-S per feature, Bonferroni',
  detects: ({ ps }) => ps.some((p) => p < ALPHA / ps.length),
};

const EVIDENTLY_P = 0.05;
const EVIDENTLY_DISTANCE = 0.1;
const EVIDENTLY_SHARE = 0.5;

/**
 * Evidently's defaults (its documentation, "Data drift algorithm"): per column, K-S at 0.05 for references of up to 1,000 rows
 * and the Wasserstein distance in standard deviations at 0.1 for larger ones; drift if at least half of the columns have
 * drifted. Each rule is also tried as an alert on any column, a common setup to detect a single broken feature.
 */
export const EVIDENTLY_RULES: readonly Competitor[] = [
  onShare('K-S p < 0.05', ({ ps }) => ps.filter((p) => p < EVIDENTLY_P).length / ps.length),
  onShare(
    'Wasserstein ≥ 0.1 sd',
    ({ distances }) => distances.filter((distance) => distance >= EVIDENTLY_DISTANCE).length / distances.length,
  ),
].flat();

function onShare(test: string, share: (comparison: WindowComparison) => number): Competitor[] {
  return [
    {
      name: `${test} on half of the columns (Evidently)`,
      detects: (comparison) => share(comparison) >= EVIDENTLY_SHARE,
    },
    { name: `${test} on any column (Evidently)`, detects: (comparison) => share(comparison) > 0 },
  ];
}

const PSI_BINS = 10;
const PSI_LIMIT = 0.2;
/** Share assumed for an empty bin. */
const EMPTY_SHARE = 1e-4;

/** Raises an alarm if the population stability index of any feature, on the deciles of the reference, is above 0.2. */
export function psiRule(reference: HeldOut): Competitor {
  const columns = sortedColumns(reference);
  const edges = columns.map((column) => {
    const deciles = Array.from(
      { length: PSI_BINS - 1 },
      (_, k) => column[Math.floor(((k + 1) * column.length) / PSI_BINS)]!,
    );
    return deciles.filter((edge, k) => edge !== deciles[k - 1]);
  });
  const shares = (column: Float64Array, j: number) => {
    const counts = new Float64Array(edges[j]!.length + 1);
    for (const value of column) counts[binOf(edges[j]!, value)]!++;
    return counts.map((count) => Math.max(EMPTY_SHARE, count / column.length));
  };
  const expected = columns.map(shares);
  return {
    name: 'PSI > 0.2 on any feature',
    detects: (comparison) =>
      comparison.columns.some((column, j) => {
        const index = shares(column, j).reduce((sum, share, k) => {
          const other = expected[j]![k]!;
          return sum + (share - other) * Math.log(share / other);
        }, 0);
        return index > PSI_LIMIT;
      }),
  };
}
