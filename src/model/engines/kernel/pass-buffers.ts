import type { Pass } from '../../network/engine.js';
import type { Shape } from '../../network/shape.js';
import type { Layers } from './layers.js';
import type { Ops } from './ops.js';

/** The results of forward passes: buffers that grow geometrically and are reused, and views of them. */
export class PassBuffers {
  private readonly shape: Shape;
  private capacity = 0;
  private whole: Pass = {
    outputs: new Float32Array(),
    reconstructions: new Float32Array(),
    errors: new Float32Array(),
  };
  private pass: Pass = this.whole;

  constructor(shape: Shape) {
    this.shape = shape;
  }

  /** Makes room for `count` rows. The same count as before returns the same views, so that serving allocates nothing. */
  reserve(count: number): Pass {
    const { inputs, outputs } = this.shape;
    if (count > this.capacity) {
      this.capacity = Math.max(count, 2 * this.capacity);
      this.whole = {
        outputs: new Float32Array(this.capacity * outputs),
        reconstructions: new Float32Array(this.capacity * inputs),
        errors: new Float32Array(this.capacity),
      };
      this.pass = this.whole;
    }
    if (this.pass.errors.length !== count) {
      this.pass = {
        outputs: this.whole.outputs.subarray(0, count * outputs),
        reconstructions: this.whole.reconstructions.subarray(0, count * inputs),
        errors: this.whole.errors.subarray(0, count),
      };
    }
    return this.pass;
  }

  /** Reads `count` rows, which start at row `start` of the pass, from the heads' buffers, whose features are `stride` apart. */
  read({ heap }: Ops, { input, out, reconstruct }: Layers, start: number, count: number, stride: number): void {
    const { outputs, reconstructions, errors } = this.pass;
    const { units } = reconstruct;
    for (let r = 0, to = start * units; r < count; r++) {
      let sum = 0;
      for (let i = 0, at = r; i < units; i++, at += stride) {
        const value = heap[reconstruct.out + at]! + heap[reconstruct.bias + i]!;
        const residual = value - heap[input + at]!;
        reconstructions[to++] = value;
        sum += residual * residual;
      }
      errors[start + r] = sum / units;
    }
    for (let r = 0, to = start * out.units; r < count; r++) {
      for (let o = 0, at = r; o < out.units; o++, at += stride) {
        outputs[to++] = heap[out.out + at]! + heap[out.bias + o]!;
      }
    }
  }
}
