import { FEATURE, laneSums, madd } from './lanes';

/** Klambauer et al. 2017, https://arxiv.org/abs/1706.02515: scale, and scale times alpha. */
const SCALE: f32 = 1.0507009873554805;
const SCALE_ALPHA: f32 = 1.7580993408473766;

/** Activates in place. `rows` is a multiple of 8: two vectors share their constants, which takes a seventh off. */
export function biasSelu(out: usize, bias: usize, outs: usize, rows: usize): void {
  out <<= 2;
  bias <<= 2;
  for (let o: usize = 0; o < outs; o++) {
    const b = v128.load32_splat(bias + (o << 2));
    let at = out + o * FEATURE;
    for (const end = at + (rows << 2); at < end; at += 32) {
      v128.store(at, selu(f32x4.add(v128.load(at), b)));
      v128.store(at, selu(f32x4.add(v128.load(at, 16), b)), 16);
    }
  }
}

/** Up to 7 features too many: they read slack behind the last bias, and land in the buffer's padding. */
export function rowBiasSelu(out: usize, bias: usize, outs: usize): void {
  out <<= 2;
  bias <<= 2;
  for (const end = out + (outs << 2); out < end; out += 32, bias += 32) {
    v128.store(out, selu(f32x4.add(v128.load(out), v128.load(bias))));
    v128.store(out, selu(f32x4.add(v128.load(out, 16), v128.load(bias, 16))), 16);
  }
}

/** The derivative follows from the activation alone: y + scale × alpha where y ≤ 0, else scale. */
export function seluGradient(errors: usize, out: usize, bias: usize, outs: usize, rows: usize): void {
  errors <<= 2;
  out <<= 2;
  bias <<= 2;
  const zero = f32x4.splat(0), scale = f32x4.splat(SCALE), scaleAlpha = f32x4.splat(SCALE_ALPHA);
  for (let o: usize = 0; o < outs; o++) {
    let error = errors + o * FEATURE, at = out + o * FEATURE, sum = zero;
    for (const end = error + (rows << 2); error < end; error += 16, at += 16) {
      const y = v128.load(at);
      const slope = v128.bitselect(scale, f32x4.add(y, scaleAlpha), f32x4.gt(y, zero));
      const e = f32x4.mul(v128.load(error), slope);
      v128.store(error, e);
      sum = f32x4.add(sum, e);
    }
    const to = bias + (o << 2);
    store<f32>(to, load<f32>(to) + f32x4.extract_lane(laneSums(sum, zero, zero, zero), 0));
  }
}

/**
 * pmin and pmax are one x86 instruction each, min and max several: that makes this function 1.7 times faster. In this
 * order of arguments they pass NaN on. Below -30, exp(x) vanishes beside 1; the clamp also keeps 2^n from becoming
 * denormal, which costs twice the time.
 */
// @ts-ignore: decorator
@inline
function selu(x: v128): v128 {
  const zero = f32x4.splat(0);
  const negative = expm1(f32x4.pmax(f32x4.pmin(x, zero), f32x4.splat(-30)));
  return madd(f32x4.pmax(x, zero), f32x4.splat(SCALE), f32x4.mul(negative, f32x4.splat(SCALE_ALPHA)));
}

/**
 * exp(x) - 1 for x in [-30, 0], to 1.4e-7 relative: x = n ln 2 + r with a whole n, the polynomial of Cephes' expf
 * (Moshier, https://www.netlib.org/cephes/) for exp(r) - 1, and 2^n put together from its bits.
 */
// @ts-ignore: decorator
@inline
function expm1(x: v128): v128 {
  const roundToWhole = f32x4.splat(12582912); // 1.5 × 2^23: after adding it, the low bits hold the rounded number.
  const shifted = madd(x, f32x4.splat(1.44269504088896341), roundToWhole);
  const n = f32x4.sub(shifted, roundToWhole);
  // ln 2 in two parts, the first short enough for n × part to be exact.
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.1219444e-4), r);
  let p = madd(f32x4.splat(1.98756915e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = madd(p, f32x4.mul(r, r), r);
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000)); // 2^n: n in the exponent's bits.
  return madd(p, power, f32x4.sub(power, f32x4.splat(1)));
}
