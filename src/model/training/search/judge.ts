import { fitScaler } from '../../network/scaler.js';
import { CAP } from '../capped-error.js';
import type { SharedTable } from './shared-table.js';

/** A mean, and its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * Returns the largest loss that counts as it is in comparisons with the trial that has these ones: that of 8 robust standard deviations.
 * A few rows that nothing predicts would otherwise decide which trial is the best, or hide it in their standard error.
 */
export function lossCap(losses: Float64Array): number {
  const median = losses.slice().sort()[Math.floor(losses.length / 2)] ?? 0;
  return median > 0 ? CAP ** 2 * median : Number.POSITIVE_INFINITY;
}

/** Compares predictions of a table's rows with their targets. */
export class Judge {
  private readonly targets: Float32Array;
  private readonly scale: readonly number[];

  constructor({ rows, targets, targetNames }: SharedTable) {
    this.targets = targets;
    const everyRow = Int32Array.from({ length: rows }, (_, row) => row);
    this.scale = fitScaler(targets, targetNames.length, everyRow).scale;
  }

  /** Returns the squared error of each of `rows`, the mean over targets, in variances of the target. `outputs` is `[rows, targets]`. */
  losses(rows: Int32Array, outputs: Float32Array): Float64Array {
    const width = this.scale.length;
    return Float64Array.from(rows, (row, i) => {
      let sum = 0;
      for (let j = 0; j < width; j++) {
        sum += ((outputs[i * width + j]! - this.targets[row * width + j]!) / this.scale[j]!) ** 2;
      }
      return sum / width;
    });
  }
}

/** Returns the mean of values; its standard error is infinite for fewer than two. */
export function estimate(values: Float64Array): Estimate {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: length > 1 ? Math.sqrt(squares / (length - 1) / length) : Number.POSITIVE_INFINITY };
}
