import type { Pass } from '../network/engine.js';
import type { Shape } from '../network/shape.js';

/** The results of forward passes: buffers that grow geometrically and are reused, and views of them. */
export class PassBuffers {
  private readonly shape: Shape;
  private whole: Pass;
  private pass: Pass;

  constructor(shape: Shape) {
    this.shape = shape;
    this.whole = this.pass = allocatePass(shape, 0);
  }

  /** Makes room for `count` rows. The same count as before returns the same views, so that serving allocates nothing. */
  reserve(count: number): Pass {
    const { inputs, outputs } = this.shape;
    const capacity = this.whole.errors.length;
    if (count > capacity) this.whole = this.pass = allocatePass(this.shape, Math.max(count, 2 * capacity));
    if (this.pass.errors.length !== count) {
      this.pass = {
        outputs: this.whole.outputs.subarray(0, count * outputs),
        reconstructions: this.whole.reconstructions.subarray(0, count * inputs),
        errors: this.whole.errors.subarray(0, count),
      };
    }
    return this.pass;
  }
}

function allocatePass({ inputs, outputs }: Shape, rows: number): Pass {
  return {
    outputs: new Float32Array(rows * outputs),
    reconstructions: new Float32Array(rows * inputs),
    errors: new Float32Array(rows),
  };
}
