import type { Shape } from './shape.js';

/** An optimiser as Keras 3 defines it; its other constants are Keras' defaults (beta 0.9 and 0.999, epsilon 1e-7). */
export interface Optimizer {
  readonly name: 'nadam' | 'adam' | 'sgd';
  readonly learningRate: number;
}

/** One forward pass, in standardised units. The arrays are views into buffers that the next call overwrites. */
export interface Pass {
  /** `[rows, outputs]` */
  readonly outputs: Float32Array;
  /** `[rows, inputs]` */
  readonly reconstructions: Float32Array;
  /** `[rows]`: mean squared residual over the inputs, not weighted. */
  readonly errors: Float32Array;
}

/** The loss of one batch: `mean((outputs - targets)²) + auxiliaryWeight × reconstructionError`. */
export interface BatchLoss {
  readonly loss: number;
  readonly reconstructionError: number;
}

/** Trains and runs one network in standardised units. Synchronous; not re-entrant; every call reuses its buffers. */
export interface Engine {
  /** `kernel`, `plain`, or `tfjs-` and the TensorFlow.js backend. */
  readonly name: string;
  readonly shape: Shape;

  /** Runs the first `count` rows of `rows`, row-major `[≥ count, inputs]`. `count` may be 0. */
  forward(rows: Float32Array, count: number): Pass;

  /**
   * Computes the loss and the gradient of the batch `index[from..to)` of `rows` `[all, inputs]` and `targets`
   * `[all, outputs]`. An empty batch is a RangeError.
   */
  gradient(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss;

  /** The latest gradient, flat, in the order of `layerShapes`: a view that the next call overwrites. */
  gradients(): Float32Array;

  /** `gradient`, then one step of the optimiser. */
  step(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss;

  /** A copy of all weights, flat, in the order of `layerShapes`. */
  weights(): Float32Array;

  /** Replaces all weights; the optimiser's state stays. Throws a RangeError on another length. */
  setWeights(weights: Float32Array): void;

  /** Frees what the engine holds outside the JavaScript heap. */
  close(): void;
}

/**
 * Makes an engine: `weights` flat in the order of `layerShapes` (copied). The optimiser's state is made at the
 * first step, so that an engine that only serves does not hold it.
 */
export type EngineFactory = (shape: Shape, weights: Float32Array, optimizer?: Optimizer) => Engine;
