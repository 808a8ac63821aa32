import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { callbacks, input, layers, loadLayersModel, model } from '@tensorflow/tfjs-layers';
import { openBackend } from '../../../../src/model/engines/tfjs/backend.js';
import type { FitOptions, Logs } from '../../../../src/model/engines/tfjs/fitting.js';
import { folderHandler } from '../../../../src/model/engines/tfjs/folder-handler.js';
import { Nadam } from '../../../../src/model/engines/tfjs/nadam.js';
import { ReconstructionRegressor, type RegressorOptions } from '../../../../src/model/engines/tfjs/regressor.js';
import { layerShapes } from '../../../../src/model/network/shape.js';
import { distance, goldenCases, goldenShape } from '../../../support/keras-golden.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

before(() => openBackend('wasm'));

/** `[rows, 3]` and `y = 2 x0 - x1 + x2²`, `[rows, 1]`. */
function problem(t: TestContext, rows = 100): [tf.Tensor2D, tf.Tensor2D] {
  const x = tf.tensor2d(
    Array.from({ length: rows * 3 }, (_, i) => Math.sin(i * 7.31)),
    [rows, 3],
  );
  const values = x.arraySync().map(([a, b, c]) => [2 * a! - b! + c! * c!]);
  const y = tf.tensor2d(values);
  t.after(() => tf.dispose([x, y]));
  return [x, y];
}

function create(t: TestContext, options: RegressorOptions = { hidden: [8, 8], seed: 1 }) {
  const regressor = new ReconstructionRegressor(1, options);
  const optimizer = new Nadam(0.01);
  regressor.compile({ optimizer });
  t.after(() => {
    regressor.dispose();
    optimizer.dispose();
  });
  return regressor;
}

const values = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => Array.from(tensor.dataSync()));

describe('ReconstructionRegressor', () => {
  it('has five hidden layers of 30 SELU units and a reconstruction weight of 0.05 by default', (t) => {
    const regressor = create(t, {});
    assert.deepEqual(
      regressor.hidden.map((layer) => [layer.name, layer.getConfig()['units'], layer.getConfig()['activation']]),
      [0, 1, 2, 3, 4].map((i) => [`hidden_${i}`, 30, 'selu']),
    );
    assert.equal(regressor.auxiliaryWeight, 0.05);
  });

  it('makes its weights in build, which alone knows the number of inputs', (t) => {
    const regressor = create(t);
    assert.throws(() => regressor.variables, /no weights/);
    regressor.build([null, 3]);
    assert.deepEqual(
      regressor.variables.map(({ shape }) => shape),
      [[3, 8], [8], [8, 8], [8], [8, 1], [1], [8, 3], [3]],
    );
    assert.throws(() => regressor.build([null, 3]), /built already/);
  });

  it('starts as Keras does: LeCun normal hidden layers, Glorot uniform heads, zero biases', (t) => {
    const regressor = create(t, { hidden: [200, 200], seed: 3 });
    regressor.build([null, 100]);
    const [first, bias, second, , , , reconstruct] = regressor.variables;
    const deviation = (tensor: tf.Tensor) => tf.tidy(() => Math.sqrt(tf.moments(tensor).variance.dataSync()[0]!));
    assert.ok(Math.abs(deviation(first!) * Math.sqrt(100) - 1) < 0.02);
    assert.ok(Math.abs(deviation(second!) * Math.sqrt(200) - 1) < 0.02);
    assert.ok(bias!.dataSync().every((value) => value === 0));
    const largest = Math.max(...reconstruct!.dataSync().map(Math.abs));
    const limit = Math.sqrt(6 / 300);
    assert.ok(largest <= limit && largest > 0.99 * limit);
  });

  goldenCases.forEach((golden, number) => {
    it(`has the outputs, losses and metrics of the Keras class, case ${number}`, (t) => {
      const shape = goldenShape(golden);
      const regressor = new ReconstructionRegressor(shape.outputs);
      t.after(() => regressor.dispose());
      regressor.build([null, shape.inputs]);
      tf.tidy(() => {
        regressor.setWeights(
          layerShapes(shape).flatMap(({ name, inputs, units }) => [
            tf.tensor(golden.weights[name]!.kernel, [inputs, units]),
            tf.tensor(golden.weights[name]!.bias),
          ]),
        );
        const x = tf.tensor2d(golden.inputs, [golden.rows, shape.inputs]);
        assert.ok(distance(regressor.call(x).dataSync(), golden.forward.outputs) < 1e-5);
        assert.equal(regressor.losses.length, 1);
        assert.ok(distance(regressor.losses[0]!.dataSync(), golden.forward.losses) < 1e-5);
        const metric = regressor.metrics.get('reconstruction_error')!.dataSync();
        assert.ok(distance(metric, [golden.forward.reconstruction_error]) < 1e-5);
        const reconstruction = (regressor.model.predict(x) as tf.Tensor[])[1]!;
        assert.ok(distance(reconstruction.dataSync(), golden.forward.reconstruction) < 1e-5);
      });
    });
  });

  it('holds the losses of the last pass only, and disposes those before', (t) => {
    const [x] = problem(t);
    const regressor = create(t);
    regressor.build(x.shape);
    regressor.call(x).dispose();
    const [former] = regressor.losses;
    const tensors = tf.memory().numTensors;
    regressor.call(x).dispose();
    assert.equal(regressor.losses.length, 1);
    assert.ok(former!.isDisposed);
    assert.equal(tf.memory().numTensors, tensors);
  });

  it('makes its weights in the first pass, as Keras does, and keeps the loss of each call within a pass', (t) => {
    const [x, y] = problem(t);
    class Twice extends ReconstructionRegressor {
      override call(inputs: tf.Tensor2D, options?: { training?: boolean }): tf.Tensor2D {
        return tf.tidy(() => {
          const both = [super.call(inputs, options), super.call(tf.mul(inputs, 2), options)] as const;
          this.addMetric(tf.scalar(1), 'reconstruction_error');
          return tf.mul(0.5, tf.add(...both));
        });
      }
    }
    const start = tf.memory().numTensors;
    const plain = new ReconstructionRegressor(1, { hidden: [4], seed: 2 });
    const twice = new Twice(1, { hidden: [4], seed: 2 });
    const doubled = tf.mul<tf.Tensor2D>(x, 2);
    tf.dispose([plain.call(x), twice.call(x)]);
    const [first] = values(plain.losses);
    plain.predict(doubled).dispose();
    const [second] = values(plain.losses);
    for (let i = 0; i < 2; i++) {
      twice.predict(x).dispose();
      assert.deepEqual(values(twice.losses), [first, second]);
      const errors = [...first!, ...second!].map((loss) => loss / 0.05);
      const mean = (errors[0]! + errors[1]! + 1) / 3;
      assert.ok(Math.abs(values([...twice.metrics.values()])[0]![0]! - mean) < 1e-4);
    }
    const loss = tf.tidy(() => twice.computeLoss(x, y).dataSync()[0]!);
    const own = tf.tidy(() => tf.mean(tf.squaredDifference(twice.predict(x), y)).dataSync()[0]!);
    assert.ok(Math.abs(loss - own - first![0]! - second![0]!) < 1e-5);
    plain.dispose();
    twice.dispose();
    doubled.dispose();
    assert.equal(tf.memory().numTensors, start);
  });

  it('trains one epoch by default, with an optimizer and a loss by name, and the last rows for validation', async (t) => {
    const [x, y] = problem(t);
    const start = tf.memory().numTensors;
    const results: Logs[] = [];
    for (const optimizer of ['sgd', 'adam', 'nadam', 'rmsprop', 'adagrad', 'adadelta', 'adamax', 'Nadam']) {
      const regressor = new ReconstructionRegressor(1, { hidden: [4], seed: 1 });
      regressor.compile({ optimizer, loss: 'meanAbsoluteError' });
      assert.equal((await regressor.fit(x, y, { seed: 1 })).epoch.length, 1);
      const { history } = await regressor.fit(x, y, { epochs: 2, validationSplit: 0.25, seed: 2 });
      assert.equal(history['val_loss']!.length, 2);
      const last = tf.tidy(() => regressor.evaluate(tf.slice(x, [75, 0]), tf.slice(y, [75, 0])));
      assert.ok(Math.abs(last['loss']! - history['val_loss']!.at(-1)!) < 1e-6, optimizer);
      results.push(last);
      regressor.dispose();
    }
    assert.equal(new Set(results.slice(0, -1).map(({ loss }) => loss)).size, 7, 'each differs');
    assert.deepEqual(results.at(-1), results[2]);
    assert.equal(tf.memory().numTensors, start);
  });

  it("has Keras' losses, by the names of Keras and of TensorFlow.js", (t) => {
    // y = 3 and 0.5, p = 1 and 1: computed by hand.
    const expected = {
      mse: (4 + 0.25) / 2,
      mean_squared_error: (4 + 0.25) / 2,
      meanSquaredError: (4 + 0.25) / 2,
      mae: (2 + 0.5) / 2,
      mape: (100 * (2 / 3 + 1)) / 2,
      msle: (Math.log(2) ** 2 + Math.log(2 / 1.5) ** 2) / 2,
      huber: (1.5 + 0.125) / 2,
      huberLoss: (1.5 + 0.125) / 2,
      logcosh: (Math.log(Math.cosh(2)) + Math.log(Math.cosh(0.5))) / 2,
    };
    for (const [loss, value] of Object.entries(expected)) {
      const regressor = new ReconstructionRegressor(1, { hidden: [2], auxiliaryWeight: 0 });
      t.after(() => regressor.dispose());
      regressor.compile({ optimizer: 'sgd', loss });
      regressor.build([null, 2]);
      tf.tidy(() => {
        // The output is its bias, 1.
        const weights = regressor.getWeights().map((weight) => tf.zerosLike(weight));
        regressor.setWeights(weights.map((weight, i) => (i === 3 ? tf.onesLike(weight) : weight)));
        const y = tf.tensor2d([[3], [0.5]]);
        const found = regressor.computeLoss(tf.ones([2, 2]), y).dataSync()[0]!;
        assert.ok(Math.abs(found - value) < 1e-5, `${loss}: ${found} against ${value}`);
      });
    }
  });

  it('calls callbacks in order, and ends when one of TensorFlow.js stops it', async (t) => {
    const [x, y] = problem(t, 5);
    const regressor = create(t);
    const calls: string[] = [];
    const note = (name: string) => (at?: unknown) => void calls.push(typeof at === 'number' ? `${name} ${at}` : name);
    const callback = Object.fromEntries(
      ['onTrainBegin', 'onEpochBegin', 'onBatchBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'].map((name) => [
        name,
        note(name),
      ]),
    );
    await regressor.fit(x, y, { batchSize: 3, callbacks: callback });
    assert.deepEqual(calls, [
      ...['onTrainBegin', 'onEpochBegin 0', 'onBatchBegin 0', 'onBatchEnd 0', 'onBatchBegin 1', 'onBatchEnd 1'],
      ...['onEpochEnd 0', 'onTrainEnd'],
    ]);
    const stop = callbacks.earlyStopping({ monitor: 'val_loss', minDelta: 1e9, patience: 2 });
    const { epoch } = await regressor.fit(x, y, { epochs: 50, validationSplit: 0.4, callbacks: [stop, callback] });
    assert.deepEqual(epoch, [0, 1, 2]);
    assert.equal((await regressor.fit(x, y, { epochs: 2 })).epoch.length, 2, 'the next training begins anew');
  });

  it('loads a network whose layers have the initializers of Keras', async (t) => {
    const [x] = problem(t);
    const regressor = create(t, { hidden: [6, 5], seed: 9 });
    const expected = regressor.predict(x);
    t.after(() => expected.dispose());
    const folder = temporaryDirectory(t);
    await regressor.save(folder);
    const path = join(folder, 'model.json');
    const saved = JSON.parse(await readFile(path, 'utf8'));
    const dense = saved.modelTopology.config.layers.slice(1);
    dense[0].config.kernel_initializer = { class_name: 'LecunNormal', config: { seed: null } };
    dense[1].config.kernel_initializer = 'lecun_normal';
    dense[2].config.kernel_initializer = {
      module: 'keras.initializers',
      class_name: 'LecunUniform',
      config: { seed: null },
      registered_name: null,
    };
    await writeFile(path, JSON.stringify(saved));
    const loaded = await ReconstructionRegressor.load(folder);
    t.after(() => loaded.dispose());
    assert.deepEqual(
      tf.tidy(() => loaded.predict(x).dataSync()),
      expected.dataSync(),
    );
  });

  it('counts the auxiliary loss in training and evaluation alike', async (t) => {
    const [x, y] = problem(t);
    const regressor = create(t, { hidden: [8], auxiliaryWeight: 3, seed: 5 });
    regressor.build(x.shape);
    const before = regressor.evaluate(x, y, { batchSize: 100 });
    const own = tf.tidy(() => tf.mean(tf.squaredDifference(regressor.predict(x), y)).dataSync()[0]!);
    assert.ok(Math.abs(before['loss']! - (own + 3 * before['reconstruction_error']!)) < 1e-5);
    const { history } = await regressor.fit(x, y, { epochs: 1, batchSize: 100 });
    assert.ok(Math.abs(history['loss']![0]! - before['loss']!) < 1e-5);
    assert.ok(Math.abs(history['reconstruction_error']![0]! - before['reconstruction_error']!) < 1e-5);
  });

  it('learns to predict and to reconstruct', async (t) => {
    const [x, y] = problem(t);
    const regressor = create(t);
    const validationData = [x, y] as const;
    const { epoch, history } = await regressor.fit(x, y, { epochs: 30, batchSize: 16, seed: 1, validationData });
    assert.equal(epoch.length, 30);
    const { mean, variance } = tf.moments(y);
    assert.ok(history['val_loss']!.at(-1)! < 0.1 * variance.dataSync()[0]!, 'beats the mean tenfold');
    assert.ok(history['val_reconstruction_error']!.at(-1)! < history['val_reconstruction_error']![0]!);
    tf.dispose([mean, variance]);
  });

  it('repeats a training bit for bit given the same seeds, and shuffles by another one', async (t) => {
    const [x, y] = problem(t);
    const train = async (seed: number) => {
      const regressor = create(t);
      await regressor.fit(x, y, { epochs: 2, seed });
      return values(regressor.variables);
    };
    const first = await train(1);
    assert.deepEqual(await train(1), first);
    assert.notDeepEqual(await train(2), first);
  });

  it('averages an odd last batch as Keras: the loss by rows, the metric by batches', (t) => {
    const [x, y] = problem(t, 5);
    const regressor = create(t);
    regressor.build(x.shape);
    const part = (from: number, rows: number) =>
      tf.tidy(() => regressor.evaluate(tf.slice(x, [from, 0], [rows, 3]), tf.slice(y, [from, 0], [rows, 1])));
    const [a, b] = [part(0, 4), part(4, 1)];
    const both = regressor.evaluate(x, y, { batchSize: 4 });
    assert.ok(Math.abs(both['loss']! - (4 * a['loss']! + b['loss']!) / 5) < 1e-6);
    const errors = [a, b].map((logs) => logs['reconstruction_error']!);
    assert.ok(Math.abs(both['reconstruction_error']! - (errors[0]! + errors[1]!) / 2) < 1e-6);
  });

  it('leaves no tensor behind in fit, evaluate, predict, saving and loading', async (t) => {
    const [x, y] = problem(t);
    const start = tf.memory().numTensors;
    const regressor = new ReconstructionRegressor(1, { hidden: [4] });
    const optimizer = new Nadam();
    regressor.compile({ optimizer });
    const folder = temporaryDirectory(t);
    await regressor.fit(x, y, { epochs: 1 });
    const trained = tf.memory().numTensors;
    await regressor.fit(x, y, { epochs: 2, batchSize: 7 });
    regressor.evaluate(x, y);
    regressor.predict(x).dispose();
    await regressor.save(folder);
    (await ReconstructionRegressor.load(folder)).dispose();
    tf.dispose(regressor.getWeights());
    assert.equal(tf.memory().numTensors, trained);
    regressor.dispose();
    optimizer.dispose();
    assert.equal(tf.memory().numTensors, start);
  });

  it('stops between two batches when its signal is aborted', async (t) => {
    const [x, y] = problem(t);
    const regressor = create(t);
    const controller = new AbortController();
    const epochs: number[] = [];
    const training = regressor.fit(x, y, {
      epochs: 10,
      signal: controller.signal,
      onEpochEnd: (epoch) => {
        epochs.push(epoch);
        if (epoch === 1) controller.abort(new Error('enough'));
      },
    });
    await assert.rejects(training, /enough/);
    assert.deepEqual(epochs, [0, 1]);
  });

  it('takes a loss of the caller’s own', (t) => {
    const [x, y] = problem(t);
    const regressor = create(t, { hidden: [4], auxiliaryWeight: 0 });
    regressor.build(x.shape);
    const expected = tf.tidy(() => tf.mean(tf.abs(tf.sub(regressor.predict(x), y))).dataSync()[0]!);
    regressor.compile({ optimizer: tf.train.sgd(0.1), loss: (a, b) => tf.abs(tf.sub(a, b)) });
    assert.ok(Math.abs(regressor.evaluate(x, y, { batchSize: 100 })['loss']! - expected) < 1e-6);
  });

  it('saves files that TensorFlow.js loads without this class, and loads them again', async (t) => {
    const [x] = problem(t);
    const regressor = create(t, { hidden: [6, 5], auxiliaryWeight: 0.2, seed: 9 });
    regressor.build(x.shape);
    const folder = temporaryDirectory(t);
    await regressor.save(folder);
    assert.deepEqual((await readdir(folder)).sort(), ['model.json', 'weights.bin']);

    const plain = await loadLayersModel(folderHandler(folder));
    const copy = await ReconstructionRegressor.load(folder);
    t.after(() => {
      plain.dispose();
      copy.dispose();
    });
    assert.deepEqual(plain.outputNames, ['out', 'reconstruct']);
    assert.equal(copy.auxiliaryWeight, 0.2);
    assert.deepEqual(values(copy.variables), values(regressor.variables));
    tf.tidy(() => {
      const predicted = regressor.predict(x).dataSync();
      assert.deepEqual(copy.predict(x).dataSync(), predicted);
      assert.deepEqual((plain.predict(x) as tf.Tensor[])[0]!.dataSync(), predicted);
    });
  });

  it('refuses to load another kind of model', async (t) => {
    const inputs = input({ shape: [2] });
    const outputs = layers.dense({ units: 1, name: 'elsewhere' }).apply(inputs) as typeof inputs;
    const other = model({ inputs, outputs });
    t.after(() => other.dispose());
    let saved: tf.io.ModelArtifacts | undefined;
    await other.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    await assert.rejects(
      ReconstructionRegressor.load(tf.io.fromMemory(saved!)),
      /expected the layers of a ReconstructionRegressor.*elsewhere/,
    );
  });

  it('names what is wrong with a call', async (t) => {
    const [x, y] = problem(t);
    const regressor = new ReconstructionRegressor(1);
    t.after(() => regressor.dispose());
    assert.throws(() => regressor.model, /no weights: call build/);
    await assert.rejects(regressor.fit(x, y, { epochs: 1 }), /no optimizer: call compile/);
    regressor.compile({ optimizer: tf.train.sgd(0.1) });
    regressor.build([null, 3]);
    assert.throws(() => regressor.call(tf.zeros<tf.Rank.R2>([0, 3])), /inputs of 1 or more rows, got 0/);
    assert.throws(() => regressor.call([[1, 2, 3]] as never), /expected a tensor \[rows, columns\], got 1,2,3/);
    assert.throws(() => regressor.call(tf.zeros<tf.Rank.R1>([3]) as never), /\[rows, columns\], got \[3\]/);
    for (const [options, message] of [
      [{ validation_split: 0.2 }, /fit: there is no option validation_split; expected epochs, .*validationSplit/],
      [{ epochs: -1 }, /expected a number of epochs, got -1/],
      [{ validationSplit: 1.5 }, /validationSplit: expected a share between 0 and 1, got 1.5/],
      [{ validationSplit: 0.001 }, undefined],
      [{ validationSplit: 0.9999 }, /leaves none to train on/],
      [{ validationData: [x, tf.zeros([3, 1])] }, /as many rows of targets/],
    ] as const) {
      if (message) await assert.rejects(regressor.fit(x, y, options as FitOptions), message);
      else assert.equal((await regressor.fit(x, y, options as FitOptions)).history['val_loss']!.length, 1);
    }
    assert.throws(() => regressor.compile({ optimizer: 'newton' }), /one of sgd, adam, nadam, .*, got newton/);
    assert.throws(
      () => regressor.compile({ optimizer: 'sgd', loss: 'hinge' }),
      /one of mean_squared_error, .*, got hinge/,
    );
    assert.throws(() => regressor.compile({ optimizer: 'sgd', metrics: ['mae'] } as never), /no option metrics/);
    assert.throws(() => regressor.compile({} as never), /expected an optimizer or its name, got undefined/);
    assert.throws(() => regressor.predict(y), /expected inputs \[rows, 3\], got \[100,1\]/);
    assert.throws(() => regressor.evaluate(x, x), /expected targets \[32, 1\], got \[32,3\]/);
    assert.throws(() => regressor.evaluate(x, y, { batchSize: 0 }), /batch size of 1 or more, got 0/);
    assert.throws(() => regressor.setWeights([x]), /expected weights \[3,30\] .*, got \[100,3\]/);
    assert.throws(() => new ReconstructionRegressor(0), /1 or more units, got 0/);
    assert.throws(() => new ReconstructionRegressor(1).build([null, 1.5]), /inputs of width 1 or more, got 1.5/);
  });
});
