import type { BatchLoss } from '../../network/engine.js';
import { forwardChunk } from './forward.js';
import { allocateBuffer, type Dense, type Layers } from './layers.js';
import { CHUNK, type Ops, padRows } from './ops.js';

/** Computes the gradient of the loss chunk by chunk, so that memory does not grow with the batch. */
export class Backward {
  /** The position of the flat gradient, which has the layout of the weights. */
  readonly gradient: number;
  private readonly ops: Ops;
  private readonly layers: Layers;
  private readonly auxiliaryWeight: number;
  /** Buffers of the derivatives of the loss by the layers' sums: hidden layers, then heads. */
  private readonly hiddenErrors: readonly number[];
  private readonly outErrors: number;
  private readonly reconstructErrors: number;

  constructor(ops: Ops, layers: Layers, auxiliaryWeight: number) {
    this.ops = ops;
    this.layers = layers;
    this.auxiliaryWeight = auxiliaryWeight;
    this.gradient = ops.alloc(layers.count);
    this.hiddenErrors = layers.hidden.map(({ units }) => allocateBuffer(ops, units));
    this.outErrors = allocateBuffer(ops, layers.out.units);
    this.reconstructErrors = allocateBuffer(ops, layers.reconstruct.units);
  }

  /** Computes the gradient and the loss over the rows `index[from..to)` of `rows` `[all, inputs]` and `targets` `[all, outputs]`. */
  run(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    const { ops, layers, gradient } = this;
    const { out, reconstruct } = layers;
    const outScale = 1 / ((to - from) * out.units);
    const reconstructScale = 1 / ((to - from) * reconstruct.units);
    ops.heap.fill(0, gradient, gradient + layers.count);
    let squares = 0;
    let reconstructionSquares = 0;
    for (let start = from; start < to; start += CHUNK) {
      const count = Math.min(CHUNK, to - start);
      forwardChunk(ops, layers, rows, start, count, index);
      this.loadTargets(targets, index, start, count);
      squares += this.residuals(out, this.outErrors, this.outErrors, count, 2 * outScale);
      reconstructionSquares += this.residuals(
        reconstruct,
        layers.input,
        this.reconstructErrors,
        count,
        2 * this.auxiliaryWeight * reconstructScale,
      );
      this.propagate(padRows(count));
    }
    const reconstructionError = reconstructionSquares * reconstructScale;
    return { loss: squares * outScale + this.auxiliaryWeight * reconstructionError, reconstructionError };
  }

  /** Copies the targets into the buffer of the output head's errors, which will replace them. */
  private loadTargets(targets: Float32Array, index: Int32Array, start: number, count: number): void {
    const { heap } = this.ops;
    const outputs = this.layers.out.units;
    for (let r = 0; r < count; r++) {
      const at = outputs * index[start + r]!;
      for (let o = 0; o < outputs; o++) heap[this.outErrors + o * CHUNK + r] = targets[at + o]!;
    }
  }

  /** Writes the derivatives of a head's squared residuals against `target`, times `factor`, to `errors`. Returns the sum of squares. */
  private residuals(head: Dense, target: number, errors: number, count: number, factor: number): number {
    const { out, bias, units } = head;
    return this.ops.residuals(errors, out, bias, target, this.gradientOf(bias), units, count, factor);
  }

  /** Propagates the heads' errors back through the hidden layers. */
  private propagate(rows: number): void {
    const { ops, layers, hiddenErrors } = this;
    const { hidden, out, reconstruct } = layers;
    this.weightGradient(out, hidden.length, this.outErrors, rows);
    this.weightGradient(reconstruct, hidden.length, this.reconstructErrors, rows);
    const last = hiddenErrors.at(-1);
    if (last === undefined) return;
    ops.product(last, out.kernel, out.units, 1, this.outErrors, out.inputs, out.units, rows, 0);
    const { inputs, units } = reconstruct;
    ops.product(last, reconstruct.kernel, units, 1, this.reconstructErrors, inputs, units, rows, 1);
    for (let i = hidden.length - 1; i >= 0; i--) {
      const layer = hidden[i]!;
      const errors = hiddenErrors[i]!;
      ops.seluGradient(errors, layer.out, this.gradientOf(layer.bias), layer.units, rows);
      this.weightGradient(layer, i, errors, rows);
      if (i === 0) return;
      ops.product(hiddenErrors[i - 1]!, layer.kernel, layer.units, 1, errors, layer.inputs, layer.units, rows, 0);
    }
  }

  /** Adds to the gradient of the kernel of a layer with `depth` hidden layers below it. */
  private weightGradient(layer: Dense, depth: number, errors: number, rows: number): void {
    const below = this.layers.hidden[depth - 1]?.out ?? this.layers.input;
    this.ops.weightGradient(this.gradientOf(layer.kernel), below, errors, layer.inputs, layer.units, rows);
  }

  private gradientOf(weight: number): number {
    return weight - this.layers.weights + this.gradient;
  }
}
