import { devianceTerm, stirlingError } from './saddle-point.js';

/** `ln P(X = k)` of k marked items among `draws` items, drawn without replacement from `marked + others`. */
export function logHypergeometric(k: number, draws: number, marked: number, others: number): number {
  if (k < 0 || k > marked || draws - k < 0 || draws - k > others) return Number.NEGATIVE_INFINITY;
  const share = draws / (marked + others);
  return (
    logBinomial(k, marked, share) + logBinomial(draws - k, others, share) - logBinomial(draws, marked + others, share)
  );
}

/** `ln P(X ≥ k)` of the same draw. */
export function logHypergeometricTail(k: number, draws: number, marked: number, others: number): number {
  const min = Math.max(0, draws - others);
  const max = Math.min(draws, marked);
  if (k <= min) return 0;
  if (k > max) return Number.NEGATIVE_INFINITY;
  const mean = (draws * marked) / (marked + others);
  if (k <= mean) return Math.log1p(-Math.exp(sumOutwards(k - 1, -1)));
  return sumOutwards(k, 1);

  /** Sums probabilities from `from` away from the mean, where each ratio is smaller than the one before. */
  function sumOutwards(from: number, step: 1 | -1): number {
    let term = 1;
    let sum = 1;
    for (let i = from; i !== (step > 0 ? max : min) && term > sum * 1e-17; i += step) {
      const up = step > 0 ? i : i - 1;
      const ratio = ((marked - up) * (draws - up)) / ((up + 1) * (others - draws + up + 1));
      term *= step > 0 ? ratio : 1 / ratio;
      sum += term;
    }
    return logHypergeometric(from, draws, marked, others) + Math.log(sum);
  }
}

/** `ln (C(n, k) p^k (1 - p)^(n - k))`. */
function logBinomial(k: number, n: number, p: number): number {
  if (k === 0) return n * Math.log1p(-p) || 0;
  if (k === n) return n * Math.log(p);
  return (
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(n - k) -
    devianceTerm(k, n * p) -
    devianceTerm(n - k, n * (1 - p)) +
    Math.log(n / (2 * Math.PI * k * (n - k))) / 2
  );
}
