import { DomainError } from '../../../base/domain-error.js';
import type { EngineName } from '../../engines/load-engine.js';
import type { EngineFactory } from '../../network/engine.js';
import { type Predictions, Predictor, predictAll } from '../../network/predictor.js';
import { gather } from '../../tables/labelled-rows.js';
import { crossStoppedOutputs } from '../cross-stopping.js';
import { type TrainingResult, train } from '../training.js';
import type { Configuration } from '../training-options.js';
import type { Fold } from './folds.js';
import type { SharedTable } from './shared-table.js';

/** Asks to train on some rows of a table, and to predict others. */
export interface FoldTask extends Fold {
  readonly engine: EngineName;
  readonly table: SharedTable;
  readonly configuration: Configuration;
  /** Fits the reconstruction as a version's is, for those who need the reconstruction errors. */
  readonly withReconstruction?: boolean;
  /**
   * Trains on all rows `training`, as the version of the task is trained: the rows `judged` are held out to stop early. The epoch that
   * predicts one half of them has been chosen by the other. Implies `withReconstruction`.
   */
  readonly stopsByJudged?: boolean;
  /** `Date.now()` at which the training is given up. */
  readonly deadline?: number | undefined;
}

/** Predictions of the rows `judged`, in their order and in target units, by a network that has not seen them. */
export interface FoldResult extends Predictions {
  /** Epochs of the training. */
  readonly epochs: number;
  /** What the training took, without waiting for a thread. */
  readonly seconds: number;
}

/**
 * Trains as `train` does, which holds out some of the rows `training` to stop early, and predicts the rows `judged`. The table does not
 * change. Rejects with what `train` throws, and with `TRAINING_CANCELLED` at the deadline.
 */
export async function runFold(createEngine: EngineFactory, task: FoldTask): Promise<FoldResult> {
  const started = performance.now();
  const { table, configuration, training, judged, withReconstruction = false, deadline } = task;
  const { width, targetNames, columns } = table;
  const onEpoch = () => {
    if (deadline !== undefined && Date.now() > deadline) {
      throw new DomainError('TRAINING_CANCELLED', 'the time of the search is over');
    }
  };
  if (task.stopsByJudged) {
    const rows = gather(table, Int32Array.of(...judged, ...training));
    const numbers = Int32Array.from({ length: rows.rows }, (_, row) => row);
    const split = { heldOut: numbers.slice(0, judged.length), training: numbers.slice(judged.length) };
    const trained = await train(createEngine, rows, width, targetNames, configuration, onEpoch, columns, false, split);
    const outputs = crossStoppedOutputs(trained, createEngine, judged.length);
    return { outputs, errors: trained.heldOut.errors, ...effort(trained, started) };
  }
  const rows = gather(table, training);
  const trained = await train(
    createEngine,
    rows,
    width,
    targetNames,
    configuration,
    onEpoch,
    columns,
    !withReconstruction,
  );
  using predictor = new Predictor(createEngine(trained.shape, trained.weights), trained.scalers);
  const predictions = predictAll(predictor, gather(table, judged).features, judged.length);
  return { ...predictions, ...effort(trained, started) };
}

function effort({ history }: TrainingResult, started: number): Pick<FoldResult, 'epochs' | 'seconds'> {
  return { epochs: history.length, seconds: (performance.now() - started) / 1000 };
}
