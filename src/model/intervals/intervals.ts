import { DomainError } from '../../base/domain-error.js';
import type { Prediction, Scalers } from '../network/predictor.js';
import { type LearnedScale, learnedScaleOf, MIN_LOGGED } from '../network/target-scaler.js';
import { difficultyOf } from './difficulty.js';
import type { IntervalsFile } from './intervals-file.js';
import { highestLevel, rankOf, rowsFor } from './level.js';

/** Bounds of each prediction, `[rows, targets]`, in the targets' units. Low ≤ prediction ≤ high. */
export interface Bounds {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** The part of a prediction that its bounds are computed from. */
export type Bounded = Pick<Prediction, 'outputs' | 'errors'>;

/** The largest float32: JSON has no Infinity. */
const MAX_FLOAT = 3.4028234663852886e38;

/** The prediction intervals of a version, by conformal prediction: Lei et al. 2018, Distribution-free predictive inference for regression. */
export class Intervals {
  /** Calibration rows. */
  readonly rows: number;
  /** Number of targets. */
  readonly targets: number;
  private readonly file: IntervalsFile;
  private readonly learned: readonly LearnedScale[];

  constructor(file: IntervalsFile, scalers: Scalers) {
    this.file = file;
    this.learned = file.targets.map((_, j) => learnedScaleOf(scalers.targets, scalers.transforms, j));
    this.rows = file.rows;
    this.targets = file.targets.length;
  }

  /** Returns whether the version has enough calibration rows for a level. */
  has(level: number): boolean {
    const { length } = this.file.targets[0]!.scores;
    return rankOf(level, length) <= length;
  }

  /** Throws `LEVEL_UNAVAILABLE` if the version has too few calibration rows for a level. */
  require(level: number): void {
    if (this.has(level)) return;
    const { length } = this.file.targets[0]!.scores;
    throw new DomainError(
      'LEVEL_UNAVAILABLE',
      `interval ${level} needs at least ${rowsFor(level)} calibration rows, this version has ${this.rows}; ` +
        `train with more rows, or ask for at most ${highestLevel(length)}`,
    );
  }

  /**
   * Returns the bounds of `count` rows of `prediction`, from row `from` on, that contain the target with the probability `level`,
   * 0.5 to 0.99. Throws `LEVEL_UNAVAILABLE`.
   */
  bounds(level: number, prediction: Bounded, count: number, from = 0): Bounds {
    this.require(level);
    const { targets } = this.file;
    const { outputs, errors } = prediction;
    const width = targets.length;
    const low = new Float32Array(count * width);
    const high = new Float32Array(count * width);
    for (const [j, { scores, difficulty }] of targets.entries()) {
      const score = scores[rankOf(level, scores.length) - 1]!;
      const { isLogarithmic, mean, scale } = this.learned[j]!;
      for (let row = 0, at = j; row < count; row++, at += width) {
        const output = outputs[from * width + at]!;
        const place = isLogarithmic ? Math.log1p(Math.max(output, MIN_LOGGED)) : output;
        const distance = scale * score * difficultyOf(difficulty, (place - mean) / scale, errors[from + row]!);
        const [least, most] = [place - distance, place + distance];
        low[at] = Math.max(-MAX_FLOAT, Math.min(output, isLogarithmic ? Math.expm1(least) : least));
        high[at] = Math.min(MAX_FLOAT, Math.max(output, isLogarithmic ? Math.expm1(most) : most));
      }
    }
    return { low, high };
  }
}
