import type { Optimizer } from '../../network/engine.js';
import type { Ops } from './ops.js';

/** Keras' defaults. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** Nadam's momentum schedule: Dozat 2015, http://cs229.stanford.edu/proj2015/054_report.pdf, with Keras' constant. */
const MOMENTUM_DECAY = 0.96;

/** The state and the steps of an optimiser, by the formulas of Keras 3 (keras/src/optimizers/{sgd,adam,nadam}.py). */
export class Update {
  private readonly ops: Ops;
  private readonly optimizer: Optimizer;
  /** The number of weights, rounded up to a multiple of 4. Padding has gradient 0 and does not change. */
  private readonly count: number;
  private readonly mean: number;
  private readonly variance: number;
  private steps = 0;
  /** Nadam's product of all momenta so far; Keras calls it `u_product`. */
  private momentumProduct = 1;

  constructor(ops: Ops, optimizer: Optimizer, count: number) {
    this.ops = ops;
    this.optimizer = optimizer;
    this.count = Math.ceil(count / 4) * 4;
    const moments = optimizer.name === 'sgd' ? 0 : this.count;
    this.mean = ops.alloc(moments);
    this.variance = ops.alloc(moments);
  }

  /** Performs one step. */
  apply(weights: number, gradient: number): void {
    const { ops, optimizer, count, mean, variance } = this;
    this.steps++;
    if (optimizer.name === 'sgd') ops.descend(weights, gradient, count, optimizer.learningRate);
    else ops.adam(weights, gradient, mean, variance, count, 1 - BETA_1, 1 - BETA_2, ...this.factors(), EPSILON);
  }

  /** The factors of the mean, of the gradient, and of the deviation in this step. */
  private factors(): [number, number, number] {
    const { steps: step } = this;
    const { name, learningRate } = this.optimizer;
    const correction = Math.sqrt(1 - BETA_2 ** step);
    if (name === 'adam') {
      // Keras' Adam adds epsilon before the variance's bias is corrected ("epsilon hat" in Kingma and Ba 2014), and rounds the betas of
      // the corrections to float32.
      return [(learningRate * Math.sqrt(1 - Math.fround(BETA_2) ** step)) / (1 - Math.fround(BETA_1) ** step), 0, 1];
    }
    const momentum = BETA_1 * (1 - 0.5 * MOMENTUM_DECAY ** step);
    const next = BETA_1 * (1 - 0.5 * MOMENTUM_DECAY ** (step + 1));
    this.momentumProduct *= momentum;
    const meanFactor = (learningRate * next) / (1 - this.momentumProduct * next);
    const gradientFactor = (learningRate * (1 - momentum)) / (1 - this.momentumProduct);
    return [meanFactor, gradientFactor, 1 / correction];
  }
}
