import { DomainError } from '../../../base/domain-error.js';
import type { EngineName } from '../../engines/load-engine.js';
import type { EngineFactory } from '../../network/engine.js';
import { gather, type LabelledRows } from '../../tables/labelled-rows.js';
import type { TableInfo } from '../../tables/table-file.js';
import { type FoldResult, runFold } from '../search/fold-task.js';
import { type Fold, foldsOf } from '../search/folds.js';
import { type SharedTable, shareTable } from '../search/shared-table.js';
import { TrainingPool } from '../search/training-pool.js';
import type { TrainingResult } from '../training.js';
import type { Configuration } from '../training-options.js';
import type { CalibrationRows } from './calibrate.js';

/** Rows of a table from which on its held-out rows suffice: by default, they are a hundred then, enough for any level. */
const MIN_LARGE_ROWS = 500;

/** Folds, at most. */
const MAX_FOLDS = 10;

/** Rows times epochs of a training that takes less time than the threads need to start. */
const QUICK = 20_000;

/** Returns a copy of a table, which a training changes, if all its rows are to be calibration rows. */
export function smallTable(data: LabelledRows, { features, targets, columns }: TableInfo): SharedTable | undefined {
  return data.rows < MIN_LARGE_ROWS ? shareTable(data, features.length, targets, columns) : undefined;
}

/**
 * Returns all rows of a table as calibration rows of the model `trained` on it: each is predicted by a training like that of the
 * model, in which it was held out (Vovk 2015, Cross-Conformal Predictors; Barber et al. 2021, Predictive Inference with the Jackknife+).
 * Returns undefined if that fails, for example because equal rows leave no folds.
 */
export async function crossValidatedRows(
  trained: TrainingResult,
  table: SharedTable,
  options: Configuration,
  engine: EngineName,
  createEngine: EngineFactory,
): Promise<CalibrationRows | undefined> {
  const { rows, targetNames } = table;
  const count = Math.min(MAX_FOLDS, Math.max(2, Math.round(1 / options.validation_split)));
  const folds = foldsOf(
    table,
    Int32Array.from({ length: rows }, (_, row) => row),
    count,
  );
  if (folds.length < 2) return undefined;
  const task = { configuration: { ...options, target_transform: transformOf(trained) }, stopsByJudged: true };
  const isQuick = rows * trained.history.length < QUICK;
  const results = await (isQuick
    ? inTurn(folds, (fold) => runFold(createEngine, { ...fold, ...task, engine, table }))
    : inThreads(folds, new TrainingPool(engine, createEngine, table), (pool, fold) => pool.run({ ...fold, ...task }))
  ).catch((error) => {
    // A fold may diverge, or be too small, where the table is not.
    if (error instanceof DomainError) return undefined;
    throw error;
  });
  if (!results) return undefined;
  const width = targetNames.length;
  const outputs = new Float32Array(rows * width);
  const errors = new Float32Array(rows);
  let at = 0;
  for (const result of results) {
    outputs.set(result.outputs, at * width);
    errors.set(result.errors, at);
    at += result.errors.length;
  }
  const order = Int32Array.from(folds.flatMap(({ judged }) => Array.from(judged)));
  return { rows, targets: gather(table, order).targets, outputs, errors };
}

/** A fold need not try what the training has found. */
function transformOf({ scalers: { transforms } }: TrainingResult): Configuration['target_transform'] {
  if (!transforms) return 'none';
  return transforms.every(({ method }) => method === 'log1p') ? 'log1p' : 'auto';
}

async function inTurn(folds: readonly Fold[], run: (fold: Fold) => Promise<FoldResult>): Promise<FoldResult[]> {
  const results: FoldResult[] = [];
  for (const fold of folds) results.push(await run(fold));
  return results;
}

async function inThreads(
  folds: readonly Fold[],
  pool: TrainingPool,
  run: (pool: TrainingPool, fold: Fold) => Promise<FoldResult>,
): Promise<FoldResult[]> {
  try {
    return await Promise.all(folds.map((fold) => run(pool, fold)));
  } finally {
    await pool.close();
  }
}
