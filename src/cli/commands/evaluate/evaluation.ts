import { DomainError } from '../../../base/domain-error.js';
import type { Column } from '../../../model/columns/column.js';
import type { Intervals } from '../../../model/intervals/intervals.js';
import { type Predictor, predictAll } from '../../../model/network/predictor.js';
import type { RowModel } from '../../../model/tables/row-model.js';
import type { Card } from '../../../model/versions/card.js';
import type { Metrics, TargetMetrics } from '../../../model/versions/metrics.js';
import type { OpenModel } from '../../source/model-source.js';
import { finiteRows } from '../../tables/finite-rows.js';
import type { RefusedRow, RowBlock } from '../../tables/row-blocks.js';

/** Returns the columns of a version with its targets after its features. A target may be missing. */
export function labelledModel({ features, targets, columns }: Card, allowMissing: boolean): RowModel {
  const number = (name: string, missing: number): Column => ({ type: 'number', name, missing, range: [0, 0] });
  return {
    features: [...features, ...targets],
    columns: [...(columns ?? features.map((name) => number(name, 0))), ...targets.map((name) => number(name, 1))],
    maxRows: Number.MAX_SAFE_INTEGER,
    allowMissing,
  };
}

/** The level whose intervals are evaluated. */
const LEVEL = 0.9;

/** How many true values the intervals cover, of each target, and their mean width in its units. */
export interface EvaluatedIntervals {
  readonly level: number;
  readonly targets: Readonly<Record<string, { readonly coverage: number; readonly mean_width: number }>>;
}

/** Sums of one target, of deviations from the mean of the training so that large values lose no digits. */
interface Sums {
  residual: number;
  absolute: number;
  squares: number;
  target: number;
  targetAbsolute: number;
  targetSquares: number;
  covered: number;
  widths: number;
}

/** Adds up the errors of a version block by block. */
export class Evaluation {
  rows = 0;
  /** Rows without a target. */
  unlabelled = 0;
  private readonly card: Card;
  private readonly predictor: Predictor;
  /** Undefined if the version cannot give intervals of `LEVEL`. */
  private readonly bounded: Intervals | undefined;
  private readonly sums: Sums[];
  private errors = 0;
  private inputs = 0;

  constructor({ card, predictor, intervals }: Pick<OpenModel, 'card' | 'predictor' | 'intervals'>) {
    this.card = card;
    this.predictor = predictor;
    this.bounded = intervals?.has(LEVEL) ? intervals : undefined;
    this.sums = card.targets.map(() => ({
      ...{ residual: 0, absolute: 0, squares: 0 },
      ...{ target: 0, targetAbsolute: 0, targetSquares: 0, covered: 0, widths: 0 },
    }));
  }

  /** Adds rows of `labelledModel`. `refuse` is called with each row whose prediction is not finite. */
  add({ rows, count, numbers }: RowBlock, refuse: (row: RefusedRow) => void): void {
    const { card, predictor, sums } = this;
    const [width, depth] = [card.features.length, card.targets.length];
    const features = new Float32Array(count * width);
    const labels = new Map<number, Float32Array>();
    let kept = 0;
    for (let row = 0; row < count; row++) {
      const at = row * (width + depth);
      const targets = rows.subarray(at + width, at + width + depth);
      if (targets.some(Number.isNaN)) {
        this.unlabelled++;
        continue;
      }
      features.set(rows.subarray(at, at + width), kept * width);
      numbers[kept++] = numbers[row]!;
      labels.set(numbers[row]!, targets);
    }
    this.inputs += kept > 0 ? kept * predictor.encoder.meanSquare(features.subarray(0, kept * width), kept) : 0;
    const made = predictAll(predictor, features, kept);
    const within = this.bounded?.bounds(LEVEL, made, kept);
    const predicted = finiteRows({ count: kept, numbers, ...made, bounds: within }, card.targets, refuse);
    const { bounds } = predicted;
    for (let row = 0; row < predicted.count; row++) {
      const targets = labels.get(predicted.numbers[row]!)!;
      this.errors += predicted.errors[row]!;
      sums.forEach((sum, j) => {
        const residual = predicted.outputs[row * depth + j]! - targets[j]!;
        const deviation = targets[j]! - card.scalers.targets.mean[j]!;
        sum.residual += residual;
        sum.absolute += Math.abs(residual);
        sum.squares += residual ** 2;
        sum.target += deviation;
        sum.targetAbsolute += Math.abs(deviation);
        sum.targetSquares += deviation ** 2;
        if (!bounds) return;
        const [low, high] = [bounds.low[row * depth + j]!, bounds.high[row * depth + j]!];
        if (low <= targets[j]! && targets[j]! <= high) sum.covered++;
        sum.widths += high - low;
      });
    }
    this.rows += predicted.count;
  }

  /** Returns the errors, as a training measures them. Throws `TOO_FEW_ROWS` without a row. */
  metrics(): Metrics {
    const { rows, sums, card, predictor, unlabelled } = this;
    if (rows === 0) {
      throw new DomainError('TOO_FEW_ROWS', `there is no row to evaluate; ${unlabelled} have no target`);
    }
    const targets = sums.map((sum) => targetMetrics(sum, rows));
    const { scale } = card.scalers.targets;
    const predictionError = targets.reduce((total, { rmse }, j) => total + (rmse / scale[j]!) ** 2, 0) / targets.length;
    const reconstructionError = this.errors / rows;
    return {
      rows,
      prediction_error: predictionError,
      reconstruction_error: reconstructionError,
      baseline_reconstruction_error: this.inputs / rows,
      loss: predictionError + predictor.engine.shape.auxiliaryWeight * reconstructionError,
      targets: Object.fromEntries(card.targets.map((name, j) => [name, targets[j]!])),
    };
  }

  /** Returns how many true values the intervals of 0.9 cover; null if the version has no such intervals. */
  intervals(): EvaluatedIntervals | null {
    const { rows, sums, card, bounded } = this;
    if (!bounded) return null;
    const targets = sums.map(({ covered, widths }) => ({ coverage: covered / rows, mean_width: widths / rows }));
    return { level: LEVEL, targets: Object.fromEntries(card.targets.map((name, j) => [name, targets[j]!])) };
  }
}

function targetMetrics(sum: Sums, rows: number): TargetMetrics {
  const spread = sum.targetSquares - sum.target ** 2 / rows;
  return {
    rmse: Math.sqrt(sum.squares / rows),
    mae: sum.absolute / rows,
    bias: sum.residual / rows,
    r2: spread > 0 ? 1 - sum.squares / spread : null,
    baseline_rmse: Math.sqrt(sum.targetSquares / rows),
    baseline_mae: sum.targetAbsolute / rows,
  };
}
