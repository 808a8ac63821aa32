import * as tf from '@tensorflow/tfjs-core';
import { Adam, Nadam } from './nadam.js';

/** The loss of each prediction; it is averaged. */
export type Loss = (targets: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** Optimisers by Keras' names, with Keras' defaults. */
const OPTIMIZERS: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => tf.train.sgd(0.01),
  adam: () => new Adam(),
  nadam: () => new Nadam(),
  rmsprop: () => tf.train.rmsprop(0.001),
  adagrad: () => tf.train.adagrad(0.001),
  adadelta: () => tf.train.adadelta(0.001),
  adamax: () => tf.train.adamax(0.001),
};

/** Below this a target counts as this in a relative error; Keras' epsilon. */
const EPSILON = 1e-7;

const LOSSES = {
  mean_squared_error: tf.squaredDifference,
  mean_absolute_error: (y, p) => tf.abs(tf.sub(y, p)),
  mean_absolute_percentage_error: (y, p) => tf.mul(100, tf.div(tf.abs(tf.sub(y, p)), tf.maximum(tf.abs(y), EPSILON))),
  mean_squared_logarithmic_error: (y, p) => {
    const [a, b] = [y, p].map((values) => tf.log1p(tf.maximum(values, EPSILON)));
    return tf.squaredDifference(a!, b!);
  },
  huber: (y, p) => {
    const error = tf.abs(tf.sub(y, p));
    return tf.where(tf.lessEqual(error, 1), tf.mul(0.5, tf.square(error)), tf.sub(error, 0.5));
  },
  log_cosh: (y, p) => {
    const error = tf.sub(p, y);
    return tf.sub(tf.add(error, tf.softplus(tf.mul(-2, error))), Math.LN2);
  },
} satisfies Record<string, Loss>;

/** Other names of losses, in Keras and TensorFlow.js. */
const ALIASES: Readonly<Record<string, keyof typeof LOSSES>> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  huber_loss: 'huber',
  logcosh: 'log_cosh',
};

/** Makes the optimiser of a name, in any notation of it. Throws a RangeError. */
export function optimizerNamed(name: string): tf.Optimizer {
  const create = find(OPTIMIZERS, name.toLowerCase());
  if (create) return create();
  throw new RangeError(`expected an optimizer or one of ${Object.keys(OPTIMIZERS).join(', ')}, got ${name}`);
}

/** Returns the loss of a name, such as `mse`, `mean_squared_error` or `meanSquaredError`. Throws a RangeError. */
export function lossNamed(name: string): Loss {
  const plain = name.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`);
  const loss = find<Loss>(LOSSES, find(ALIASES, plain) ?? plain);
  if (loss) return loss;
  const names = [...Object.keys(LOSSES), ...Object.keys(ALIASES)];
  throw new RangeError(`expected a function as loss, or one of ${names.join(', ')}, got ${name}`);
}

/** Throws a RangeError for an option that does not exist: it would be ignored without a word. */
export function checkOptions(method: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`${method}: there is no option ${unknown}; expected ${known.join(', ')}`);
}

function find<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
