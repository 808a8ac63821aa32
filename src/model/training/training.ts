import { DomainError } from '../../base/domain-error.js';
import { createRandom, shuffle } from '../../base/statistics/random.js';
import type { Column } from '../columns/column.js';
import type { Engine, EngineFactory } from '../network/engine.js';
import { initialWeights } from '../network/initial-weights.js';
import { type Predictions, Predictor, predictAll, type Scalers } from '../network/predictor.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../network/shape.js';
import { gather, type LabelledRows } from '../tables/labelled-rows.js';
import type { Epoch, Metrics } from '../versions/metrics.js';
import { CrossStopping } from './calibration/cross-stopping.js';
import { evaluate } from './evaluation.js';
import { startLinear } from './ridge/linear-start.js';
import { fitReconstruction, headRows } from './ridge/reconstruction-head.js';
import { fitRidge } from './ridge/ridge.js';
import { fitInputs, gatherInputs, type Inputs } from './scaling/inputs.js';
import { chooseScale } from './scaling/target-scale.js';
import { fitTargets } from './scaling/targets.js';
import { splitRows } from './split.js';
import type { Configuration, TrainingOptions } from './training-options.js';
import { WeightAverage } from './weight-average.js';

/** Minimum number of complete rows: fewer cannot be split into rows to learn from and rows to judge by. */
const MIN_ROWS = 10;

/** Training rows that the linear start is fitted to, at most: with more, its coefficients hardly change. */
const MAX_RIDGE_ROWS = 20_000;

/** Multiplications that its normal equations may take: a few seconds. */
const MAX_RIDGE_PRODUCTS = 4e9;

/** Inputs beyond which there is no linear start: its equations would take longer than the training. */
const MAX_RIDGE_INPUTS = 1000;

/** A run with this loss does not recover. Predicting the mean has a loss near 1, in standardised units. */
const DIVERGED_LOSS = 1e6;

export interface TrainingResult {
  /** The engine's name. */
  readonly engine: string;
  readonly shape: Shape;
  /** Flat, in the order of `layerShapes`, of the epoch with the smallest validation prediction error. */
  readonly weights: Float32Array;
  readonly scalers: Scalers;
  readonly history: readonly Epoch[];
  readonly bestEpoch: number;
  readonly metrics: Metrics;
  readonly trainingRows: number;
  /** The held-out rows in raw units, with the model's predictions of them. */
  readonly heldOut: LabelledRows & Predictions;
  /** Weights of the epochs that are best on the held-out rows of even and of odd numbers. */
  readonly crossStopped: readonly [even: Float32Array, odd: Float32Array];
}

/**
 * Trains a network on `data` with Keras' Nadam. It standardises `data` in place, since a copy would double the memory; features
 * that are not plain numbers are coded as their `columns` say, and encoded batch by batch. Training starts at a ridge
 * regression, and averages the weights over the steps. It stops early on the prediction error that the average has on held-out
 * rows (the reconstruction error has heavy tails), and returns the best epoch's average, with a reconstruction head fitted
 * to it; a trial, of which only the predictions matter, goes without that head. The same seed and engine give the same weights, bit
 * for bit.
 *
 * Rejects with `TOO_FEW_ROWS`, and with `TRAINING_DIVERGED` if a loss exceeds `DIVERGED_LOSS` or is not finite.
 */
export async function train(
  createEngine: EngineFactory,
  data: LabelledRows,
  featureCount: number,
  targetNames: readonly string[],
  options: Configuration,
  onEpoch: (epoch: Epoch) => void | Promise<void> = () => {},
  columns?: readonly Column[],
  isTrial = false,
): Promise<TrainingResult> {
  if (data.rows < MIN_ROWS) {
    throw new DomainError('TOO_FEW_ROWS', `training needs at least ${MIN_ROWS} complete rows, got ${data.rows}`);
  }
  const outputs = targetNames.length;
  const random = createRandom(options.seed);
  const { heldOut: heldOutIndex, training: index } = splitRows(data, options.validation_split, random, columns);
  const heldOut = gather(data, heldOutIndex);
  const scale = await chooseScale(data, targetNames.length, index, options, (sample, trial) =>
    train(createEngine, sample, featureCount, targetNames, trial, undefined, columns, true),
  );
  const targetScalers = fitTargets(data.targets, targetNames, index, scale);
  const inputs = fitInputs(data, featureCount, outputs, index, columns);
  const scalers: Scalers = { features: inputs.scaler, columns: inputs.columns, ...targetScalers };
  const shape: Shape = {
    inputs: inputs.width,
    outputs,
    hidden: options.hidden ?? DEFAULT_HIDDEN,
    auxiliaryWeight: options.auxiliary_weight ?? DEFAULT_AUXILIARY_WEIGHT,
  };

  const start = initialWeights(shape, options.seed);
  const engine = createEngine(shape, start, { name: 'nadam', learningRate: options.learning_rate });
  using predictor = new Predictor(engine, scalers);
  if (shape.inputs <= MAX_RIDGE_INPUTS) {
    const rows = Math.min(MAX_RIDGE_ROWS, Math.max(1, Math.floor(MAX_RIDGE_PRODUCTS / shape.inputs ** 2)));
    const known = gatherInputs(inputs, data, index.subarray(0, rows));
    const judges = gatherInputs(inputs, data, heldOutIndex.subarray(0, rows));
    startLinear(start, shape, fitRidge(known, judges, shape.inputs, outputs));
    engine.setWeights(start);
  }
  const average = new WeightAverage(engine, Math.ceil(index.length / options.batch_size));
  const inputSquares = predictor.encoder.meanSquare(heldOut.features, heldOut.rows);
  const validate = () => {
    const predictions = predictAll(predictor, heldOut.features, heldOut.rows);
    return { predictions, metrics: evaluate(predictor, heldOut, predictions, targetNames, inputSquares) };
  };
  const history: Epoch[] = [];
  let best = { error: Number.POSITIVE_INFINITY, epoch: 0, weights: engine.weights() };
  const crossStopping = new CrossStopping(heldOut, scalers.targets.scale, best.weights);
  for (let epoch = 1; epoch <= options.epochs && epoch - best.epoch <= options.patience; epoch++) {
    shuffle(index, random);
    const trained = trainEpoch(engine, data, index, options.batch_size, inputs.encode, average);
    const { metrics, predictions } = average.with(validate);
    const report: Epoch = {
      epoch,
      ...trained,
      val_loss: metrics.loss,
      val_prediction_error: metrics.prediction_error,
      val_reconstruction_error: metrics.reconstruction_error,
    };
    if (!(report.loss < DIVERGED_LOSS) || !Number.isFinite(report.val_loss)) throw diverged(report, options);
    history.push(report);
    if (!isTrial) crossStopping.observe(predictions.outputs, average.weights);
    await onEpoch(report);
    if (report.val_prediction_error < best.error) {
      best = { error: report.val_prediction_error, epoch, weights: average.weights.slice() };
    }
  }
  let { weights } = best;
  if (!isTrial) {
    const [known, judges] = [index, heldOutIndex].map((rows) =>
      gatherInputs(inputs, data, rows.subarray(0, headRows(shape))),
    );
    weights = fitReconstruction(createEngine, shape, weights, known!, judges!);
  }
  engine.setWeights(weights);
  const { predictions, metrics } = validate();
  return {
    engine: engine.name,
    shape,
    weights,
    scalers,
    history,
    bestEpoch: best.epoch,
    metrics,
    trainingRows: index.length,
    heldOut: { ...heldOut, ...predictions },
    crossStopped: crossStopping.weights,
  };
}

/**
 * Trains one epoch, in mini-batches, on the standardised rows of `data` in the order of `index`. Returns the mean loss weighted
 * by batch size and the mean reconstruction error over batches, as Keras reports them. With `encode`, the features are codes.
 * `average` follows the steps.
 */
export function trainEpoch(
  engine: Engine,
  data: LabelledRows,
  index: Int32Array,
  batchSize: number,
  encode?: Inputs['encode'],
  average?: WeightAverage,
): { loss: number; reconstruction_error: number } {
  let loss = 0;
  let reconstruction = 0;
  let batches = 0;
  for (let from = 0; from < index.length; from += batchSize, batches++) {
    const to = Math.min(from + batchSize, index.length);
    const batch = encode
      ? encode(index, from, to, (features, targets, order) => engine.step(features, targets, order, 0, to - from))
      : engine.step(data.features, data.targets, index, from, to);
    average?.update();
    loss += batch.loss * (to - from);
    reconstruction += batch.reconstructionError;
  }
  return { loss: loss / index.length, reconstruction_error: reconstruction / batches };
}

function diverged(epoch: Epoch, options: TrainingOptions): DomainError {
  return new DomainError(
    'TRAINING_DIVERGED',
    `training diverged in epoch ${epoch.epoch}: loss ${epoch.loss}, validation loss ${epoch.val_loss}; ` +
      `try a learning_rate below ${options.learning_rate}`,
  );
}
