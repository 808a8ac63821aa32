import type { Baseline } from '../../model/baseline/baseline.js';
import { invert, RIDGE } from '../../model/baseline/dependence/precision.js';

/** How the features of recent rows depend on each other, compared with the baseline. */
export interface DependenceChange {
  /**
   * `[features]`: how much better a regression of the feature on all others explains the recent rows if it is fitted to them,
   * than the baseline's regression does, as a log-likelihood ratio.
   */
  readonly gains: Float64Array;
  /**
   * `[features]`: by how much the feature differs, on average, from what the others explain, in standard deviations of normal
   * scores; 0 unless that is significant.
   */
  readonly shifts: Float64Array;
  /**
   * The other feature whose correlation with feature `j` has changed most, and both correlations; `j` itself if none has changed
   * by more than chance explains.
   */
  relation(j: number): { readonly index: number; readonly now: number; readonly before: number };
}

/** With more features, d³ operations would take too long between two requests. */
const MAX_FEATURES = 200;
/** Standard errors of a mean residual, and of the change of a correlation, below which it is taken for chance. */
const SIGNIFICANT = 3.3;
/** A larger correlation counts as this: Fisher's transformation has no end. */
const MAX_CORRELATION = 0.995;

/**
 * Compares the normal scores `[rows, features]` of recent rows with the baseline's mean and precision Ω. If only feature j has
 * changed, in whatever way, the joint distribution of all others has not; so it is j's regression on the others whose likelihood
 * gains most by being fitted again. For Gaussian scores that is
 * `rows/2 · (ȳ_j²/Ω_jj + (ΩSΩ)_jj/Ω_jj − 1 + ln((S⁻¹)_jj/Ω_jj))` with `ȳ = Ω (mean − baseline's mean)` and the covariance S of
 * the recent rows, to which as many rows of the baseline are added as there are features. A conditional residual alone also
 * accuses the features that the changed one used to explain. Undefined with too many features, or without the baseline's precision.
 */
export function dependenceChange(
  scores: Float64Array,
  rows: number,
  conditional: NonNullable<Baseline['conditional']>,
): DependenceChange | undefined {
  const { mean, precision } = conditional;
  const d = mean.length;
  if (d > MAX_FEATURES || rows < 2) return undefined;
  const before = invert(Float64Array.from(precision), d);
  const centre = new Float64Array(d);
  for (let at = 0; at < rows * d; at++) centre[at % d]! += scores[at]! / rows;
  const now = new Float64Array(d * d);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) {
      const off = scores[r * d + i]! - centre[i]!;
      for (let j = 0; j <= i; j++) now[i * d + j]! += off * (scores[r * d + j]! - centre[j]!);
    }
  }
  const shrunk = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      now[i * d + j] = now[j * d + i] = now[i * d + j]! / rows + (i === j ? RIDGE : 0);
      shrunk[i * d + j] = shrunk[j * d + i] = (rows * now[i * d + j]! + d * before[i * d + j]!) / (rows + d);
    }
  }
  const fitted = invert(shrunk.slice(), d);
  const gains = new Float64Array(d);
  const shifts = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let shift = 0;
    let spread = 0;
    for (let i = 0; i < d; i++) {
      const weight = precision[j * d + i]!;
      shift += weight * (centre[i]! - mean[i]!);
      for (let k = 0; k < d; k++) spread += weight * shrunk[i * d + k]! * precision[k * d + j]!;
    }
    const own = precision[j * d + j]!;
    if (rows * shift * shift > SIGNIFICANT ** 2 * spread) shifts[j] = shift / own;
    gains[j] = (rows / 2) * ((shift * shift + spread) / own - 1 + Math.log(fitted[j * d + j]! / own));
  }
  return {
    gains,
    shifts,
    relation(j) {
      const correlation = (of: Float64Array, i: number) => of[i * d + j]! / Math.sqrt(of[i * d + i]! * of[j * d + j]!);
      let found = { index: j, now: 1, before: 1 };
      // The variance of Fisher's transformation.
      let most = SIGNIFICANT * Math.sqrt(1 / Math.max(1, rows - 3) + 1 / conditional.distances.rows);
      for (let i = 0; i < d; i++) {
        if (i === j) continue;
        const pair = { index: i, now: correlation(now, i), before: correlation(before, i) };
        const change = Math.abs(fisher(pair.now) - fisher(pair.before));
        if (change > most) [most, found] = [change, pair];
      }
      return found;
    },
  };
}

function fisher(correlation: number): number {
  return Math.atanh(Math.max(-MAX_CORRELATION, Math.min(MAX_CORRELATION, correlation)));
}
