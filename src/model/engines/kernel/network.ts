import type { BatchLoss, Engine, EngineFactory, Optimizer, Pass } from '../../network/engine.js';
import type { Shape } from '../../network/shape.js';
import { Backward } from './backward.js';
import { forwardChunk, forwardRow } from './forward.js';
import { allocateLayers, type Layers } from './layers.js';
import { CHUNK, type Ops, ROW_BLOCK } from './ops.js';
import { Update } from './optimizer.js';
import { PassBuffers } from './pass-buffers.js';
import { referenceOps } from './reference-ops.js';
import { loadWasmOps } from './wasm-ops.js';

/** Up to this many rows are faster one by one than in a chunk, which is computed in blocks of eight. */
const FEW_ROWS = 4;

/** Loads the fastest kernel that runs here: with fused multiply-add, with SIMD, or the plain one. */
export function loadKernel(): EngineFactory {
  const createOps = loadWasmOps('relaxed') ?? loadWasmOps('simd');
  return createOps ? networkFactory('kernel', createOps) : loadReferenceOps();
}

/** Loads the kernel in plain TypeScript and float64: the tests' oracle, and the fallback where SIMD is missing. */
export function loadReferenceOps(): EngineFactory {
  return networkFactory('plain', referenceOps);
}

/** Makes engines named `name` on the given operations; each engine has a memory of its own. */
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
      throw new RangeError(`${count} rows of ${this.shape.inputs} inputs asked for, ${rows.length} numbers given`);
    }
    const pass = buffers.reserve(count);
    let start = 0;
    while (count - start > FEW_ROWS) {
      let size = Math.min(CHUNK, count - start);
      if (size % ROW_BLOCK <= FEW_ROWS) size -= size % ROW_BLOCK;
      forwardChunk(ops, layers, rows, start, size);
      buffers.take(ops, layers, start, size, CHUNK);
      start += size;
    }
    for (; start < count; start++) {
      forwardRow(ops, layers, rows, start);
      buffers.take(ops, layers, start, 1, 1);
    }
    return pass;
  }

  gradient(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    const parts = this.open();
    if (!(from >= 0 && from < to && to <= index.length)) {
      throw new RangeError(`a batch from ${from} to ${to} is empty or outside an index of ${index.length}`);
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
    if (!this.optimizer) throw new Error('this engine was made without an optimizer and cannot step');
    const loss = this.gradient(rows, targets, index, from, to);
    parts.update ??= new Update(parts.ops, this.optimizer, parts.layers.count);
    parts.update.apply(parts.layers.weights, parts.backward!.gradient);
    return loss;
  }

  weights(): Float32Array {
    const { ops, layers } = this.open();
    return Float32Array.from(ops.heap.subarray(layers.weights, layers.weights + layers.count));
  }

  setWeights(weights: Float32Array): void {
    const { ops, layers } = this.open();
    if (weights.length !== layers.count) {
      throw new RangeError(`expected ${layers.count} weights, got ${weights.length}`);
    }
    ops.heap.set(weights, layers.weights);
  }

  close(): void {
    this.parts = undefined;
    this.gradientView = undefined;
  }

  private open() {
    if (!this.parts) throw new Error('this engine is closed');
    return this.parts;
  }
}
