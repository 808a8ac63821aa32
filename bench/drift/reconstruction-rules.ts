import type { FeatureSummary } from '../../src/cli/drift-self-check/shifts.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import type { Competitor } from './competitors.js';
import { principalComponents } from './principal-components.js';

/** Share of the variance that the retained components must explain, the default of NannyML. */
const MIN_VARIANCE = 0.65;

/**
 * NannyML's multivariate drift by reconstruction (its documentation, "Data reconstruction with PCA"): the mean Euclidean
 * distance of a chunk's standardised rows from their projection onto the principal components that explain 65 % of the
 * variance, against mean ± 3 standard deviations of the reference's chunks.
 */
export function pcaRule(reference: HeldOut, summaries: readonly FeatureSummary[]): Competitor {
  const d = summaries.length;
  const components = principalComponents(reference.rows, summaries);
  const total = components.reduce((sum, { variance }) => sum + variance, 0);
  let explained = 0;
  const retained = components.filter(({ variance }) => {
    const needed = explained < MIN_VARIANCE * total;
    explained += variance;
    return needed;
  });
  const scaled = new Float64Array(d);
  const distance = ({ rows }: HeldOut, r: number): number => {
    let square = 0;
    for (let j = 0; j < d; j++) {
      scaled[j] = (rows[r * d + j]! - summaries[j]!.mean) / summaries[j]!.deviation;
      square += scaled[j]! ** 2;
    }
    // The components are orthonormal, so the squared norm is the sum of the retained part and the residual.
    for (const { direction } of retained) {
      let dot = 0;
      for (let j = 0; j < d; j++) dot += scaled[j]! * direction[j]!;
      square -= dot * dot;
    }
    return Math.sqrt(Math.max(0, square));
  };
  return threeSigma('PCA reconstruction ± 3 sd (NannyML)', reference, distance);
}

/** The mean reconstruction error of the model, equivalent to an alert on the recent loss. */
export function rawErrorRule(reference: HeldOut): Competitor {
  return threeSigma('mean raw error ± 3 sd', reference, ({ errors }, r) => errors[r]!);
}

/** Raises an alarm if the mean figure of a window is outside mean ± 3 standard deviations of reference chunks of its size. */
function threeSigma(name: string, reference: HeldOut, figure: (rows: HeldOut, r: number) => number): Competitor {
  const referenceFigures = Float64Array.from({ length: reference.count }, (_, r) => figure(reference, r));
  const limits = new Map<number, { mean: number; deviation: number }>();
  const limitsOf = (n: number) => {
    const chunks = Array.from({ length: Math.floor(referenceFigures.length / n) }, (_, k) =>
      meanOf(referenceFigures.subarray(k * n, (k + 1) * n)),
    );
    const mean = meanOf(chunks);
    const deviation = Math.sqrt(meanOf(chunks.map((chunk) => (chunk - mean) ** 2)));
    limits.set(n, { mean, deviation });
    return { mean, deviation };
  };
  return {
    name,
    detects: ({ window }) => {
      const { mean, deviation } = limits.get(window.count) ?? limitsOf(window.count);
      const windowMean = meanOf(Float64Array.from({ length: window.count }, (_, r) => figure(window, r)));
      return Math.abs(windowMean - mean) > 3 * deviation;
    },
  };
}

function meanOf(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
