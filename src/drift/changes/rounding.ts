import { commonStep, isMultiple } from './common-step.js';
import { CHANCE_MISFIT, misfit } from './misfit.js';
import type { ReferenceDistribution } from './reference-distribution.js';

export interface Rounding {
  readonly step: number;
  readonly to: 'nearest' | 'lower' | 'upper';
}

const MIN_VALUES = 8;
/** The share of the values that must be multiples of the step: the oldest of them may be from before the change. */
const MIN_SHARE = 0.8;
/** Of fewer distinct values, the step could be a multiple of the true one. */
const MIN_DISTINCT = 3;
/** ln of the probability that all distinct values are multiples of the step by chance. */
const LOG_P = Math.log(1e-5);
/** Values that are multiples of a step already are rounded only if the new step is clearly larger: otherwise they are in another unit. */
const COARSER = 1.9;
/** What is tried first is usual. The ends, in steps, of the values that are rounded to a multiple. */
const SIDES = [
  ['nearest', -0.5, 0.5],
  ['lower', 0, 1],
  ['upper', -1, 0],
] as const;

/**
 * Finds the step that `latest`, the latest value first, are multiples of although the baseline's values are not, if rounding the
 * baseline's values to it would give such values. Undefined if there is none.
 */
export function findRounding(latest: Float64Array, reference: ReferenceDistribution): Rounding | undefined {
  if (latest.length < MIN_VALUES) return undefined;
  const step = commonStep(latest.subarray(0, Math.max(MIN_VALUES, Math.ceil(latest.length / 2))));
  if (step === undefined) return undefined;
  const values = latest.filter((value) => isMultiple(value, step)).sort();
  if (values.length < MIN_SHARE * latest.length) return undefined;
  const distinct = new Set(values).size;
  if (distinct < MIN_DISTINCT || distinct * Math.log(reference.shareOnLattice(step)) > LOG_P) return undefined;
  if (reference.step !== undefined && step < COARSER * reference.step) return undefined;
  for (const [to, low, high] of SIDES) {
    const rank = (value: number) => (reference.rankOf(value + low * step) + reference.rankOf(value + high * step)) / 2;
    if (misfit(values, reference, rank) <= CHANCE_MISFIT) return { step, to };
  }
  return undefined;
}
