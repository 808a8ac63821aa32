import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, shuffle } from '../../../base/statistics/random.js';

const DEFAULT_BATCH_SIZE = 32;
/** Milliseconds of training before it yields to the event loop. */
const SLICE_MS = 10;

/** Inputs `[rows, inputs]` and targets `[rows, outputs]`. */
export type Data = readonly [tf.Tensor2D, tf.Tensor2D];

/** The network to train. */
interface Network {
  readonly variables: tf.Variable[];
  /** Metrics of the latest pass, by name. */
  readonly metrics: ReadonlyMap<string, tf.Scalar>;
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

export interface FitOptions {
  readonly epochs: number;
  readonly batchSize?: number;
  readonly validationData?: Data;
  /** Shuffle the rows before each epoch; true by default. */
  readonly shuffle?: boolean;
  /** Makes the shuffling repeatable. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** `epoch` counts from 0. A promise is awaited. */
  readonly onEpochEnd?: (epoch: number, logs: Logs) => unknown;
}

export async function fit(
  network: Network,
  optimizer: tf.Optimizer,
  data: Data,
  options: FitOptions,
): Promise<History> {
  const { epochs, batchSize = DEFAULT_BATCH_SIZE, validationData, signal } = options;
  check(data, batchSize);
  const [x, y] = data;
  const random = createRandom(options.seed ?? Math.floor(Math.random() * 2 ** 32));
  const order = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
  const all: Logs[] = [];
  let sliceStart = performance.now();

  for (let epoch = 0; epoch < epochs; epoch++) {
    if (options.shuffle ?? true) shuffle(order, random);
    const means = new Means();
    for (let from = 0; from < order.length; from += batchSize) {
      signal?.throwIfAborted();
      const rows = order.slice(from, from + batchSize);
      const loss = tf.tidy(() => {
        const index = tf.tensor1d(rows, 'int32');
        const [inputs, targets] = [tf.gather(x, index), tf.gather(y, index)];
        const cost = () => network.computeLoss(inputs, targets, { training: true });
        return optimizer.minimize(cost, true, network.variables)!.dataSync()[0]!;
      });
      means.add(loss, network.metrics, rows.length);
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
  }
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
    means.add(loss[0]!, network.metrics, rows);
  }
  return means.logs();
}

/** Averages over the batches of an epoch as Keras does: the loss by rows, an added metric by batches. */
class Means {
  private rows = 0;
  private batches = 0;
  private loss = 0;
  private readonly metrics = new Map<string, number>();

  add(loss: number, metrics: ReadonlyMap<string, tf.Scalar>, rows: number): void {
    this.rows += rows;
    this.batches++;
    this.loss += loss * rows;
    for (const [name, value] of metrics) this.metrics.set(name, (this.metrics.get(name) ?? 0) + value.dataSync()[0]!);
  }

  logs(): Logs {
    const metrics = [...this.metrics].map(([name, sum]) => [name, sum / this.batches] as const);
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
