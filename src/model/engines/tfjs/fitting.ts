import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { createRandom, shuffle } from '../../../base/statistics/random.js';

const DEFAULT_BATCH_SIZE = 32;
/** Milliseconds of training before it yields to the event loop. */
const SLICE_MS = 10;

/** Inputs `[rows, inputs]` and targets `[rows, outputs]`. */
export type Data = readonly [tf.Tensor2D, tf.Tensor2D];

/** The network to train. */
interface Network {
  readonly variables: tf.Variable[];
  /** Callbacks set its `stopTraining`. */
  readonly model: LayersModel;
  /** Metrics of the latest pass, by name. */
  readonly metrics: ReadonlyMap<string, tf.Scalar>;
  /** How many values a metric of the latest pass is the mean of. */
  countOf(name: string): number;
  /** The loss of `[rows, inputs]` with the targets `[rows, outputs]`. */
  computeLoss(inputs: tf.Tensor2D, targets: tf.Tensor2D, options?: { readonly training?: boolean }): tf.Scalar;
}

/** `loss`, and each metric by its name; when training with validation data, also each of them as `val_…`. */
export type Logs = Record<string, number>;

/** One number per epoch, as in Keras and TensorFlow.js. */
export interface History {
  readonly epoch: number[];
  readonly history: Record<string, number[]>;
}

/** As those of TensorFlow.js, whose own can be passed too, such as `tf.callbacks.earlyStopping`. Promises are awaited. */
export interface FitCallback {
  setParams?(params: Record<string, unknown>): void;
  setModel?(model: LayersModel): void;
  onTrainBegin?(logs?: Logs): unknown;
  onTrainEnd?(logs?: Logs): unknown;
  /** `epoch` counts from 0. */
  onEpochBegin?(epoch: number, logs?: Logs): unknown;
  onEpochEnd?(epoch: number, logs?: Logs): unknown;
  onBatchBegin?(batch: number, logs?: Logs): unknown;
  onBatchEnd?(batch: number, logs?: Logs): unknown;
}

export interface FitOptions {
  /** 1 by default, as in Keras. */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly validationData?: Data;
  /** Share of the rows, from 0 to 1, that are not trained on and taken for validation: the last ones, before shuffling. */
  readonly validationSplit?: number;
  readonly callbacks?: FitCallback | readonly FitCallback[];
  /** Shuffle the rows before each epoch; true by default. */
  readonly shuffle?: boolean;
  /** Makes the shuffling repeatable. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** `epoch` counts from 0. A promise is awaited. */
  readonly onEpochEnd?: (epoch: number, logs: Logs) => unknown;
}

/** The names of `FitOptions`. */
export const FIT_OPTIONS = [
  ...['epochs', 'batchSize', 'validationData', 'validationSplit', 'callbacks', 'shuffle', 'seed', 'signal'],
  'onEpochEnd',
];

export async function fit(
  network: Network,
  optimizer: tf.Optimizer,
  data: Data,
  options: FitOptions,
): Promise<History> {
  const { validationData, validationSplit } = options;
  if (validationData || !validationSplit) {
    if (validationSplit !== undefined && validationSplit !== 0 && !validationData) throw shareError(validationSplit);
    return fitTo(network, optimizer, data, options);
  }
  const parts = splitLast(data, validationSplit);
  try {
    return await fitTo(network, optimizer, parts[0], { ...options, validationData: parts[1] });
  } finally {
    tf.dispose(parts.flat());
  }
}

/** Splits the last rows off, as Keras does. Throws a RangeError if a part has none. */
function splitLast([x, y]: Data, share: number): [Data, Data] {
  if (!(share > 0 && share < 1)) throw shareError(share);
  const rows = x.shape[0];
  const first = Math.floor(rows * (1 - share));
  if (first === 0 || first === rows)
    throw new RangeError(`validationSplit: ${share} of ${rows} rows leaves none to train on or to validate with`);
  const part = (from: number, count: number): Data => [
    tf.slice(x, [from, 0], [count, -1]),
    tf.slice(y, [from, 0], [count, -1]),
  ];
  return [part(0, first), part(first, rows - first)];
}

function shareError(share: number): RangeError {
  return new RangeError(`validationSplit: expected a share between 0 and 1, got ${share}`);
}

async function fitTo(network: Network, optimizer: tf.Optimizer, data: Data, options: FitOptions): Promise<History> {
  const { epochs = 1, batchSize = DEFAULT_BATCH_SIZE, validationData, signal } = options;
  if (!Number.isInteger(epochs) || epochs < 0) throw new RangeError(`expected a number of epochs, got ${epochs}`);
  check(data, batchSize);
  if (validationData) check(validationData, batchSize);
  const [x, y] = data;
  const callbacks = [options.callbacks ?? []].flat() as readonly FitCallback[];
  const each = async (run: (callback: FitCallback) => unknown) => {
    for (const callback of callbacks) await run(callback);
  };
  const { model } = network;
  model.stopTraining = false;
  const steps = Math.ceil(x.shape[0] / batchSize);
  const params = {
    epochs,
    batchSize,
    samples: x.shape[0],
    steps,
    verbose: 0,
    doValidation: validationData !== undefined,
  };
  await each((callback) => callback.setParams?.(params));
  await each((callback) => callback.setModel?.(model));
  await each((callback) => callback.onTrainBegin?.({}));
  const random = createRandom(options.seed ?? Math.floor(Math.random() * 2 ** 32));
  const order = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
  const all: Logs[] = [];
  let sliceStart = performance.now();

  for (let epoch = 0; epoch < epochs && !model.stopTraining; epoch++) {
    await each((callback) => callback.onEpochBegin?.(epoch, {}));
    if (options.shuffle ?? true) shuffle(order, random);
    const means = new Means();
    for (let from = 0; from < order.length; from += batchSize) {
      signal?.throwIfAborted();
      const batch = from / batchSize;
      const rows = order.slice(from, from + batchSize);
      await each((callback) => callback.onBatchBegin?.(batch, { batch, size: rows.length }));
      const loss = tf.tidy(() => {
        const index = tf.tensor1d(rows, 'int32');
        const [inputs, targets] = [tf.gather(x, index), tf.gather(y, index)];
        const cost = () => network.computeLoss(inputs, targets, { training: true });
        return optimizer.minimize(cost, true, network.variables)!.dataSync()[0]!;
      });
      means.add(loss, network, rows.length);
      await each((callback) => callback.onBatchEnd?.(batch, { batch, size: rows.length, loss }));
      if (performance.now() - sliceStart > SLICE_MS) {
        await setImmediate();
        sliceStart = performance.now();
      }
    }
    const logs = means.logs();
    if (validationData)
      for (const [name, value] of Object.entries(evaluate(network, validationData, batchSize)))
        logs[`val_${name}`] = value;
    all.push(logs);
    await options.onEpochEnd?.(epoch, logs);
    await each((callback) => callback.onEpochEnd?.(epoch, logs));
  }
  await each((callback) => callback.onTrainEnd?.({}));
  const names = Object.keys(all[0] ?? {});
  return {
    epoch: [...all.keys()],
    history: Object.fromEntries(names.map((name) => [name, all.map((logs) => logs[name]!)])),
  };
}

export function evaluate(network: Network, data: Data, batchSize = DEFAULT_BATCH_SIZE): Logs {
  check(data, batchSize);
  const [x, y] = data;
  const means = new Means();
  for (let from = 0; from < x.shape[0]; from += batchSize) {
    const rows = Math.min(batchSize, x.shape[0] - from);
    const loss = tf.tidy(() =>
      network.computeLoss(tf.slice(x, [from, 0], [rows, -1]), tf.slice(y, [from, 0], [rows, -1])).dataSync(),
    );
    means.add(loss[0]!, network, rows);
  }
  return means.logs();
}

/** Averages over the batches of an epoch as Keras does: the loss by rows, an added metric by its values. */
class Means {
  private rows = 0;
  private loss = 0;
  private readonly metrics = new Map<string, { readonly sum: number; readonly count: number }>();

  add(loss: number, network: Network, rows: number): void {
    this.rows += rows;
    this.loss += loss * rows;
    for (const [name, value] of network.metrics) {
      const { sum, count } = this.metrics.get(name) ?? { sum: 0, count: 0 };
      const added = network.countOf(name);
      this.metrics.set(name, { sum: sum + added * value.dataSync()[0]!, count: count + added });
    }
  }

  logs(): Logs {
    const metrics = [...this.metrics].map(([name, { sum, count }]) => [name, sum / count] as const);
    return { loss: this.loss / this.rows, ...Object.fromEntries(metrics) };
  }
}

function check([x, y]: Data, batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`expected a batch size of 1 or more, got ${batchSize}`);
  if (x.shape[0] === 0) throw new RangeError('there are no rows');
  if (x.shape[0] !== y.shape[0])
    throw new RangeError(`expected as many rows of targets as of inputs, ${x.shape[0]}, got ${y.shape[0]}`);
}
