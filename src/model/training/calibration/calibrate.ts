import { type IntervalsFile, MAX_SCORES } from '../../intervals/intervals-file.js';
import { rankOf } from '../../intervals/level.js';
import type { EngineFactory } from '../../network/engine.js';
import { Predictor, predictAll } from '../../network/predictor.js';
import { fromTargetUnits } from '../../network/target-scaler.js';
import type { TrainingResult } from '../training.js';

/** Calibration rows, at most: more add time, but hardly any accuracy. Held-out rows are in random order, so the first are a fair sample. */
const MAX_ROWS = 20_000;

/** Scores of all targets, at most, and those of each that there are nevertheless: enough for a level of 0.95. */
const MAX_ALL_SCORES = 200_000;
const MIN_SCORES = 19;

/** Calibrates the prediction intervals of a trained model on its held-out rows. */
export function calibrate(result: TrainingResult, createEngine: EngineFactory): IntervalsFile {
  const { heldOut, scalers } = result;
  const width = scalers.targets.mean.length;
  const rows = Math.min(MAX_ROWS, heldOut.rows);
  const targets = heldOut.targets.slice(0, rows * width);
  fromTargetUnits(scalers.targets, scalers.transforms, targets, targets, rows);
  const outputs = crossStoppedOutputs(result, createEngine, rows);
  fromTargetUnits(scalers.targets, scalers.transforms, outputs, outputs, rows);
  const most = Math.min(MAX_SCORES, Math.max(MIN_SCORES, Math.floor(MAX_ALL_SCORES / width)));
  return {
    schema: 1,
    rows,
    targets: Array.from({ length: width }, (_, j) => {
      const residuals = Float64Array.from({ length: rows }, (__, row) =>
        Math.abs(targets[row * width + j]! - outputs[row * width + j]!),
      );
      return { scores: thinned(residuals.sort(), most) };
    }),
  };
}

/** Predicts the first held-out rows, each half by the epoch that the other half has chosen: `[rows, targets]`. */
function crossStoppedOutputs(
  { shape, scalers, heldOut, crossStopped }: TrainingResult,
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

/**
 * Returns ascending scores as `most` calibration rows would have them: for each rank of theirs, the score of the rank that the same
 * level has among all.
 */
function thinned(scores: Float64Array, most: number): number[] {
  const { length } = scores;
  const kept =
    length <= most
      ? Array.from(scores)
      : Array.from({ length: most }, (_, i) => scores[Math.min(length, rankOf((i + 1) / (most + 1), length)) - 1]!);
  return kept.map((score) => Number(score.toPrecision(7)));
}
