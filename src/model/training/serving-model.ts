import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFactory } from '../network/engine.js';
import { bytesToWeights, weightsToBytes } from '../network/layers-format.js';
import { Predictor, type Scalers } from '../network/predictor.js';
import type { Scaler } from '../network/scaler.js';
import { type Shape, weightCount } from '../network/shape.js';
import { type LabelledRows, type Metrics, predictAll } from './evaluation.js';
import type { GateTerms, Rival } from './gate.js';

/** The model that serves, as a training is told of it; its weights are in the stage. */
export interface ServingModel {
  readonly version: number;
  readonly shape: Shape;
  readonly scalers: Scalers;
  /** Share of the variance of its own held-out rows that it explained. */
  readonly explained: number;
}

/** What a training is to judge its model by. */
export interface GateRequest extends GateTerms {
  /** Null: the mean of the training rows. */
  readonly serving: ServingModel | null;
}

const WEIGHTS = 'serving-weights.bin';

/** Hands the model that serves to a training: from memory, since it is what answers, whatever has become of its files. */
export async function handOver(
  stage: string,
  version: number,
  { engine, scalers }: Predictor,
  metrics: Metrics,
): Promise<ServingModel> {
  await writeFile(join(stage, WEIGHTS), weightsToBytes(engine.weights()));
  return { version, shape: engine.shape, scalers, explained: explainedBy(metrics, scalers.targets) };
}

/** Against the mean of the training rows; of several targets each counts in its standard deviations. */
function explainedBy({ targets }: Metrics, { scale }: Scaler): number {
  const sum = (figure: 'rmse' | 'baseline_rmse') =>
    Object.values(targets).reduce((total, target, j) => total + (target[figure] / scale[j]!) ** 2, 0);
  return 1 - sum('rmse') / sum('baseline_rmse');
}

/** Predicts the held-out rows `[rows, inputs]` by the model that serves, if there is one to be judged by. */
export function predictByServing(
  stage: string,
  serving: ServingModel | null,
  { features, rows }: LabelledRows,
  createEngine: EngineFactory,
): Rival | null {
  if (!serving) return null;
  const { version, shape, scalers, explained } = serving;
  const weights = bytesToWeights(readFileSync(join(stage, WEIGHTS)), weightCount(shape));
  const predictor = new Predictor(createEngine(shape, weights), scalers);
  try {
    return { version, outputs: predictAll(predictor, features, rows).outputs, explained };
  } finally {
    predictor.close();
  }
}
