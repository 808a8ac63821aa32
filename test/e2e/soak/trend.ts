/** A straight line through a series: its slope per unit of time, and the standard error of that. */
export interface Trend {
  readonly slope: number;
  readonly error: number;
}

/** Standard errors above zero from which a series grows: chance exceeds them in less than one run in a hundred. */
const CRITICAL = 2.6;
/** The highest autocorrelation that is assumed: a series that never returns has no error of its own. */
const MAX_CORRELATION = 0.95;

/**
 * Fits `values` over `times` by least squares. Memory of one minute resembles that of the minute before, so the error allows for
 * the autocorrelation of the residuals by an effective sample size (Santer et al. 2000, https://doi.org/10.1029/1999JD901105).
 */
export function fitTrend(times: readonly number[], values: readonly number[]): Trend {
  const n = values.length;
  const [middle, level] = [mean(times), mean(values)];
  const spread = sum(times, (time) => (time - middle) ** 2);
  const slope = sum(times, (time, i) => (time - middle) * (values[i]! - level)) / spread;
  const residuals = values.map((value, i) => value - level - slope * (times[i]! - middle));
  const squares = sum(residuals, (residual) => residual ** 2);
  const neighbours = sum(residuals.slice(1), (residual, i) => residual * residuals[i]!);
  const correlation = squares === 0 ? 0 : Math.min(MAX_CORRELATION, Math.max(0, neighbours / squares));
  const effective = Math.max(3, (n * (1 - correlation)) / (1 + correlation));
  return { slope, error: Math.sqrt(squares / (effective - 2) / spread) };
}

/** Returns true if the slope is above zero by more than chance explains. */
export function grows({ slope, error }: Trend): boolean {
  return slope > CRITICAL * error;
}

export function mean(values: readonly number[]): number {
  return sum(values, (value) => value) / values.length;
}

function sum(values: readonly number[], of: (value: number, i: number) => number): number {
  return values.reduce((total, value, i) => total + of(value, i), 0);
}
