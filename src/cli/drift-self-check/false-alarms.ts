import { chiSquareQuantile } from '../../base/statistics/chi-square.js';

/** Observed and expected false alarms. */
export interface FalseAlarms {
  readonly rows: number;
  readonly alarms: number;
  readonly expected: number;
  /** 95 % confidence interval of the expected number in this many rows. */
  readonly low: number;
  readonly high: number;
}

/**
 * Sums up the alarms of runs of `rowsPerRun` rows each. The interval is Garwood's (1936) exact interval of a Poisson count. If
 * the runs vary more than Poisson counts, the count is scaled down first (McCullagh and Nelder, 1989).
 */
export function sumUp(
  alarmsPerRun: readonly number[],
  rowsPerRun: number,
  rowsBetweenFalseAlarms: number,
): FalseAlarms {
  const runs = alarmsPerRun.length;
  const alarms = alarmsPerRun.reduce((sum, count) => sum + count, 0);
  const mean = alarms / runs;
  const variance = alarmsPerRun.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (runs - 1);
  const dispersion = mean > 0 ? Math.max(1, variance / mean) : 1;
  const effective = alarms / dispersion;
  const rows = runs * rowsPerRun;
  return {
    rows,
    alarms,
    expected: rows / rowsBetweenFalseAlarms,
    low: effective > 0 ? (dispersion * chiSquareQuantile(0.975, 2 * effective)) / 2 : 0,
    high: (dispersion * chiSquareQuantile(0.025, 2 * effective + 2)) / 2,
  };
}
