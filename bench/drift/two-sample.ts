/**
 * Returns the p-value of the two-sample Kolmogorov-Smirnov test on ascending samples, by the asymptotic distribution
 * `2 Σ (-1)^(k-1) exp(-2 k² λ²)`, `λ = D √(n m / (n + m))`.
 */
export function kolmogorovSmirnov(first: Float64Array, second: Float64Array): number {
  const n = first.length;
  const m = second.length;
  let distance = 0;
  let j = 0;
  for (let i = 0; i < n; ) {
    const value = first[i]!;
    while (j < m && second[j]! < value) j++;
    distance = Math.max(distance, Math.abs(i / n - j / m));
    while (i < n && first[i] === value) i++;
    while (j < m && second[j] === value) j++;
    distance = Math.max(distance, Math.abs(i / n - j / m));
  }
  const lambda = distance * Math.sqrt((n * m) / (n + m));
  // Below this value the series converges slowly, and the p-value is 1 to many digits.
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * (k * lambda) ** 2);
  return sum;
}

/** Returns the first Wasserstein distance of two ascending samples, the area between their distribution functions. */
export function wassersteinDistance(first: Float64Array, second: Float64Array): number {
  let area = 0;
  let i = 0;
  let j = 0;
  let previous = Math.min(first[0]!, second[0]!);
  while (i < first.length || j < second.length) {
    const value = Math.min(first[i] ?? Number.POSITIVE_INFINITY, second[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / first.length - j / second.length) * (value - previous);
    while (i < first.length && first[i] === value) i++;
    while (j < second.length && second[j] === value) j++;
    previous = value;
  }
  return area;
}
