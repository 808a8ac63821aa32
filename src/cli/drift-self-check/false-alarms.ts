import { chiSquareQuantile } from '../../base/statistics/chi-square.js';

/** False alarms that were counted, against those that were asked for. */
export interface FalseAlarms {
  readonly rows: number;
  readonly alarms: number;
  readonly expected: number;
  /** The 95 % confidence interval of the number expected in as many rows. */
  readonly low: number;
  readonly high: number;
}

/**
 * Sums up the alarms counted in runs of `rowsPerRun` rows each. The interval is Garwood's (1936) exact one of a Poisson
 * count, on a count that is scaled down where runs differ by more than Poisson counts do (McCullagh and Nelder, 1989).
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
  const worth = alarms / dispersion;
  const rows = runs * rowsPerRun;
  return {
    rows,
    alarms,
    expected: rows / rowsBetweenFalseAlarms,
    low: worth > 0 ? (dispersion * chiSquareQuantile(0.975, 2 * worth)) / 2 : 0,
    high: (dispersion * chiSquareQuantile(0.025, 2 * worth + 2)) / 2,
  };
}
