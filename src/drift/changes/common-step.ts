/** A step must be larger than this share of the largest value: float32 numbers all have a common step. */
const MIN_STEP = 1e-5;
/** Multiples of a step, in steps. Values are float32, and a step is estimated. */
const ON_LATTICE = 1e-3;

/** The greatest common divisor of `values`, by Euclid's algorithm with a tolerance; undefined if it is lost in rounding errors. */
export function commonStep(values: ArrayLike<number>): number | undefined {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  const tolerance = largest * MIN_STEP;
  let step = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (step > 0 && Math.abs(size - step * Math.round(size / step)) <= tolerance) {
      step = refined(size, step);
      continue;
    }
    let [a, b] = [size, step];
    while (b > tolerance) {
      const remainder = a - b * Math.round(a / b);
      [a, b] = [b, Math.abs(remainder)];
    }
    if (a > tolerance) step = refined(size, a);
    if (step > 0 && step <= 2 * tolerance) return undefined;
  }
  if (!(step > 0)) return undefined;
  // The largest values determine the step most precisely.
  let products = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const steps = Math.round(values[i]! / step);
    products += steps * values[i]!;
    squares += steps * steps;
  }
  const precise = products / squares;
  for (let i = 0; i < values.length; i++) if (!isMultiple(values[i]!, precise)) return undefined;
  return precise;
}

/** A step that `value` is a multiple of: the more steps, the more precise. */
function refined(value: number, step: number): number {
  const steps = Math.round(value / step);
  return steps > 0 ? value / steps : step;
}

/** Returns whether `value` is a multiple of `step`, up to rounding errors. */
export function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  // A float32 of many steps is itself off by a part of a step.
  return Math.abs(steps - Math.round(steps)) <= ON_LATTICE + Math.abs(steps) * 2 ** -22;
}
