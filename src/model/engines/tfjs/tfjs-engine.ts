import * as tf from '@tensorflow/tfjs-core';
import type { BatchLoss, Engine, EngineFactory, Optimizer, Pass } from '../../network/engine.js';
import { type Shape, weightCount } from '../../network/shape.js';
import { PassBuffers } from '../pass-buffers.js';
import { type BackendName, openBackend, useBackend } from './backend.js';
import { Adam, Nadam } from './nadam.js';
import { ReconstructionRegressor } from './regressor.js';

/** Maximum rows of one forward pass on the backend, so that its memory does not grow with the request. */
const CHUNK_ROWS = 1024;

/** Loads TensorFlow.js with a backend. Rejects with an Error if the backend is not available. */
export async function loadTfjs(backend: 'auto' | BackendName): Promise<EngineFactory> {
  const opened = await openBackend(backend);
  return (shape, weights, optimizer) => new TfjsEngine(opened, shape, weights, optimizer);
}

type Gradients = Parameters<tf.Optimizer['applyGradients']>[0];

const OPTIMIZERS = {
  nadam: (rate: number) => new Nadam(rate),
  adam: (rate: number) => new Adam(rate),
  sgd: (rate: number) => tf.train.sgd(rate),
} satisfies Record<Optimizer['name'], (rate: number) => tf.Optimizer>;

class TfjsEngine implements Engine {
  readonly name: string;
  readonly shape: Shape;
  private readonly backend: BackendName;
  private readonly regressor: ReconstructionRegressor;
  private readonly variables: tf.Variable[];
  private readonly optimizer: tf.Optimizer | undefined;
  private readonly flatGradient: Float32Array;
  private readonly buffers: PassBuffers;

  constructor(backend: BackendName, shape: Shape, weights: Float32Array, optimizer: Optimizer | undefined) {
    this.name = `tfjs-${backend}`;
    this.backend = backend;
    this.shape = shape;
    this.buffers = new PassBuffers(shape);
    this.flatGradient = new Float32Array(weightCount(shape));
    this.checkLength(weights);
    useBackend(backend);
    const { outputs, inputs, hidden, auxiliaryWeight } = shape;
    this.regressor = new ReconstructionRegressor(outputs, { hidden, auxiliaryWeight });
    this.regressor.build([null, inputs]);
    this.variables = this.regressor.variables;
    this.setWeights(weights);
    this.optimizer = optimizer && OPTIMIZERS[optimizer.name](optimizer.learningRate);
  }

  forward(rows: Float32Array, count: number): Pass {
    useBackend(this.backend);
    const { inputs, outputs } = this.shape;
    const pass = this.buffers.reserve(count);
    for (let from = 0; from < count; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, count);
      tf.tidy(() => {
        const x = tf.tensor2d(rows.subarray(from * inputs, to * inputs), [to - from, inputs]);
        const [out, reconstruction] = this.regressor.model.apply(x) as [tf.Tensor, tf.Tensor];
        pass.outputs.set(out.dataSync(), from * outputs);
        pass.reconstructions.set(reconstruction.dataSync(), from * inputs);
        pass.errors.set(tf.mean(tf.squaredDifference(reconstruction, x), 1).dataSync(), from);
      });
    }
    return pass;
  }

  gradient(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    return this.differentiate(rows, targets, index.subarray(from, to), () => undefined);
  }

  gradients(): Float32Array {
    return this.flatGradient;
  }

  step(rows: Float32Array, targets: Float32Array, index: Int32Array, from: number, to: number): BatchLoss {
    const { optimizer } = this;
    if (!optimizer) throw new Error('this engine was created without an optimizer and cannot train');
    return this.differentiate(rows, targets, index.subarray(from, to), (grads) => optimizer.applyGradients(grads));
  }

  outputs(rows: Float32Array, count: number, to: Float32Array): void {
    to.set(this.forward(rows, count).outputs);
  }

  weights(to = new Float32Array(this.flatGradient.length)): Float32Array {
    useBackend(this.backend);
    copyFlat(this.variables, to);
    return to;
  }

  setWeights(weights: Float32Array): void {
    this.checkLength(weights);
    useBackend(this.backend);
    tf.tidy(() => {
      let offset = 0;
      for (const variable of this.variables) {
        // A copy, because the cpu backend retains the array.
        variable.assign(tf.tensor(weights.slice(offset, offset + variable.size), variable.shape));
        offset += variable.size;
      }
    });
  }

  close(): void {
    useBackend(this.backend);
    this.regressor.dispose();
    this.optimizer?.dispose();
  }

  /** Loss and gradient of the rows in `batch`, then `use` of the gradient's tensors, named as the variables. */
  private differentiate(
    rows: Float32Array,
    targets: Float32Array,
    batch: Int32Array,
    use: (gradients: Gradients) => void,
  ): BatchLoss {
    if (batch.length === 0) throw new RangeError('a batch has 1 or more rows');
    useBackend(this.backend);
    const { inputs, outputs } = this.shape;
    return tf.tidy(() => {
      const x = tf.tensor2d(gather(rows, inputs, batch), [batch.length, inputs]);
      const y = tf.tensor2d(gather(targets, outputs, batch), [batch.length, outputs]);
      const loss = () => this.regressor.computeLoss(x, y, { training: true });
      const { value, grads } = tf.variableGrads(loss, this.variables);
      const named = this.variables.map(({ name }) => ({ name, tensor: grads[name]! }));
      copyFlat(
        named.map(({ tensor }) => tensor),
        this.flatGradient,
      );
      use(named);
      const error = this.regressor.metrics.get('reconstruction_error')!;
      return { loss: value.dataSync()[0]!, reconstructionError: error.dataSync()[0]! };
    });
  }

  private checkLength(weights: Float32Array): void {
    const { length } = this.flatGradient;
    if (weights.length !== length) throw new RangeError(`expected ${length} weights, got ${weights.length}`);
  }
}

/** The rows `index` of a row-major `[all, width]`, one after another: `[index.length, width]`. */
function gather(rows: Float32Array, width: number, index: Int32Array): Float32Array {
  const gathered = new Float32Array(index.length * width);
  index.forEach((row, i) => {
    gathered.set(rows.subarray(row * width, (row + 1) * width), i * width);
  });
  return gathered;
}

function copyFlat(tensors: readonly tf.Tensor[], target: Float32Array): void {
  let offset = 0;
  for (const tensor of tensors) {
    target.set(tensor.dataSync(), offset);
    offset += tensor.size;
  }
}
