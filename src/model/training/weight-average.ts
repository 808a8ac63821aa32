import type { Engine } from '../network/engine.js';

/** What a step keeps of the average. The last hundred steps or so count. */
const DECAY = 0.99;

/** Steps between two updates, and updates per epoch, at least. Copies of the weights then take a hundredth of the time. */
const MAX_INTERVAL = 8;
const MIN_UPDATES = 8;

/**
 * An exponential average of the weights over the steps of a training. It is more accurate than the weights of any one step,
 * which still move with each batch: Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging.
 */
export class WeightAverage {
  readonly weights: Float32Array;
  /** The weights of the latest step. */
  private readonly latest: Float32Array;
  private readonly engine: Engine;
  private readonly interval: number;
  private steps = 0;

  /** Starts at the weights of `engine`, with `steps` steps per epoch. */
  constructor(engine: Engine, steps: number) {
    this.engine = engine;
    this.weights = engine.weights();
    this.latest = this.weights.slice();
    this.interval = Math.max(1, Math.min(MAX_INTERVAL, Math.floor(steps / MIN_UPDATES)));
  }

  /** To be called after each step. */
  update(): void {
    if (++this.steps % this.interval !== 0) return;
    const share = 1 - DECAY ** this.interval;
    const { weights } = this;
    const latest = this.engine.weights(this.latest);
    for (let i = 0; i < latest.length; i++) weights[i]! += share * (latest[i]! - weights[i]!);
  }

  /** Returns the result of `use` while the engine has the average weights. */
  with<T>(use: () => T): T {
    const latest = this.engine.weights(this.latest);
    this.engine.setWeights(this.weights);
    try {
      return use();
    } finally {
      this.engine.setWeights(latest);
    }
  }
}
