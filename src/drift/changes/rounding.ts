import { misfit } from './misfit.js';
import { isMultiple, type ReferenceDistribution } from './reference-distribution.js';

export interface Rounding {
  readonly step: number;
  readonly to: 'nearest' | 'lower' | 'upper';
}

const MIN_VALUES = 8;
/** A step must be larger than this share of the largest value: float32 numbers all have a common step. */
const MIN_STEP = 1e-5;
/** ln of the probability that all values are multiples of the step by chance. */
const LOG_P = Math.log(1e-5);
/** Rounded values, each put back somewhere within its step, fit the baseline if less misfit is left. */
const EXPLAINED = 0.743;
/** Offsets, in steps, of the middle of the values that are rounded to a multiple. */
const SIDES = [
  ['nearest', 0],
  ['lower', 0.5],
  ['upper', -0.5],
] as const;
/** The golden ratio's multiples are spread evenly between 0 and 1. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Finds the step that all `values`, ascending, are multiples of although the baseline's are not, if rounding the baseline's
 * values to it would give such values. Undefined if there is none.
 */
export function findRounding(values: Float64Array, reference: ReferenceDistribution): Rounding | undefined {
  if (values.length < MIN_VALUES) return undefined;
  const step = commonStep(values);
  if (step === undefined) return undefined;
  if (values.length * Math.log(reference.shareOnLattice(step)) > LOG_P) return undefined;
  let found: Rounding | undefined;
  let least = EXPLAINED;
  for (const [to, side] of SIDES) {
    const spread = values.map((value, i) => value + ((((i + 1) * GOLDEN) % 1) - 0.5 + side) * step).sort();
    const left = misfit(spread, reference);
    if (left < least) [least, found] = [left, { step, to }];
  }
  return found;
}

/** The greatest common divisor of the values, by Euclid's algorithm with a tolerance; undefined if it is lost in rounding errors. */
function commonStep(values: Float64Array): number | undefined {
  const largest = Math.max(Math.abs(values[0]!), Math.abs(values.at(-1)!));
  const tolerance = largest * MIN_STEP;
  let step = 0;
  for (const value of values) {
    let [a, b] = [Math.abs(value), step];
    while (b > tolerance) {
      const remainder = a - b * Math.round(a / b);
      [a, b] = [b, Math.abs(remainder)];
    }
    step = a > tolerance ? a : step;
    if (step > 0 && step <= 2 * tolerance) return undefined;
  }
  if (!(step > 0)) return undefined;
  // The largest values determine the step most precisely.
  let products = 0;
  let squares = 0;
  for (const value of values) {
    const steps = Math.round(value / step);
    products += steps * value;
    squares += steps * steps;
  }
  const precise = products / squares;
  return values.every((value) => isMultiple(value, precise)) ? precise : undefined;
}
