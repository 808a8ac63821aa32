import { networkFactory } from '../../src/model/engines/kernel/network.js';
import { CHUNK, type Ops, padRows } from '../../src/model/engines/kernel/ops.js';
import type { EngineFactory } from '../../src/model/network/engine.js';

const SCALE = 1.0507009873554805;
const SCALE_ALPHA = 1.7580993408473766;

/** Loads the kernel's network on the operations below. */
export function loadReferenceEngine(): EngineFactory {
  return networkFactory('reference', referenceOps);
}

/**
 * The kernel's operations in TypeScript and float64: the oracle of the operations in WebAssembly. Blocks of eight sums save V8
 * from loading and storing each of them.
 */
export function referenceOps(): Ops {
  let heap = new Float64Array(1 << 14);
  let end = 0;
  const ops: Ops = {
    heap,

    alloc(count) {
      const at = end;
      end = Math.ceil((at + count) / 16) * 16;
      if (end > heap.length) {
        const larger = new Float64Array(Math.max(end, 2 * heap.length));
        larger.set(heap);
        heap = larger;
        ops.heap = larger;
      }
      return at;
    },

    release() {},

    product(out, weights, outStep, inStep, input, outs, ins, rows, add) {
      const h = heap;
      for (let o = 0; o < outs; o++) {
        for (let r = 0; r < rows; r += 8) {
          const to = out + o * CHUNK + r;
          if (!add) h.fill(0, to, to + 8);
          let s0 = h[to]!;
          let s1 = h[to + 1]!;
          let s2 = h[to + 2]!;
          let s3 = h[to + 3]!;
          let s4 = h[to + 4]!;
          let s5 = h[to + 5]!;
          let s6 = h[to + 6]!;
          let s7 = h[to + 7]!;
          let weight = weights + o * outStep;
          let from = input + r;
          for (const last = from + ins * CHUNK; from < last; from += CHUNK, weight += inStep) {
            const w = h[weight]!;
            s0 += w * h[from]!;
            s1 += w * h[from + 1]!;
            s2 += w * h[from + 2]!;
            s3 += w * h[from + 3]!;
            s4 += w * h[from + 4]!;
            s5 += w * h[from + 5]!;
            s6 += w * h[from + 6]!;
            s7 += w * h[from + 7]!;
          }
          h[to] = s0;
          h[to + 1] = s1;
          h[to + 2] = s2;
          h[to + 3] = s3;
          h[to + 4] = s4;
          h[to + 5] = s5;
          h[to + 6] = s6;
          h[to + 7] = s7;
        }
      }
    },

    rowProduct(out, weights, input, outs, ins) {
      const h = heap;
      for (let o = 0; o < outs; o++) {
        let sum = 0;
        for (let i = 0; i < ins; i++) sum += h[weights + i * outs + o]! * h[input + i]!;
        h[out + o] = sum;
      }
    },

    biasSelu(out, bias, outs, rows) {
      const h = heap;
      for (let o = 0; o < outs; o++) {
        const b = h[bias + o]!;
        const from = out + o * CHUNK;
        for (let at = from; at < from + rows; at++) h[at] = selu(h[at]! + b);
      }
    },

    rowBiasSelu(out, bias, outs) {
      const h = heap;
      for (let o = 0; o < outs; o++) h[out + o] = selu(h[out + o]! + h[bias + o]!);
    },

    seluGradient(errors, out, bias, outs, rows) {
      const h = heap;
      for (let o = 0; o < outs; o++) {
        let sum = 0;
        for (let r = o * CHUNK; r < o * CHUNK + rows; r++) {
          const y = h[out + r]!;
          const error = h[errors + r]! * (y > 0 ? SCALE : y + SCALE_ALPHA);
          h[errors + r] = error;
          sum += error;
        }
        h[bias + o]! += sum;
      }
    },

    weightGradient(out, input, errors, ins, outs, rows) {
      const h = heap;
      for (let i = 0; i < ins; i++) {
        const from = input + i * CHUNK;
        for (let o = 0; o < outs; o += 4) {
          let s0 = 0;
          let s1 = 0;
          let s2 = 0;
          let s3 = 0;
          let error = errors + o * CHUNK;
          for (let at = from; at < from + rows; at++, error++) {
            const x = h[at]!;
            s0 += x * h[error]!;
            s1 += x * h[error + CHUNK]!;
            s2 += x * h[error + 2 * CHUNK]!;
            s3 += x * h[error + 3 * CHUNK]!;
          }
          const to = out + i * outs + o;
          h[to]! += s0;
          if (o + 1 < outs) h[to + 1]! += s1;
          if (o + 2 < outs) h[to + 2]! += s2;
          if (o + 3 < outs) h[to + 3]! += s3;
        }
      }
    },

    residuals(errors, out, bias, target, biasGradient, units, count, factor) {
      const h = heap;
      let squares = 0;
      for (let u = 0; u < units; u++) {
        const offset = u * CHUNK;
        let sum = 0;
        for (let at = offset; at < offset + count; at++) {
          const residual = h[out + at]! + h[bias + u]! - h[target + at]!;
          h[errors + at] = factor * residual;
          sum += residual;
          squares += residual * residual;
        }
        h.fill(0, errors + offset + count, errors + offset + padRows(count));
        h[biasGradient + u]! += factor * sum;
      }
      return squares;
    },

    adam(
      weights,
      gradient,
      mean,
      variance,
      count,
      meanRate,
      varianceRate,
      meanFactor,
      gradientFactor,
      deviationFactor,
      epsilon,
    ) {
      const h = heap;
      for (let i = 0; i < count; i++) {
        const g = h[gradient + i]!;
        const m = h[mean + i]! + (g - h[mean + i]!) * meanRate;
        const v = h[variance + i]! + (g * g - h[variance + i]!) * varianceRate;
        h[mean + i] = m;
        h[variance + i] = v;
        h[weights + i]! -= (meanFactor * m + gradientFactor * g) / (deviationFactor * Math.sqrt(v) + epsilon);
      }
    },

    descend(weights, gradient, count, learningRate) {
      const h = heap;
      for (let i = 0; i < count; i++) h[weights + i]! -= learningRate * h[gradient + i]!;
    },
  };
  return ops;
}

/** Returns NaN for NaN, as the kernel does. */
function selu(x: number): number {
  return x > 0 ? SCALE * x : SCALE_ALPHA * Math.expm1(x);
}
