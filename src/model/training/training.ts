import { DomainError } from '../../base/domain-error.js';
import { createRandom, type Random, shuffle } from '../../base/statistics/random.js';
import type { Column } from '../columns/column.js';
import { createEncoder } from '../network/encoder.js';
import type { Engine, EngineFactory } from '../network/engine.js';
import { initialWeights } from '../network/initial-weights.js';
import { mergedShape, mergeNetworks } from '../network/merged-network.js';
import { type Predictions, Predictor, predictAll, type Scalers } from '../network/predictor.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../network/shape.js';
import { gather, type LabelledRows } from '../tables/labelled-rows.js';
import type { Epoch, Metrics } from '../versions/metrics.js';
import { fitRidgeBaseline } from './baselines/ridge-baseline.js';
import { cappedError, residualCaps } from './capped-error.js';
import { CrossStopping } from './cross-stopping.js';
import { evaluate } from './evaluation.js';
import { startHinges } from './ridge/hinge-start.js';
import { MAX_RIDGE_INPUTS, startLinear } from './ridge/linear-start.js';
import { fitReconstruction, headRows } from './ridge/reconstruction-head.js';
import { fitRidge, normalEquations } from './ridge/ridge.js';
import type { RidgeFit } from './ridge/ridge-by-gcv.js';
import { fitInputs, gatherInputs, type Inputs } from './scaling/inputs.js';
import { chooseScale } from './scaling/target-scale.js';
import { fitTargets } from './scaling/targets.js';
import { type Split, splitRows } from './split.js';
import type { Configuration, TrainingOptions } from './training-options.js';
import { WeightAverage } from './weight-average.js';
import { decayWeights } from './weight-decay.js';

/** Minimum number of complete rows: fewer cannot be split into rows to learn from and rows to judge by. */
const MIN_ROWS = 10;

/** Training rows that the linear start is fitted to, at most: with more, its coefficients hardly change. */
const MAX_RIDGE_ROWS = 20_000;

/** Multiplications that its normal equations may take: a few seconds. */
const MAX_RIDGE_PRODUCTS = 4e9;

/** A run with this loss does not recover. Predicting the mean has a loss near 1, in standardised units. */
const DIVERGED_LOSS = 1e6;

/** Training rows from which hinges take the values at which they bend. */
const HINGE_ROWS = 2000;

/** Between the seeds of the members of an average: 2³² by the golden ratio, so that the seeds of two trainings do not meet. */
const SEED_STEP = 0x9e3779b1;

/** Returns the seed of a member of an average, 0 being the first. */
export function memberSeed(seed: number, member: number): number {
  return (seed + Math.imul(member, SEED_STEP)) >>> 0;
}

/** One of the networks whose average a model is. */
interface Member {
  readonly weights: Float32Array;
  readonly history: readonly Epoch[];
  readonly bestEpoch: number;
  readonly crossStopped: TrainingResult['crossStopped'];
}

export interface TrainingResult {
  /** The engine's name. */
  readonly engine: string;
  readonly shape: Shape;
  /** Flat, in the order of `layerShapes`, of each member's epoch with the smallest validation prediction error. */
  readonly weights: Float32Array;
  readonly scalers: Scalers;
  /** Of the first member. */
  readonly history: readonly Epoch[];
  readonly bestEpoch: number;
  readonly metrics: Metrics;
  readonly trainingRows: number;
  /** A ridge regression fitted to training rows, to compare with; null if there are too many inputs, and for a trial. */
  readonly ridge: RidgeFit | null;
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
 * to it; a trial, of which only the predictions matter, goes without that head. With several `members`, it does so from as many
 * seeds, and returns their average as one network; `onEpoch` follows the first. `split` is by default `splitRows`. The same seed and engine give the same weights, bit
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
  split?: Split,
): Promise<TrainingResult> {
  if (data.rows < MIN_ROWS) {
    throw new DomainError('TOO_FEW_ROWS', `training needs at least ${MIN_ROWS} complete rows, got ${data.rows}`);
  }
  const outputs = targetNames.length;
  const random = createRandom(options.seed);
  const { heldOut: heldOutIndex, training: index } =
    split ?? splitRows(data, options.validation_split, random, columns);
  const heldOut = gather(data, heldOutIndex);
  const scale = await chooseScale(data, targetNames.length, index, options, (sample, trial) =>
    train(createEngine, sample, featureCount, targetNames, { ...trial, members: 1 }, undefined, columns, true),
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

  const bends = options.hinges ? gatherInputs(inputs, data, index.subarray(0, HINGE_ROWS)) : undefined;
  const { coefficients, ridge } = linearModels(data, inputs, shape, index, heldOutIndex, isTrial ? null : scalers);
  const inputSquares = createEncoder(scalers.features, scalers.columns).meanSquare(heldOut.features, heldOut.rows);
  const validate = (predictor: Predictor) => {
    const predictions = predictAll(predictor, heldOut.features, heldOut.rows);
    return { predictions, metrics: evaluate(predictor, heldOut, predictions, targetNames, inputSquares) };
  };

  /** Trains one network of those whose average the model is. Shuffles the rows `order`. */
  const trainMember = async (
    seed: number,
    random: Random,
    order: Int32Array,
    onEpoch: (epoch: Epoch) => void | Promise<void>,
  ): Promise<Member> => {
    const start = initialWeights(shape, seed);
    if (coefficients) startLinear(start, shape, coefficients);
    if (bends) startHinges(start, shape, bends, options.hinges!, seed);
    const engine = createEngine(shape, start, { name: 'nadam', learningRate: options.learning_rate });
    using predictor = new Predictor(engine, scalers);
    const steps = Math.ceil(order.length / options.batch_size);
    const decay = 1 - (1 - Math.min(1, options.learning_rate * (options.weight_decay ?? 0))) ** steps;
    const average = new WeightAverage(engine, steps);
    const history: Epoch[] = [];
    let best = { error: Number.POSITIVE_INFINITY, epoch: 0, weights: engine.weights() };
    const caps = options.capped
      ? residualCaps(heldOut, predictAll(predictor, heldOut.features, heldOut.rows).outputs)
      : undefined;
    const crossStopping = new CrossStopping(heldOut, scalers.targets.scale, best.weights, caps);
    for (let epoch = 1; epoch <= options.epochs && epoch - best.epoch <= options.patience; epoch++) {
      shuffle(order, random);
      const trained = trainEpoch(engine, data, order, options.batch_size, inputs.encode, average);
      const { metrics, predictions } = average.with(() => validate(predictor));
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
      const error = caps
        ? cappedError(heldOut, predictions.outputs, scalers.targets.scale, caps)
        : report.val_prediction_error;
      if (error < best.error) best = { error, epoch, weights: average.weights.slice() };
      if (decay > 0) decayWeights(engine, decay);
    }
    let { weights } = best;
    if (!isTrial) {
      const [known, judges] = [order, heldOutIndex].map((rows) =>
        gatherInputs(inputs, data, rows.subarray(0, headRows(shape))),
      );
      weights = fitReconstruction(createEngine, shape, weights, known!, judges!);
    }
    return { weights, history, bestEpoch: best.epoch, crossStopped: crossStopping.weights };
  };

  const first = await trainMember(options.seed, random, index.slice(), onEpoch);
  const members = [first];
  for (let member = 1; member < (options.members ?? 1); member++) {
    const seed = memberSeed(options.seed, member);
    members.push(await trainMember(seed, createRandom(seed), index.slice(), () => {}));
  }
  const merged = mergedShape(shape, members.length);
  const merge = (weightsOf: (member: Member) => Float32Array) => mergeNetworks(shape, members.map(weightsOf));
  const weights = merge((member) => member.weights);
  using predictor = new Predictor(createEngine(merged, weights), scalers);
  const { predictions, metrics } = validate(predictor);
  return {
    engine: predictor.engine.name,
    shape: merged,
    weights,
    scalers,
    history: first.history,
    bestEpoch: first.bestEpoch,
    metrics,
    trainingRows: index.length,
    ridge,
    heldOut: { ...heldOut, ...predictions },
    crossStopped: [merge(({ crossStopped }) => crossStopped[0]), merge(({ crossStopped }) => crossStopped[1])],
  };
}

/**
 * Returns the coefficients of a ridge regression, at which the network starts, and, with `scalers`, the ridge regression that it is
 * compared with; neither if there are too many inputs. The first has seen the held-out rows, which choose its penalty.
 */
function linearModels(
  data: LabelledRows,
  inputs: Inputs,
  { inputs: width, outputs }: Shape,
  index: Int32Array,
  heldOutIndex: Int32Array,
  scalers: Scalers | null,
): { coefficients?: Float64Array; ridge: RidgeFit | null } {
  if (width > MAX_RIDGE_INPUTS) return { ridge: null };
  const rows = Math.min(MAX_RIDGE_ROWS, Math.max(1, Math.floor(MAX_RIDGE_PRODUCTS / width ** 2)));
  const known = gatherInputs(inputs, data, index.subarray(0, rows));
  const judges = gatherInputs(inputs, data, heldOutIndex.subarray(0, rows));
  const equations = normalEquations(known, width, outputs);
  return {
    coefficients: fitRidge(known, judges, width, outputs, equations),
    ridge: scalers && fitRidgeBaseline(equations, known, width, scalers),
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
