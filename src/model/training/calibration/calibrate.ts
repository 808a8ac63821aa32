import { type Difficulty, difficultyOf } from '../../intervals/difficulty.js';
import { type IntervalsFile, MAX_SCORES } from '../../intervals/intervals-file.js';
import { rankOf } from '../../intervals/level.js';
import type { EngineFactory } from '../../network/engine.js';
import type { Predictions, Scalers } from '../../network/predictor.js';
import { fromTargetUnits } from '../../network/target-scaler.js';
import type { LabelledRows } from '../../tables/labelled-rows.js';
import { crossStoppedOutputs } from '../cross-stopping.js';
import type { TrainingResult } from '../training.js';
import { fitDifficulty, type ScoredRows } from './fit-difficulty.js';

/** Calibration rows, at most: more add time, but hardly any accuracy. Held-out rows are in random order, so the first are a fair sample. */
const MAX_ROWS = 20_000;

/** Scores of all targets, at most, and those of each that there are nevertheless: enough for a level of 0.95. */
const MAX_ALL_SCORES = 200_000;
const MIN_SCORES = 19;

/** Rows of all targets to fit the difficulty to, at most, and those of each that there are nevertheless. */
const MAX_FITTED = 500_000;
const MIN_FITTED = 500;
const MAX_FITTED_ROWS = 5000;

/** Parts of the rows. The difficulty of each is predicted by a model that is fitted to the others. */
const PARTS = 5;

/** Rows, with their targets and predictions `[rows, targets]`, in target units, by networks that have not seen them. */
export interface CalibrationRows extends Omit<LabelledRows, 'features'>, Predictions {}

/** Returns the calibration rows among the held-out rows of a training. */
export function heldOutRows(result: TrainingResult, createEngine: EngineFactory): CalibrationRows {
  const { targets, errors } = result.heldOut;
  const rows = Math.min(MAX_ROWS, result.heldOut.rows);
  return { rows, targets, outputs: crossStoppedOutputs(result, createEngine, rows), errors };
}

/** Calibrates the prediction intervals of a model with these scalers. */
export function calibrate({ rows, targets, outputs, errors }: CalibrationRows, scalers: Scalers): IntervalsFile {
  const width = scalers.targets.mean.length;
  const [learnedTargets, learnedOutputs] = [targets, outputs].map((values) => {
    const learned = new Float32Array(rows * width);
    fromTargetUnits(scalers.targets, scalers.transforms, values, learned, rows);
    return learned;
  });
  const mostScores = Math.min(MAX_SCORES, Math.max(MIN_SCORES, Math.floor(MAX_ALL_SCORES / width)));
  const mostFitted = Math.min(MAX_FITTED_ROWS, Math.max(MIN_FITTED, Math.floor(MAX_FITTED / width)));
  return {
    schema: 1,
    rows,
    targets: Array.from({ length: width }, (_, j) => {
      const scored = {
        outputs: Float64Array.from({ length: rows }, (__, row) => learnedOutputs![row * width + j]!),
        errors: Float64Array.from(errors.subarray(0, rows)),
        residuals: Float64Array.from({ length: rows }, (__, row) =>
          Math.abs(learnedTargets![row * width + j]! - learnedOutputs![row * width + j]!),
        ),
      };
      const fitted = fitCrosswise(scored, mostFitted);
      const scores = scored.residuals
        .map((residual, row) => {
          const difficulty = fitted ? fitted.ofOthers[row % PARTS]! : null;
          return residual / difficultyOf(difficulty, scored.outputs[row]!, scored.errors[row]!);
        })
        .sort();
      return { difficulty: fitted?.ofAll ?? null, scores: thinned(scores, mostScores) };
    }),
  };
}

/**
 * Fits the difficulty to the first `most` rows, and for each part to those of the other parts: no row's own residual has a share in
 * its difficulty. Returns null if the rows do not suffice.
 */
function fitCrosswise(rows: ScoredRows, most: number): { ofAll: Difficulty; ofOthers: Difficulty[] } | null {
  const ofAll = fitDifficulty(rowsOf(rows, (row) => row < most));
  if (!ofAll) return null;
  const ofOthers = Array.from({ length: PARTS }, (_, k) =>
    fitDifficulty(rowsOf(rows, (row) => row % PARTS !== k && row < most)),
  );
  return ofOthers.every((difficulty) => difficulty !== null) ? { ofAll, ofOthers } : null;
}

function rowsOf({ outputs, errors, residuals }: ScoredRows, holds: (row: number) => boolean): ScoredRows {
  const take = (values: Float64Array) => values.filter((_, row) => holds(row));
  return { outputs: take(outputs), errors: take(errors), residuals: take(residuals) };
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
