import { studentTail } from '../../../base/statistics/student-t.js';

/**
 * Returns the p-value of the one-sided test that the root of the mean of `candidate` is at most (1 + tolerance) times that of
 * `serving`. Both are squared errors `[rows]` of the same rows. Returns null for fewer than two rows.
 *
 * The test is Student's t test of the mean of `candidate - (1 + tolerance)² serving`, paired by row, so that whatever makes a
 * row hard for both cancels out. This is Diebold and Mariano's test of equal accuracy (1995) with Student's distribution
 * (Harvey, Leybourne and Newbold, 1997), and with a tolerance as in tests of non-inferiority by a ratio (Laster and Johnson,
 * 2003). `docs/gate.md` measures its error rates.
 */
export function pairedTest(candidate: Float64Array, serving: Float64Array, tolerance: number): number | null {
  const { length } = candidate;
  if (length < 2) return null;
  const factor = (1 + tolerance) ** 2;
  const differences = candidate.map((error, i) => error - factor * serving[i]!);
  const centre = mean(differences);
  // A version without a finite answer for a row is worse. If it is the serving one, the candidate cannot be worse.
  if (!Number.isFinite(centre)) return centre < 0 ? 1 : 0;
  const variance = (length * mean(differences.map((d) => (d - centre) ** 2))) / (length - 1);
  if (variance === 0) return centre > 0 ? 0 : 1;
  return studentTail(centre / Math.sqrt(variance / length), length - 1);
}

/**
 * Returns the p-value of the one-sided test that predictions are no more accurate than a constant. `residuals` and `ofConstant`
 * `[rows, width]` are the residuals of both, in the same row-major order. Returns null for fewer than two rows.
 *
 * This is the test of Morgan, Granger and Newbold (Granger and Newbold 1977, Forecasting Economic Time Series): the mean squared errors
 * are equal if sums and differences of the residuals are uncorrelated. Unlike a t test of squared errors it needs no long
 * series: an accurate model is one whose predictions go with the targets, which a dozen rows show. It assumes that the difference,
 * here the prediction less the constant, says nothing of the size of the noise; between two models, which share hard rows,
 * that does not hold.
 */
export function betterThanConstantTest(residuals: Float64Array, ofConstant: Float64Array, rows: number): number | null {
  if (rows < 2) return null;
  let [products, sums, differences] = [0, 0, 0];
  for (const [i, residual] of residuals.entries()) {
    const sum = ofConstant[i]! + residual;
    const difference = ofConstant[i]! - residual;
    products += sum * difference;
    sums += sum ** 2;
    differences += difference ** 2;
  }
  const correlation = products / Math.sqrt(sums * differences);
  // Neither a constant nor a prediction that is not finite is better than the constant.
  if (Number.isNaN(correlation)) return 1;
  if (Math.abs(correlation) >= 1) return correlation > 0 ? 0 : 1;
  return studentTail(correlation * Math.sqrt((rows - 1) / (1 - correlation ** 2)), rows - 1);
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
