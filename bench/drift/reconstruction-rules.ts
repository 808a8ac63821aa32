import type { FeatureSummary } from '../../src/cli/drift-self-check/shifts.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import type { Rival } from './competitors.js';
import { principalComponents } from './principal-components.js';

/** Share of the variance that the components kept must explain: NannyML's default. */
const VARIANCE_KEPT = 0.65;

/**
 * NannyML's multivariate drift by reconstruction (its documentation, "Data reconstruction with PCA"): the mean Euclidean
 * distance of a chunk's standardised rows from their projection onto the principal components that explain 65 % of the
 * variance, against mean ± 3 standard deviations of the reference's chunks.
 */
export function pcaRule(reference: HeldOut, summaries: readonly FeatureSummary[]): Rival {
  const d = summaries.length;
  const components = principalComponents(reference.rows, summaries);
  const total = components.reduce((sum, { variance }) => sum + variance, 0);
  let explained = 0;
  const kept = components.filter(({ variance }) => {
    const needed = explained < VARIANCE_KEPT * total;
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
    // The components are orthonormal: a row's square is the sum of what they keep and what they leave.
    for (const { direction } of kept) {
      let dot = 0;
      for (let j = 0; j < d; j++) dot += scaled[j]! * direction[j]!;
      square -= dot * dot;
    }
    return Math.sqrt(Math.max(0, square));
  };
  return threeSigma('PCA reconstruction ± 3 sd (NannyML)', reference, distance);
}

/** The model's own reconstruction error, averaged: what an alert on the latest loss comes down to. */
export function rawErrorRule(reference: HeldOut): Rival {
  return threeSigma('mean raw error ± 3 sd', reference, ({ errors }, r) => errors[r]!);
}

/** An alarm if the mean of a row's figure is beyond mean ± 3 standard deviations of the reference's chunks of that size. */
function threeSigma(name: string, reference: HeldOut, figure: (rows: HeldOut, r: number) => number): Rival {
  const own = Float64Array.from({ length: reference.count }, (_, r) => figure(reference, r));
  const limits = new Map<number, { mean: number; deviation: number }>();
  const limitsOf = (n: number) => {
    const chunks = Array.from({ length: Math.floor(own.length / n) }, (_, k) =>
      meanOf(own.subarray(k * n, (k + 1) * n)),
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
      const found = meanOf(Float64Array.from({ length: window.count }, (_, r) => figure(window, r)));
      return Math.abs(found - mean) > 3 * deviation;
    },
  };
}

function meanOf(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
