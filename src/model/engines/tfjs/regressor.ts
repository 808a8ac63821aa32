import * as tf from '@tensorflow/tfjs-core';
import { initializers, input, type LayersModel, layers, loadLayersModel, model } from '@tensorflow/tfjs-layers';
import { TRUNCATED_DEVIATION } from '../../network/initial-weights.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN } from '../../network/shape.js';
import { checkOptions, type Loss, lossNamed, optimizerNamed } from './compiling.js';
import { type Data, evaluate, FIT_OPTIONS, type FitOptions, fit, type History, type Logs } from './fitting.js';
import { folderHandler } from './folder-handler.js';
import { registerKerasInitializers } from './keras-initializers.js';

type Layer = ReturnType<typeof layers.dense>;

export interface RegressorOptions {
  /** Units of each hidden SELU layer; five layers of 30 by default. */
  readonly hidden?: readonly number[];
  /** Factor of the mean squared reconstruction error in the loss; 0.05 by default. */
  readonly auxiliaryWeight?: number;
  /** Makes the initial weights repeatable. */
  readonly seed?: number;
}

export interface CompileOptions {
  /** One of the caller's, which `dispose` does not dispose, or the name of one with Keras' defaults, such as `nadam`. */
  readonly optimizer: tf.Optimizer | string;
  /** The loss of each prediction without the auxiliary loss, or its name; it is averaged. Squared error by default. */
  readonly loss?: Loss | string;
}

interface CallOptions {
  readonly training?: boolean;
}

registerKerasInitializers();

/**
 * A regression network that also reconstructs its own inputs, and is trained to: the Keras class of Géron, Hands-On
 * Machine Learning (2nd ed., chapter 12, "Losses and Metrics Based on Model Internals"), on TensorFlow.js.
 *
 * It runs on the current backend, and has its own `fit` and `evaluate`, because those of `LayersModel` do not support `addLoss`.
 * Tensors that methods take or return belong to the caller.
 */
export class ReconstructionRegressor {
  readonly outputDim: number;
  readonly auxiliaryWeight: number;
  readonly hidden: readonly Layer[];
  readonly out: Layer;
  private readonly seed: number;
  private built: { readonly reconstruct: Layer; readonly model: LayersModel; readonly inputDim: number } | undefined;
  private compiled: { readonly optimizer: tf.Optimizer; readonly isOwn: boolean; readonly loss: Loss } | undefined;
  /** Calls of `call` that have not returned: more than one if one calls another. */
  private depth = 0;
  /** The values of each metric in the latest forward pass, all but the mean of several. */
  private readonly metricValues = new Map<string, tf.Scalar[]>();
  private readonly passMetrics = new Map<string, tf.Scalar>();
  /**
   * The terms that `addLoss` collected in the latest forward pass, those of calls within it included. The next pass replaces and disposes
   * them.
   */
  losses: readonly tf.Scalar[] = [];
  /** The metrics that `addMetric` collected in the latest forward pass, the mean of several of one name. The next pass disposes them. */
  readonly metrics: ReadonlyMap<string, tf.Scalar> = this.passMetrics;

  constructor(outputDim: number, options: RegressorOptions = {}) {
    const { hidden = DEFAULT_HIDDEN, auxiliaryWeight = DEFAULT_AUXILIARY_WEIGHT } = options;
    for (const units of [outputDim, ...hidden])
      if (!Number.isInteger(units) || units < 1)
        throw new RangeError(`expected a layer with 1 or more units, got ${units}`);
    this.outputDim = outputDim;
    this.auxiliaryWeight = auxiliaryWeight;
    this.seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
    this.hidden = hidden.map((units, i) =>
      layers.dense({ name: `hidden_${i}`, units, activation: 'selu', kernelInitializer: lecunNormal(this.seed + i) }),
    );
    this.out = head('out', outputDim, this.seed + hidden.length);
    // As Keras' `__call__` wraps `call`, also that of a derived class: what it calls in turn belongs to the same pass.
    const { call } = this;
    this.call = (inputs, options) => this.pass(inputs, () => call.call(this, inputs, options));
  }

  /**
   * Creates `reconstruct`, which depends on the number of inputs, and all weights. The first pass calls it if necessary.
   * `inputShape` is `[rows or null, inputs]`. Throws an Error if it was called before.
   */
  build(inputShape: readonly [number | null, number]): void {
    const inputDim = inputShape[1];
    if (this.built) throw new Error(`the regressor is built already, for ${this.built.inputDim} inputs`);
    if (!Number.isInteger(inputDim) || inputDim < 1)
      throw new RangeError(`expected inputs of width 1 or more, got ${inputDim}`);
    const reconstruct = head('reconstruct', inputDim, this.seed + this.hidden.length + 1);
    const inputs = input({ shape: [inputDim], name: 'inputs' });
    let z = inputs;
    for (const layer of this.hidden) z = layer.apply(z) as typeof inputs;
    const outputs = [this.out, reconstruct].map((layer) => layer.apply(z) as typeof inputs);
    this.built = { reconstruct, inputDim, model: model({ inputs, outputs, name: 'reconstruction_regressor' }) };
    this.built.model.setUserDefinedMetadata({ auxiliaryWeight: this.auxiliaryWeight });
  }

  /** The same layers as a plain functional model, `[rows, inputs] -> [[rows, outputs], [rows, inputs]]`. */
  get model(): LayersModel {
    return this.whenBuilt().model;
  }

  get inputDim(): number {
    return this.whenBuilt().inputDim;
  }

  /**
   * The forward pass: `[rows, inputs] -> [rows, outputs]`. Adds the weighted reconstruction loss and the metric
   * `reconstruction_error`, the unweighted mean over all rows and inputs. Throws a RangeError on another width, and on no rows.
   */
  call(inputs: tf.Tensor2D, { training = false }: CallOptions = {}): tf.Tensor2D {
    const { reconstruct } = this.whenBuilt();
    return tf.tidy(() => {
      let z: tf.Tensor = inputs;
      for (const layer of this.hidden) z = layer.apply(z, { training }) as tf.Tensor;
      const reconstruction = reconstruct.apply(z, { training }) as tf.Tensor;
      const error = tf.mean<tf.Scalar>(tf.squaredDifference(reconstruction, inputs));
      this.addLoss(tf.mul(error, this.auxiliaryWeight));
      this.addMetric(error, 'reconstruction_error');
      return this.out.apply(z, { training }) as tf.Tensor2D;
    });
  }

  /** Adds a term to the loss of the current pass. The scalar then belongs to the regressor. */
  addLoss(value: tf.Scalar): void {
    this.losses = [...this.losses, tf.keep(value)];
  }

  /**
   * Records a metric of the current pass. The scalar then belongs to the regressor. Values of the same name are averaged, over the pass and,
   * as in Keras, over all of an epoch.
   */
  addMetric(value: tf.Scalar, name: string): void {
    const values = [...(this.metricValues.get(name) ?? []), tf.keep(value)];
    const former = this.passMetrics.get(name);
    if (values.length > 2) former?.dispose();
    this.metricValues.set(name, values);
    this.passMetrics.set(
      name,
      values.length === 1 ? value : tf.keep(tf.tidy(() => tf.mean<tf.Scalar>(tf.stack(values)))),
    );
  }

  /** How often `addMetric` was called with a name in the latest pass. */
  countOf(name: string): number {
    return this.metricValues.get(name)?.length ?? 0;
  }

  /** Throws a RangeError for an unknown name of an optimiser or a loss, and for an unknown option. */
  compile(options: CompileOptions): void {
    checkOptions('compile', options, ['optimizer', 'loss']);
    const { optimizer, loss = tf.squaredDifference } = options;
    const isOwn = typeof optimizer === 'string';
    if (!isOwn && typeof optimizer?.minimize !== 'function')
      throw new RangeError(`compile: expected an optimizer or its name, got ${String(optimizer)}`);
    if (typeof loss !== 'string' && typeof loss !== 'function')
      throw new RangeError(`compile: expected a function as loss or its name, got ${String(loss)}`);
    const compiled = {
      optimizer: isOwn ? optimizerNamed(optimizer) : optimizer,
      isOwn,
      loss: typeof loss === 'string' ? lossNamed(loss) : loss,
    };
    this.forgetOptimizer();
    this.compiled = compiled;
  }

  /** The loss of one forward pass, auxiliary terms included. `targets` is `[rows, outputs]`. */
  computeLoss(inputs: tf.Tensor2D, targets: tf.Tensor2D, options?: { readonly training?: boolean }): tf.Scalar {
    if (targets.rank !== 2 || targets.shape[1] !== this.outputDim || targets.shape[0] !== inputs.shape[0])
      throw new RangeError(`expected targets [${inputs.shape[0]}, ${this.outputDim}], got [${targets.shape}]`);
    const loss = this.compiled?.loss ?? tf.squaredDifference;
    return tf.tidy(() => {
      const own = tf.mean<tf.Scalar>(loss(targets, this.call(inputs, options)));
      return this.losses.reduce((sum, term) => tf.add(sum, term), own);
    });
  }

  /**
   * Trains on `x` `[rows, inputs]` and `y` `[rows, outputs]`, and yields to the event loop between batches. Rejects with the
   * signal's reason if it is aborted, with an Error if `compile` was not called, and with a RangeError for an unknown option.
   */
  async fit(x: tf.Tensor2D, y: tf.Tensor2D, options: FitOptions = {}): Promise<History> {
    const { optimizer } = this.whenCompiled();
    checkOptions('fit', options, FIT_OPTIONS);
    requireMatrices(x, y);
    if (!this.built) this.build(x.shape);
    return fit(this, optimizer, [x, y], options);
  }

  /** Returns the loss, auxiliary terms included, and the metrics, averaged over batches as by Keras. */
  evaluate(x: tf.Tensor2D, y: tf.Tensor2D, options: { readonly batchSize?: number } = {}): Logs {
    this.whenCompiled();
    checkOptions('evaluate', options, ['batchSize']);
    requireMatrices(x, y);
    return evaluate(this, [x, y] satisfies Data, options.batchSize);
  }

  /** `[rows, inputs] -> [rows, outputs]`, in one pass. */
  predict(x: tf.Tensor2D): tf.Tensor2D {
    return this.call(x);
  }

  /** Kernel and bias of each hidden layer, of `out`, and of `reconstruct`, in Keras' order. */
  get variables(): tf.Variable[] {
    return [...this.hidden, this.out, this.whenBuilt().reconstruct].flatMap((layer) =>
      layer.weights.map((weight) => weight.read() as tf.Variable),
    );
  }

  /** Copies of the `variables`. */
  getWeights(): tf.Tensor[] {
    return this.variables.map((variable) => tf.clone(variable));
  }

  /** Copies `weights` into the `variables`. Throws a RangeError if number or shapes differ. */
  setWeights(weights: readonly tf.Tensor[]): void {
    const { variables } = this;
    const shapes = (tensors: readonly tf.Tensor[]) => tensors.map(({ shape }) => `[${shape}]`).join(' ');
    if (shapes(weights) !== shapes(variables))
      throw new RangeError(`expected weights ${shapes(variables)}, got ${shapes(weights)}`);
    variables.forEach((variable, i) => {
      variable.assign(weights[i]!);
    });
  }

  /**
   * Writes the network in TensorFlow.js' layers format, which `loadLayersModel` reads without this class, with the outputs
   * `[out, reconstruct]`. A string names a folder for `model.json` and `weights.bin`.
   */
  async save(target: string | tf.io.IOHandler): Promise<tf.io.SaveResult> {
    return this.model.save(typeof target === 'string' ? folderHandler(target) : target);
  }

  /** Reads a saved network. Rejects with an Error if it is another kind of model. */
  static async load(source: string | tf.io.IOHandler): Promise<ReconstructionRegressor> {
    const loaded = await loadLayersModel(typeof source === 'string' ? folderHandler(source) : source);
    try {
      return fromModel(loaded);
    } finally {
      loaded.dispose();
    }
  }

  dispose(): void {
    this.forgetPass();
    this.forgetOptimizer();
    this.built?.model.dispose();
    this.built = undefined;
  }

  /** Runs the outermost `call` of a pass, or one within it. */
  private pass(inputs: tf.Tensor2D, run: () => tf.Tensor2D): tf.Tensor2D {
    requireMatrices(inputs);
    if (!this.built) this.build(inputs.shape);
    const { inputDim } = this;
    if (inputs.shape[1] !== inputDim)
      throw new RangeError(`expected inputs [rows, ${inputDim}], got [${inputs.shape}]`);
    if (inputs.shape[0] === 0) throw new RangeError('expected inputs of 1 or more rows, got 0');
    if (this.depth === 0) this.forgetPass();
    this.depth++;
    try {
      return run();
    } finally {
      this.depth--;
    }
  }

  private forgetPass(): void {
    tf.dispose([...this.losses, ...this.passMetrics.values(), ...Array.from(this.metricValues.values()).flat()]);
    this.losses = [];
    this.passMetrics.clear();
    this.metricValues.clear();
  }

  private forgetOptimizer(): void {
    if (this.compiled?.isOwn) this.compiled.optimizer.dispose();
    this.compiled = undefined;
  }

  private whenBuilt() {
    if (!this.built) throw new Error('the regressor has no weights: call build([null, inputs]), call or fit first');
    return this.built;
  }

  private whenCompiled() {
    if (!this.compiled) throw new Error('the regressor has no optimizer: call compile({ optimizer }) first');
    return this.compiled;
  }
}

/** Throws a RangeError unless all are tensors of rank 2. */
function requireMatrices(...tensors: readonly unknown[]): void {
  for (const tensor of tensors) {
    if (!(tensor instanceof tf.Tensor))
      throw new RangeError(`expected a tensor [rows, columns], got ${String(tensor)}`);
    if (tensor.rank !== 2) throw new RangeError(`expected a tensor [rows, columns], got [${tensor.shape}]`);
  }
}

function lecunNormal(seed: number) {
  return initializers.varianceScaling({
    scale: TRUNCATED_DEVIATION ** -2,
    mode: 'fanIn',
    distribution: 'normal',
    seed,
  });
}

/** A linear layer with Keras' default initialiser, Glorot uniform. TensorFlow.js' default is Glorot normal. */
function head(name: string, units: number, seed: number): Layer {
  return layers.dense({ name, units, kernelInitializer: initializers.glorotUniform({ seed }) });
}

function fromModel(loaded: LayersModel): ReconstructionRegressor {
  const [, ...dense] = loaded.layers;
  const names = dense.map(({ name }) => name);
  const hidden = dense.slice(0, -2);
  const expected = [...hidden.map((_, i) => `hidden_${i}`), 'out', 'reconstruct'];
  if (names.join() !== expected.join())
    throw new Error(`expected the layers of a ReconstructionRegressor, got ${names.join(', ')}`);
  const units = dense.map((layer) => layer.outputShape[1] as number);
  const { auxiliaryWeight } = (loaded.getUserDefinedMetadata() ?? {}) as { auxiliaryWeight?: number };
  const regressor = new ReconstructionRegressor(units.at(-2)!, {
    hidden: units.slice(0, -2),
    ...(auxiliaryWeight === undefined ? {} : { auxiliaryWeight }),
  });
  regressor.build([null, units.at(-1)!]);
  regressor.setWeights(dense.flatMap((layer) => layer.getWeights()));
  return regressor;
}
