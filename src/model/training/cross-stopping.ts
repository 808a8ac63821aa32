import type { EngineFactory } from '../network/engine.js';
import { Predictor, predictAll, type Scalers } from '../network/predictor.js';
import type { Shape } from '../network/shape.js';
import type { LabelledRows } from '../tables/labelled-rows.js';

/**
 * Retains, beside the best epoch on all held-out rows, the best on those of even numbers and on those of odd ones. The rows of each half
 * have not chosen the epoch of the other: their residuals from it are as those of rows that nothing has seen, without another training.
 */
export class CrossStopping {
  /** Of the epochs that are best on the even and on the odd rows, flat. */
  readonly weights: [Float32Array, Float32Array];
  private readonly heldOut: LabelledRows;
  private readonly scale: readonly number[];
  private readonly caps: readonly number[] | undefined;
  private readonly least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

  /** `scale` holds the deviations of the targets, and `caps` the largest absolute residuals that count as they are. */
  constructor(
    heldOut: LabelledRows,
    scale: readonly number[],
    initial: Float32Array,
    caps?: readonly number[] | undefined,
  ) {
    this.heldOut = heldOut;
    this.scale = scale;
    this.caps = caps;
    this.weights = [initial, initial];
  }

  /** Called after each epoch, with its predictions of the held-out rows `[rows, targets]`. Copies `weights` only if they are better. */
  observe(outputs: Float32Array, weights: Float32Array): void {
    const errors = this.errors(outputs);
    if (!errors.some((error, half) => error < this.least[half]!)) return;
    const copy = weights.slice();
    for (const half of [0, 1] as const) {
      if (!(errors[half] < this.least[half])) continue;
      this.least[half] = errors[half];
      this.weights[half] = copy;
    }
  }

  /** Returns the sums of squared errors of the even and of the odd rows. */
  private errors(outputs: Float32Array): [number, number] {
    const { targets } = this.heldOut;
    const sums: [number, number] = [0, 0];
    const width = this.scale.length;
    for (let j = 0; j < width; j++) {
      const weight = 1 / this.scale[j]! ** 2;
      const cap = this.caps?.[j] ?? Number.POSITIVE_INFINITY;
      for (let at = j, row = 0; at < targets.length; at += width, row++) {
        sums[(row & 1) as 0 | 1] += weight * Math.min(cap, Math.abs(outputs[at]! - targets[at]!)) ** 2;
      }
    }
    return sums;
  }
}

/**
 * Predicts the first `rows` held-out rows of a training, those of even numbers by the epoch that the odd ones have chosen, and the other
 * way around. Returns `[rows, targets]` in target units.
 */
export function crossStoppedOutputs(
  { shape, scalers, heldOut, crossStopped }: CrossStopped,
  createEngine: EngineFactory,
  rows: number,
): Float32Array {
  const [byEven, byOdd] = crossStopped.map((weights) => {
    using predictor = new Predictor(createEngine(shape, weights), scalers);
    return predictAll(predictor, heldOut.features, rows).outputs;
  });
  const width = shape.outputs;
  return byEven!.map((output, i) => (Math.floor(i / width) % 2 === 0 ? byOdd![i]! : output));
}

/** The part of a training's result that is needed for that. */
interface CrossStopped {
  readonly shape: Shape;
  readonly scalers: Scalers;
  readonly heldOut: LabelledRows;
  readonly crossStopped: readonly [even: Float32Array, odd: Float32Array];
}
