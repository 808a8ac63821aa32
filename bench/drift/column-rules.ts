import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { binOf } from '../../src/model/baseline/bins.js';
import { type Compared, type Rival, sortedColumns } from './competitors.js';

const ALPHA = 0.01;

/** Kolmogorov and Smirnov's test per feature, 1 % in all by Bonferroni's correction. */
export const BONFERRONI_RULE: Rival = {
  name: 'K-S per feature, Bonferroni',
  detects: ({ ps }) => ps.some((p) => p < ALPHA / ps.length),
};

const EVIDENTLY_P = 0.05;
const EVIDENTLY_DISTANCE = 0.1;
const EVIDENTLY_SHARE = 0.5;

/**
 * Evidently's defaults (its documentation, "Data drift algorithm"): per column K-S at 0.05 with references up to 1,000 rows
 * and the Wasserstein distance in standard deviations at 0.1 with larger ones; drift if at least half of the columns have
 * drifted. Each also as an alert on any column, as people set it up who want to hear of one broken feature.
 */
export const EVIDENTLY_RULES: readonly Rival[] = [
  onShare('K-S p < 0.05', ({ ps }) => ps.filter((p) => p < EVIDENTLY_P).length / ps.length),
  onShare(
    'Wasserstein ≥ 0.1 sd',
    ({ distances }) => distances.filter((distance) => distance >= EVIDENTLY_DISTANCE).length / distances.length,
  ),
].flat();

function onShare(test: string, share: (compared: Compared) => number): Rival[] {
  return [
    { name: `${test} on half of the columns (Evidently)`, detects: (compared) => share(compared) >= EVIDENTLY_SHARE },
    { name: `${test} on any column (Evidently)`, detects: (compared) => share(compared) > 0 },
  ];
}

const PSI_BINS = 10;
const PSI_LIMIT = 0.2;
/** Stands in for an empty bin's share. */
const EMPTY = 1e-4;

/** The population stability index on the reference's deciles: an alarm if any feature's is above 0.2. */
export function psiRule(reference: HeldOut): Rival {
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
    return counts.map((count) => Math.max(EMPTY, count / column.length));
  };
  const expected = columns.map(shares);
  return {
    name: 'PSI > 0.2 on any feature',
    detects: (compared) =>
      compared.columns.some((column, j) => {
        const index = shares(column, j).reduce((sum, share, k) => {
          const other = expected[j]![k]!;
          return sum + (share - other) * Math.log(share / other);
        }, 0);
        return index > PSI_LIMIT;
      }),
  };
}
