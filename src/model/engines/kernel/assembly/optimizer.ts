import { madd } from './simd';

/** `count` is a multiple of 4. */
export function adam(
  weights: usize, gradient: usize, mean: usize, variance: usize, count: usize,
  meanRate: f32, varianceRate: f32, meanFactor: f32, gradientFactor: f32, deviationFactor: f32, epsilon: f32,
): void {
  weights <<= 2;
  gradient <<= 2;
  mean <<= 2;
  variance <<= 2;
  const meanRates = f32x4.splat(meanRate), varianceRates = f32x4.splat(varianceRate);
  const meanFactors = f32x4.splat(meanFactor), gradientFactors = f32x4.splat(gradientFactor);
  const deviationFactors = f32x4.splat(deviationFactor), epsilons = f32x4.splat(epsilon);
  for (const end = weights + (count << 2); weights < end; weights += 16, gradient += 16, mean += 16, variance += 16) {
    const g = v128.load(gradient);
    let m = v128.load(mean), v = v128.load(variance);
    m = madd(f32x4.sub(g, m), meanRates, m);
    v = madd(f32x4.sub(f32x4.mul(g, g), v), varianceRates, v);
    v128.store(mean, m);
    v128.store(variance, v);
    const direction = madd(meanFactors, m, f32x4.mul(gradientFactors, g));
    const scale = madd(deviationFactors, f32x4.sqrt(v), epsilons);
    v128.store(weights, f32x4.sub(v128.load(weights), f32x4.div(direction, scale)));
  }
}

/** `count` is a multiple of 4. */
export function descend(weights: usize, gradient: usize, count: usize, learningRate: f32): void {
  weights <<= 2;
  gradient <<= 2;
  const rates = f32x4.splat(learningRate);
  for (const end = weights + (count << 2); weights < end; weights += 16, gradient += 16) {
    v128.store(weights, f32x4.sub(v128.load(weights), f32x4.mul(rates, v128.load(gradient))));
  }
}
