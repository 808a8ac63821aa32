import { normalQuantile } from './normal.js';
import { devianceTerm, stirlingError } from './saddle-point.js';

/**
 * `ln P(χ² > x)` with `degrees` > 0 degrees of freedom, even where the probability underflows: the regularised incomplete gamma
 * function at `a = degrees / 2`, computed by its series below the mean and by its continued fraction above (NIST DLMF 8.11.4 and
 * 8.9.2).
 */
export function logChiSquareTail(x: number, degrees: number): number {
  if (!(x > 0)) return 0;
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const a = degrees / 2;
  const half = x / 2;
  /** `ln(half^a e^-half / Γ(a + 1))` */
  const logDensity = -devianceTerm(a, half) - stirlingError(a) - Math.log(2 * Math.PI * a) / 2;
  return half < a + 1
    ? Math.log1p(-Math.exp(logDensity) * lowerSeries(a, half))
    : logDensity + Math.log(a * upperFraction(a, half));
}

/** The x with `P(χ² > x) = tail`, for tail in (0, 1), by Newton's method on the logarithm, which is concave, from Wilson-Hilferty's value. */
export function chiSquareQuantile(tail: number, degrees: number): number {
  const target = Math.log(tail);
  let x = Math.max(chiSquareAtDeviate(-normalQuantile(tail), degrees), 1e-3 * degrees);
  for (let i = 0; i < 50; i++) {
    const logP = logChiSquareTail(x, degrees);
    const a = degrees / 2;
    const logDensity = -devianceTerm(a, x / 2) - stirlingError(a) - Math.log(2 * Math.PI * a) / 2 + Math.log(a / x);
    const step = (logP - target) * Math.exp(logP - logDensity);
    x = Math.max(x + step, x / 2);
    if (Math.abs(step) < 1e-13 * x) break;
  }
  return x;
}

/** Wilson and Hilferty's (1931) normal deviate of a χ² value with `degrees` > 0 degrees of freedom. */
export function chiSquareDeviate(value: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(value / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/** The χ² value with the normal deviate `deviate`: the inverse of {@link chiSquareDeviate}. */
export function chiSquareAtDeviate(deviate: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * Math.max(0, 1 - spread + deviate * Math.sqrt(spread)) ** 3;
}

/** `1 + x/(a+1) + x²/((a+1)(a+2)) + …` */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

/** `1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- …)))`, by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; ; k++) {
    const step = k * (a - k);
    b += 2;
    d = 1 / (b + step * d);
    c = b + step / c;
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-15) return fraction;
  }
}
