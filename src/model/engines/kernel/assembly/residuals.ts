import { FEATURE, laneSums, madd } from './simd';

/** Masks the rows beyond `count` lane by lane: rows of padding have values, but no residuals. */
export function residuals(
  errors: usize, out: usize, bias: usize, target: usize, biasGradient: usize,
  units: usize, count: i32, factor: f32,
): f32 {
  errors <<= 2;
  out <<= 2;
  bias <<= 2;
  target <<= 2;
  biasGradient <<= 2;
  const zero = f32x4.splat(0), factors = f32x4.splat(factor), counts = i32x4.splat(count);
  const first = i32x4(0, 1, 2, 3), four = i32x4.splat(4), rows = (count + 7) & ~7;
  let squares = zero;
  for (let u: usize = 0; u < units; u++) {
    const b = v128.load32_splat(bias + (u << 2));
    const offset = u * FEATURE;
    let sum = zero, lanes = first;
    for (let at = offset, end = offset + (rows << 2); at < end; at += 16) {
      const residual = v128.and(
        f32x4.sub(f32x4.add(v128.load(out + at), b), v128.load(target + at)),
        i32x4.lt_s(lanes, counts),
      );
      v128.store(errors + at, f32x4.mul(factors, residual));
      sum = f32x4.add(sum, residual);
      squares = madd(residual, residual, squares);
      lanes = i32x4.add(lanes, four);
    }
    const to = biasGradient + (u << 2);
    store<f32>(to, load<f32>(to) + factor * f32x4.extract_lane(laneSums(sum, zero, zero, zero), 0));
  }
  return f32x4.extract_lane(laneSums(squares, zero, zero, zero), 0);
}
