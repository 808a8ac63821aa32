/** Returns the smallest of 1, 2 and 5 times a power of ten by which `span` takes at most `count` steps; 1 for a span of 0. */
export function roundStep(span: number, count: number): number {
  const least = span / count;
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const power = Math.floor(Math.log10(least));
  for (const digit of [1, 2, 5]) {
    const step = Number(`${digit}e${power}`);
    // A step that is exact but for its last bits is not too small.
    if (step >= least * (1 - 1e-9)) return step;
  }
  return Number(`1e${power + 1}`);
}

/** Rounds to a multiple of `step`, without the error that a product of binary fractions has. */
export function roundTo(value: number, step: number): number {
  const rounded = Number((Math.round(value / step) * step).toPrecision(12));
  return rounded === 0 ? 0 : rounded;
}

/** Returns the multiples of a round step within `[low, high]`, at most `count + 1` of them. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const step = roundStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => roundTo((first + i) * step, step));
}
