import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '../../columns/column.js';
import { recoder } from '../../columns/recode.js';
import type { EngineFactory } from '../../network/engine.js';
import { bytesToWeights, weightsToBytes } from '../../network/layers-format.js';
import { Predictor, predictAll, type Scalers } from '../../network/predictor.js';
import type { Scaler } from '../../network/scaler.js';
import { type Shape, weightCount } from '../../network/shape.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';
import type { Metrics } from '../../versions/metrics.js';
import type { GateTerms, ServingPredictions } from './gate.js';

/** The serving model as handed to a training. Its weights are a file in the stage. */
export interface ServingModel extends Omit<ServingPredictions, 'outputs'> {
  readonly shape: Shape;
  readonly scalers: Scalers;
}

/** The terms by which a training judges its model. */
export interface GateRequest extends GateTerms {
  /** The model to compare with; null for the mean of the training rows. */
  readonly serving: ServingModel | null;
}

const WEIGHTS = 'serving-weights.bin';

/** Writes the serving model's weights to the stage of a training. They come from memory: its files may have changed or gone. */
export async function handOver(
  stage: string,
  version: number,
  { engine, scalers }: Predictor,
  metrics: Metrics,
): Promise<ServingModel> {
  await writeFile(join(stage, WEIGHTS), weightsToBytes(engine.weights()));
  return { version, shape: engine.shape, scalers, explained: explainedBy(metrics, scalers.targets) };
}

/** Returns the share of the variance explained, against the mean of the training rows. Several targets count in their deviations. */
function explainedBy({ targets }: Metrics, { scale }: Scaler): number {
  const sum = (figure: 'rmse' | 'baseline_rmse') =>
    Object.values(targets).reduce((total, target, j) => total + (target[figure] / scale[j]!) ** 2, 0);
  return 1 - sum('rmse') / sum('baseline_rmse');
}

/**
 * Predicts the held-out rows `[rows, features]` with the serving model. Returns null if there is none. `columns` are those by which
 * the rows are coded: the serving model has the same types, but maybe other levels.
 */
export function predictByServing(
  stage: string,
  serving: ServingModel | null,
  { features, rows }: LabelledRows,
  createEngine: EngineFactory,
  columns?: readonly Column[],
): ServingPredictions | null {
  if (!serving) return null;
  const { version, shape, scalers, explained } = serving;
  const weights = bytesToWeights(readFileSync(join(stage, WEIGHTS)), weightCount(shape));
  using predictor = new Predictor(createEngine(shape, weights), scalers);
  return { version, outputs: predictAll(predictor, recoded(features, columns, scalers), rows).outputs, explained };
}

/** Returns the rows in the codes of the serving model; the rows themselves if those are the same. */
function recoded(rows: Float32Array, columns: readonly Column[] | undefined, serving: Scalers): Float32Array {
  if (!columns || !serving.columns) return rows;
  const copy = rows.slice();
  recoder(columns, serving.columns)(copy);
  return copy;
}
