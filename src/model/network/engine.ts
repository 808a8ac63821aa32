import type { Shape } from './shape.js';

/** An optimiser as Keras 3 defines it, with Keras' defaults for its other constants (beta 0.9 and 0.999, epsilon 1e-7). */
export interface Optimizer {
  readonly name: 'nadam' | 'adam' | 'sgd';
  readonly learningRate: number;
}

/** The results of one forward pass, in standardised units. The arrays are views of buffers that the next call overwrites. */
export interface Pass {
  /** `[rows, outputs]` */
  readonly outputs: Float32Array;
  /** `[rows, inputs]` */
  readonly reconstructions: Float32Array;
  /** `[rows]`: mean squared residual over the inputs, unweighted. */
  readonly errors: Float32Array;
}

/** The loss of one batch: `mean((outputs - targets)²) + auxiliaryWeight × reconstructionError`. */
export interface BatchLoss {
  readonly loss: number;
  readonly reconstructionError: number;
}

/** Trains and runs one network in standardised units. Synchronous and not re-entrant. All calls share the same buffers. */
export interface Engine {
  /** `kernel`, or `tfjs-` and the TensorFlow.js backend. */
  readonly name: string;
  readonly shape: Shape;

  /** Runs the first `count` rows of `rows`, row-major `[≥ count, inputs]`. `count` may be 0. */
  forward(rows: Float32Array, count: number): Pass;

  /** Writes the outputs of the first `count` rows to `to` `[≥ count, outputs]`: the same as those of `forward`, without the rest. */
  outputs(rows: Float32Array, count: number, to: Float32Array): void;

  /**
   * Computes the loss and the gradient of the batch `index[from..to)` of `rows` `[all, inputs]` and `targets`
   * `[all, outputs]`. An empty batch is a RangeError.
   */
  gradient(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss;

  /** The latest gradient, flat, in the order of `layerShapes`. It is a view that the next call overwrites. */
  gradients(): Float32Array;

  /** Computes the gradient and performs one step of the optimiser. */
  step(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss;

  /** Returns a copy of all weights, flat, in the order of `layerShapes`: `to`, if there is one, of their number. */
  weights(to?: Float32Array): Float32Array;

  /** Replaces all weights, but not the optimiser's state. Throws a RangeError if the length differs. */
  setWeights(weights: Float32Array): void;

  /** Frees memory outside the JavaScript heap. */
  close(): void;
}

/**
 * Creates an engine. `weights`, flat in the order of `layerShapes`, are copied. The optimiser's state is allocated at the first step,
 * so that an engine that only serves does not have it.
 */
export type EngineFactory = (shape: Shape, weights: Float32Array, optimizer?: Optimizer) => Engine;
