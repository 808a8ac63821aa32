import { FEATURE, laneSums, madd } from './simd';

/** SELU's scale, and scale times alpha (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515). */
const SCALE: f32 = 1.0507009873554805;
const SCALE_ALPHA: f32 = 1.7580993408473766;

/** Activates in place. `rows` is a multiple of 8. */
export function biasSelu(out: usize, bias: usize, outs: usize, rows: usize): void {
  out <<= 2;
  bias <<= 2;
  for (let o: usize = 0; o < outs; o++) {
    const b = v128.load32_splat(bias + (o << 2));
    let at = out + o * FEATURE;
    for (const end = at + (rows << 2); at < end; at += 32) {
      selu(at, f32x4.add(v128.load(at), b), f32x4.add(v128.load(at, 16), b));
    }
  }
}

/** Computes up to 7 features too many, which read the slack after the last bias and are written to the buffer's padding. */
export function rowBiasSelu(out: usize, bias: usize, outs: usize): void {
  out <<= 2;
  bias <<= 2;
  for (const end = out + (outs << 2); out < end; out += 32, bias += 32) {
    selu(out, f32x4.add(v128.load(out), v128.load(bias)), f32x4.add(v128.load(out, 16), v128.load(bias, 16)));
  }
}

/** Derives the derivative from the activation alone: y + scale × alpha where y ≤ 0, else scale. */
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

/** Constants in memory, where loading one takes one instruction. V8 recomputes a constant of the code in every iteration of a loop. */
const CONSTANTS = memory.data<f32>([
  -30, 12582912, 1.44269504088896341, -0.6931471805599453,
  1.388252216362e-3, 8.36651397497e-3, 4.166719965487e-2, 1.666654366980e-1, 4.999999815513e-1, SCALE_ALPHA, SCALE,
]);

// @ts-ignore: decorator
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(CONSTANTS + (i << 2));
}

/**
 * Stores selu(x) and selu(y) at `to`. Two vectors share the constants, which do not all fit into registers.
 *
 * pmin and pmax are one x86 instruction each, min and max are several: pmin and pmax make this function 1.7 times faster. In this
 * order of arguments they propagate NaN. Below -30, exp(x) is negligible beside 1. The clamp also prevents a denormal 2^n, which
 * would take twice the time.
 *
 * exp(x) - 1 is computed for x in [-30, 0] with a relative error of 1.4e-7: x = n ln 2 + r with an integer n,
 * exp(r) - 1 = r + r² P(r), and 2^n assembled from its bits. P is the minimax polynomial of degree 4 (Remez); its error is 1.3e-8
 * of exp(r) - 1 for |r| ≤ ln 2 / 2. A float32 is precise enough for ln 2: where n is large, and with it the error of n ln 2,
 * exp(x) is small beside 1.
 */
// @ts-ignore: decorator
@inline
function selu(to: usize, x: v128, y: v128): void {
  const zero = f32x4.splat(0);
  let c = constant(0);
  const xNegative = f32x4.pmax(f32x4.pmin(x, zero), c), yNegative = f32x4.pmax(f32x4.pmin(y, zero), c);
  const roundToWhole = constant(1); // 1.5 × 2^23: once it is added, the low bits hold the rounded number.
  c = constant(2);
  const xShifted = madd(xNegative, c, roundToWhole), yShifted = madd(yNegative, c, roundToWhole);
  c = constant(3);
  const r = madd(f32x4.sub(xShifted, roundToWhole), c, xNegative);
  const s = madd(f32x4.sub(yShifted, roundToWhole), c, yNegative);
  c = constant(4);
  let p = c, q = c;
  for (let i: usize = 5; i <= 8; i++) {
    c = constant(i);
    p = madd(p, r, c);
    q = madd(q, s, c);
  }
  p = madd(p, f32x4.mul(r, r), r);
  q = madd(q, f32x4.mul(s, s), s);
  const scaleAlpha = constant(9);
  const xPower = i32x4.add(i32x4.shl(xShifted, 23), scaleAlpha); // scale × alpha × 2^n: n is added to the bits of the exponent.
  const yPower = i32x4.add(i32x4.shl(yShifted, 23), scaleAlpha);
  p = madd(p, xPower, f32x4.sub(xPower, scaleAlpha));
  q = madd(q, yPower, f32x4.sub(yPower, scaleAlpha));
  c = constant(10);
  v128.store(to, madd(f32x4.pmax(x, zero), c, p));
  v128.store(to, madd(f32x4.pmax(y, zero), c, q), 16);
}
