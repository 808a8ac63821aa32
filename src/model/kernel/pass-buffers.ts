import type { Pass } from '../engine.js';
import type { Shape } from '../shape.js';
import type { Layers } from './layers.js';
import type { Ops } from './ops.js';

/** What a forward pass returns: buffers that grow geometrically and are reused, and views of them. */
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

  /** Room for `count` rows. A count like the one before gives the same views, so that serving makes no garbage. */
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

  /** Takes `count` rows, from row `start` of the pass on, out of the heads' buffers, whose features are `stride` apart. */
  take({ heap }: Ops, { input, out, reconstruct }: Layers, start: number, count: number, stride: number): void {
    const { outputs, reconstructions, errors } = this.pass;
    for (let r = 0; r < count; r++) {
      const row = start + r;
      for (let o = 0; o < out.units; o++) {
        outputs[row * out.units + o] = heap[out.out + o * stride + r]! + heap[out.bias + o]!;
      }
      let sum = 0;
      for (let i = 0; i < reconstruct.units; i++) {
        const value = heap[reconstruct.out + i * stride + r]! + heap[reconstruct.bias + i]!;
        const residual = value - heap[input + i * stride + r]!;
        reconstructions[row * reconstruct.units + i] = value;
        sum += residual * residual;
      }
      errors[row] = sum / reconstruct.units;
    }
  }
}
