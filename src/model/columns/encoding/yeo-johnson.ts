/**
 * Yeo and Johnson's power transform (2000, https://doi.org/10.1093/biomet/87.4.954), which takes negative values too:
 * `((x + 1)^λ - 1) / λ` from 0 on, `-((1 - x)^(2 - λ) - 1) / (2 - λ)` below; logarithms where the exponent is 0.
 */
export function yeoJohnson(x: number, lambda: number): number {
  return x >= 0 ? boxCox(x, lambda) : -boxCox(-x, 2 - lambda);
}

function boxCox(x: number, power: number): number {
  const log = Math.log1p(x);
  return power === 0 ? log : Math.expm1(power * log) / power;
}

/** Range of λ that is searched. scikit-learn's and SciPy's optimum is inside it for all but constant columns. */
const [MIN_LAMBDA, MAX_LAMBDA] = [-5, 5];
const TOLERANCE = 1e-5;

/**
 * Returns the λ of greatest likelihood, if the transformed `values` are normal: the maximum of
 * `-n/2 log(variance of the transformed) + (λ - 1) Σ sign(x) log(|x| + 1)`, as SciPy's `yeojohnson_llf` gives it, by golden
 * section.
 */
export function fitYeoJohnson(values: Float64Array): number {
  let logs = 0;
  for (const x of values) logs += Math.sign(x) * Math.log1p(Math.abs(x));
  const transformed = new Float64Array(values.length);
  const likelihood = (lambda: number) => {
    let mean = 0;
    for (let i = 0; i < values.length; i++) {
      transformed[i] = yeoJohnson(values[i]!, lambda);
      mean += transformed[i]! / values.length;
    }
    let variance = 0;
    for (const y of transformed) variance += (y - mean) ** 2 / values.length;
    return (-values.length / 2) * Math.log(variance) + (lambda - 1) * logs;
  };
  return maximise(likelihood, MIN_LAMBDA, MAX_LAMBDA);
}

/** Returns where a function of one maximum has it (Kiefer, 1953). A value that is not a number is no maximum. */
function maximise(value: (at: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  const valueAt = (at: number) => {
    const found = value(at);
    return Number.isNaN(found) ? Number.NEGATIVE_INFINITY : found;
  };
  let [low, high] = [from, to];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [valueAt(a), valueAt(b)];
  while (high - low > TOLERANCE) {
    if (atA >= atB) {
      [high, b, atB] = [b, a, atA];
      a = high - ratio * (high - low);
      atA = valueAt(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + ratio * (high - low);
      atB = valueAt(b);
    }
  }
  return (low + high) / 2;
}
