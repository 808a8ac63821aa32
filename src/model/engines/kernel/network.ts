import type { BatchLoss, Engine, EngineFactory, Optimizer, Pass } from '../../network/engine.js';
import type { Shape } from '../../network/shape.js';
import { PassBuffers } from '../pass-buffers.js';
import { Backward } from './backward.js';
import { forwardChunk, forwardRow, outputChunk, readOutputs, readPass } from './forward.js';
import { allocateLayers, type Layers } from './layers.js';
import { CHUNK, type Ops, ROW_BLOCK } from './ops.js';
import { Update } from './optimizer.js';
import { loadWasmOps } from './wasm-ops.js';

/** Up to this many rows are faster one by one than as a chunk, which is computed in blocks of eight rows. */
const FEW_ROWS = 4;

/**
 * Loads the fastest kernel that this JavaScript engine can run: with fused multiply-add or else with plain SIMD. Throws an Error
 * if it has neither.
 */
export function loadKernel(): EngineFactory {
  const createOps = loadWasmOps('relaxed') ?? loadWasmOps('simd');
  if (createOps) return networkFactory('kernel', createOps);
  throw new Error(
    'this JavaScript engine has no WebAssembly SIMD, which the kernel needs; run Node.js without --jitless',
  );
}

/** Returns a factory of engines named `name` on the given operations. Each engine has its own memory. */
export function networkFactory(name: string, createOps: () => Ops): EngineFactory {
  return (shape, weights, optimizer) => new Network(name, shape, weights, optimizer, createOps());
}

class Network implements Engine {
  readonly name: string;
  readonly shape: Shape;
  private readonly optimizer: Optimizer | undefined;
  /** Undefined once closed. */
  private parts: { ops: Ops; layers: Layers; buffers: PassBuffers; backward?: Backward; update?: Update } | undefined;
  private gradientView: Float32Array | undefined;

  constructor(name: string, shape: Shape, weights: Float32Array, optimizer: Optimizer | undefined, ops: Ops) {
    this.name = name;
    this.shape = shape;
    this.optimizer = optimizer;
    this.parts = { ops, layers: allocateLayers(ops, shape), buffers: new PassBuffers(shape) };
    this.setWeights(weights);
  }

  forward(rows: Float32Array, count: number): Pass {
    const { ops, layers, buffers } = this.open();
    if (!(count >= 0 && count * this.shape.inputs <= rows.length)) {
      throw new RangeError(`expected ${count} rows of ${this.shape.inputs} inputs, got ${rows.length} numbers`);
    }
    const pass = buffers.reserve(count);
    let start = 0;
    while (count - start > FEW_ROWS) {
      let size = Math.min(CHUNK, count - start);
      if (size % ROW_BLOCK <= FEW_ROWS) size -= size % ROW_BLOCK;
      forwardChunk(ops, layers, rows, start, size);
      readPass(ops, layers, pass, start, size, CHUNK);
      start += size;
    }
    for (; start < count; start++) {
      forwardRow(ops, layers, rows, start);
      readPass(ops, layers, pass, start, 1, 1);
    }
    return pass;
  }

  outputs(rows: Float32Array, count: number, to: Float32Array): void {
    const { ops, layers } = this.open();
    const { inputs, outputs } = this.shape;
    if (!(count >= 0 && count * inputs <= rows.length && count * outputs <= to.length)) {
      throw new RangeError(
        `expected ${count} rows of ${inputs} inputs and room for their ${outputs} outputs, got ${rows.length} numbers and room for ${to.length}`,
      );
    }
    for (let start = 0; start < count; start += CHUNK) {
      const size = Math.min(CHUNK, count - start);
      outputChunk(ops, layers, rows, start, size);
      readOutputs(ops, layers, to, start, size, CHUNK);
    }
  }

  gradient(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    const parts = this.open();
    if (!(from >= 0 && from < to && to <= index.length)) {
      throw new RangeError(
        `expected a batch of 1 or more rows within an index of ${index.length}, got ${from} to ${to}`,
      );
    }
    parts.backward ??= new Backward(parts.ops, parts.layers, this.shape.auxiliaryWeight);
    return parts.backward.run(rows, targets, index, from, to);
  }

  gradients(): Float32Array {
    const { ops, layers, backward } = this.open();
    this.gradientView ??= new Float32Array(layers.count);
    if (backward) this.gradientView.set(ops.heap.subarray(backward.gradient, backward.gradient + layers.count));
    return this.gradientView;
  }

  step(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    const parts = this.open();
    if (!this.optimizer) throw new Error('this engine was created without an optimizer and cannot step');
    const loss = this.gradient(rows, targets, index, from, to);
    parts.update ??= new Update(parts.ops, this.optimizer, parts.layers.count);
    parts.update.apply(parts.layers.weights, parts.backward!.gradient);
    return loss;
  }

  weights(to?: Float32Array): Float32Array {
    const { ops, layers } = this.open();
    const copy = to ?? new Float32Array(layers.count);
    copy.set(ops.heap.subarray(layers.weights, layers.weights + layers.count));
    return copy;
  }

  setWeights(weights: Float32Array): void {
    const { ops, layers } = this.open();
    if (weights.length !== layers.count) {
      throw new RangeError(`expected ${layers.count} weights, got ${weights.length}`);
    }
    ops.heap.set(weights, layers.weights);
  }

  close(): void {
    this.parts?.ops.release();
    this.parts = undefined;
    this.gradientView = undefined;
  }

  private open() {
    if (!this.parts) throw new Error('this engine is closed');
    return this.parts;
  }
}
