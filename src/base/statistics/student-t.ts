/** Terms of the continued fraction beyond which nothing changes; it needs about √degrees of them. */
const MAX_TERMS = 100_000;
/** From here on the series of `gammaRatio` is exact to double precision. */
const SERIES_FROM = 64;

/** `P(T > t)` of Student's t with `degrees` degrees of freedom, within 1e-9, relative (checked against SciPy). */
export function studentTail(t: number, degrees: number): number {
  if (t < 0) return 1 - studentTail(-t, degrees);
  if (t === Number.POSITIVE_INFINITY) return 0;
  const [a, b] = [degrees / 2, 0.5];
  // P(T > t) = ½ I_x(a, ½) at x = degrees / (degrees + t²): Abramowitz and Stegun, 26.5.27.
  const ratio = (t * t) / degrees;
  const logX = -Math.log1p(ratio);
  const x = Math.exp(logX);
  const y = ratio / (1 + ratio);
  // x^a y^½ / B(a, ½), with B(a, ½) = Γ(a) √π / Γ(a + ½)
  const front = Math.exp(a * logX) * Math.sqrt(y / Math.PI) * gammaRatio(a);
  if (x < (a + 1) / (a + b + 2)) return (front * fraction(x, a, b)) / a / 2;
  return (1 - (front * fraction(y, b, a)) / b) / 2;
}

/** Returns the `t` with `P(T > t) = tail` of Student's t with `degrees` degrees of freedom, within 1e-9; `tail` is below ½. */
export function studentQuantile(tail: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (studentTail(high, degrees) > tail) high *= 2;
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (studentTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22, https://dlmf.nist.gov/8.17.E22), by Lentz's method. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    const before = value;
    for (const term of [even, odd]) {
      d = 1 / (1 + term * d);
      c = 1 + term / c;
      value *= c * d;
    }
    if (Math.abs(value - before) <= 1e-15 * Math.abs(value)) break;
  }
  return value;
}

/** `Γ(x + ½) / Γ(x)` for x > 0: its asymptotic series (DLMF 5.11.13), after smaller x are raised by Γ(x + 1) = x Γ(x). */
function gammaRatio(x: number): number {
  let factor = 1;
  let at = x;
  for (; at < SERIES_FROM; at++) factor *= at / (at + 0.5);
  const z = 1 / at;
  const series = 1 + z * (-1 / 8 + z * (1 / 128 + z * (5 / 1024 + z * (-21 / 32768 + (z * -399) / 262144))));
  return factor * Math.sqrt(at) * series;
}
