import { FEATURE, laneSums, madd } from './simd';

// The functions below compute blocks of a fixed number of features, so that the last block may have features too many: up to 3,
// in rowProduct up to 15. Reads beyond the last weight stay inside memory, because slack follows the weights. Results beyond the
// last feature are written to the padding of their buffer, which is never read. Both are reserved in ../layers.ts. This costs less
// than a special case for the last block.

/**
 * Computes two vectors (8 rows) by four features at a time: eight sums are enough to keep the arithmetic units busy despite their
 * latency, and few enough for the registers. `rows` is a multiple of 8.
 */
export function product(
  out: usize, weights: usize, outStep: usize, inStep: usize, input: usize,
  outs: usize, ins: usize, rows: usize, add: bool,
): void {
  out <<= 2;
  weights <<= 2;
  outStep <<= 2;
  inStep <<= 2;
  input <<= 2;
  for (let o: usize = 0; o < outs; o += 4) {
    for (let r: usize = 0; r < rows; r += 8) {
      const to = out + o * FEATURE + (r << 2);
      let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
      if (add) {
        s00 = v128.load(to);
        s01 = v128.load(to, 16);
        s10 = v128.load(to, FEATURE);
        s11 = v128.load(to, FEATURE + 16);
        s20 = v128.load(to, 2 * FEATURE);
        s21 = v128.load(to, 2 * FEATURE + 16);
        s30 = v128.load(to, 3 * FEATURE);
        s31 = v128.load(to, 3 * FEATURE + 16);
      }
      let w0 = weights + o * outStep, w1 = w0 + outStep, w2 = w1 + outStep, w3 = w2 + outStep;
      let from = input + (r << 2);
      for (const end = from + ins * FEATURE; from < end; from += FEATURE) {
        const x0 = v128.load(from), x1 = v128.load(from, 16);
        let w = v128.load32_splat(w0);
        s00 = madd(w, x0, s00);
        s01 = madd(w, x1, s01);
        w0 += inStep;
        w = v128.load32_splat(w1);
        s10 = madd(w, x0, s10);
        s11 = madd(w, x1, s11);
        w1 += inStep;
        w = v128.load32_splat(w2);
        s20 = madd(w, x0, s20);
        s21 = madd(w, x1, s21);
        w2 += inStep;
        w = v128.load32_splat(w3);
        s30 = madd(w, x0, s30);
        s31 = madd(w, x1, s31);
        w3 += inStep;
      }
      v128.store(to, s00);
      v128.store(to, s01, 16);
      v128.store(to, s10, FEATURE);
      v128.store(to, s11, FEATURE + 16);
      v128.store(to, s20, 2 * FEATURE);
      v128.store(to, s21, 2 * FEATURE + 16);
      v128.store(to, s30, 3 * FEATURE);
      v128.store(to, s31, 3 * FEATURE + 16);
    }
  }
}

/**
 * Computes one row. The units of a layer, adjacent in the weights, fill the lanes. A unit's sum adds the inputs in the same order
 * as in `product`, so that a row gives the same bits alone and among others.
 */
export function rowProduct(out: usize, weights: usize, input: usize, outs: usize, ins: usize): void {
  out <<= 2;
  weights <<= 2;
  input <<= 2;
  outs <<= 2;
  for (let o: usize = 0; o < outs; o += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let w = weights + o, from = input;
    for (const end = from + (ins << 2); from < end; from += 4) {
      const x = v128.load32_splat(from);
      s0 = madd(v128.load(w), x, s0);
      s1 = madd(v128.load(w, 16), x, s1);
      s2 = madd(v128.load(w, 32), x, s2);
      s3 = madd(v128.load(w, 48), x, s3);
      w += outs;
    }
    v128.store(out + o, s0);
    v128.store(out + o, s1, 16);
    v128.store(out + o, s2, 32);
    v128.store(out + o, s3, 48);
  }
}

/** Computes two inputs by four units at a time: eight sums of four lanes each, whose lanes are added at the end. */
export function weightGradient(out: usize, input: usize, errors: usize, ins: usize, outs: usize, rows: usize): void {
  out <<= 2;
  input <<= 2;
  errors <<= 2;
  for (let i: usize = 0; i < ins; i += 2) {
    for (let o: usize = 0; o < outs; o += 4) {
      let s00 = f32x4.splat(0), s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
      let from = input + i * FEATURE, error = errors + o * FEATURE;
      for (const end = from + (rows << 2); from < end; from += 16, error += 16) {
        const x0 = v128.load(from), x1 = v128.load(from, FEATURE);
        let e = v128.load(error);
        s00 = madd(x0, e, s00);
        s10 = madd(x1, e, s10);
        e = v128.load(error, FEATURE);
        s01 = madd(x0, e, s01);
        s11 = madd(x1, e, s11);
        e = v128.load(error, 2 * FEATURE);
        s02 = madd(x0, e, s02);
        s12 = madd(x1, e, s12);
        e = v128.load(error, 3 * FEATURE);
        s03 = madd(x0, e, s03);
        s13 = madd(x1, e, s13);
      }
      const to = out + ((i * outs + o) << 2);
      addFirst(to, laneSums(s00, s01, s02, s03), outs - o);
      if (i + 1 < ins) addFirst(to + (outs << 2), laneSums(s10, s11, s12, s13), outs - o);
    }
  }
}

/** Adds the first `count` lanes, at most 4, to memory. Gradients have no padding, so no other float may be written. */
// @ts-ignore: decorator
@inline
function addFirst(to: usize, sums: v128, count: usize): void {
  if (count >= 4) {
    v128.store(to, f32x4.add(v128.load(to), sums));
    return;
  }
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(sums, 0));
  if (count > 1) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(sums, 1), 4);
  if (count > 2) store<f32>(to, load<f32>(to, 8) + f32x4.extract_lane(sums, 2), 8);
}
