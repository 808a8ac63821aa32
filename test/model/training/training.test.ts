import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import type { Engine, EngineFactory } from '../../../src/model/network/engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { Predictor, predictAll } from '../../../src/model/network/predictor.js';
import { layerShapes } from '../../../src/model/network/shape.js';
import type { LabelledRows } from '../../../src/model/tables/labelled-rows.js';
import { evaluate } from '../../../src/model/training/evaluation.js';
import { train, trainEpoch } from '../../../src/model/training/training.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../../src/model/training/training-options.js';
import { decayWeights } from '../../../src/model/training/weight-decay.js';
import type { Epoch } from '../../../src/model/versions/metrics.js';
import { assertClose } from '../../support/close-to.js';
import { labelledRows } from '../../support/labelled-rows.js';

const TARGETS = ['y'];

test('a training learns a relation, and reports by how much it beats the mean', async () => {
  const { metrics, trainingRows, heldOut } = await run(labelledRows(1000), { epochs: 20 });
  assert.deepEqual([trainingRows, heldOut.rows, metrics.rows], [800, 200, 200]);
  const { r2, rmse, baseline_rmse, mae, baseline_mae } = metrics.targets['y']!;
  // The noise has a standard deviation of 2, the target of 45.
  assert.ok(r2! > 0.95, `R² ${r2}`);
  assert.ok(rmse < 0.25 * baseline_rmse && mae < 0.25 * baseline_mae, `RMSE ${rmse}, MAE ${mae}`);
  assertClose([baseline_rmse], [45], 5);
  assert.ok(metrics.reconstruction_error < 0.5 * metrics.baseline_reconstruction_error);
});

test('the same seed gives the same weights bit for bit, and another seed gives different ones', async () => {
  const [first, same, other] = [
    await run(labelledRows(200), { epochs: 3, seed: 7 }),
    await run(labelledRows(200), { epochs: 3, seed: 7 }),
    await run(labelledRows(200), { epochs: 3, seed: 8 }),
  ];
  assert.deepEqual(same, first);
  assert.notDeepEqual(other.weights, first.weights);
  assert.notDeepEqual(other.heldOut.features, first.heldOut.features);
});

test('a training starts at a linear regression, whatever its seed', async () => {
  for (const seed of [3, 4]) {
    const { metrics, weights, shape } = await run(labelledRows(50), { epochs: 1, seed, learning_rate: 1e-30 });
    // The noise has a standard deviation of 2.
    assert.ok(metrics.targets['y']!.rmse < 3, `RMSE ${metrics.targets['y']!.rmse}`);
    // The units that do not carry the target start as the seed says.
    assertClose(weights.subarray(1, 30), initialWeights(shape, seed).subarray(1, 30), 1e-25);
  }
});

test('a prediction does not follow a number far beyond the training rows', async () => {
  const data = labelledRows(1000);
  const width = data.features.length / data.rows;
  const rows = data.features.slice();
  const { heldOut, ...trained } = await run(data, { epochs: 20 });
  const createEngine = await loadEngine('kernel');
  using predictor = new Predictor(createEngine(trained.shape, trained.weights), trained.scalers);
  const { outputs } = predictAll(predictor, rows, 1000);
  const [min, max] = [Math.min(...outputs), Math.max(...outputs)];
  for (let j = 0; j < width; j++) {
    const column = Float64Array.from({ length: 1000 }, (_, r) => rows[r * width + j]!);
    const [low, high] = [Math.min(...column), Math.max(...column)];
    for (const value of [high + 300 * (high - low), low - 300 * (high - low)]) {
      const far = rows.map((number, at) => (at % width === j ? value : number));
      const found = predictAll(predictor, far, 1000).outputs;
      const most = Math.max(Math.max(...found) - max, min - Math.min(...found)) / (max - min);
      assert.ok(most < 3, `feature ${j} at ${value}: ${most} widths out of all other predictions`);
    }
  }
  assert.equal(heldOut.rows, 200);
});

test('every epoch trains on the same rows in another order', async () => {
  const createEngine = await loadEngine('kernel');
  const orders: number[][] = [];
  const watched: EngineFactory = (...parts) => {
    const engine = createEngine(...parts);
    const step = engine.step.bind(engine);
    return Object.assign(engine, {
      step: (...batch: Parameters<Engine['step']>) => {
        orders.push(Array.from(batch[2]));
        return step(...batch);
      },
    });
  };
  await run(labelledRows(50), { epochs: 4, batch_size: 50 }, watched);
  assert.equal(new Set(orders.map(String)).size, 4);
  assert.equal(new Set(orders.map((order) => String(order.toSorted((a, b) => a - b)))).size, 1);
});

test('the metrics belong to the returned weights and the held-out rows', async () => {
  const { shape, weights, scalers, heldOut, metrics } = await run(labelledRows(300), {
    epochs: 30,
    learning_rate: 0.01,
  });
  const predictor = new Predictor((await loadEngine('kernel'))(shape, weights), scalers);
  const predictions = predictAll(predictor, heldOut.features, heldOut.rows);
  assert.deepEqual({ outputs: heldOut.outputs, errors: heldOut.errors }, predictions);
  assert.deepEqual(evaluate(predictor, heldOut, predictions, TARGETS), metrics);
});

test('each row is either held out or trained on, and the scaler sees only the latter', async () => {
  const all = labelledRows(100);
  const { heldOut, scalers, trainingRows } = await run(labelledRows(100), { epochs: 1, validation_split: 0.3 });
  assert.deepEqual([trainingRows, heldOut.rows], [70, 30]);
  const held = new Set(heldOut.targets);
  assert.equal(held.size, 30);
  const trained = all.targets.filter((target) => !held.has(target));
  assert.equal(trained.length, 70);
  const mean = trained.reduce((sum, target) => sum + target, 0) / 70;
  assertClose(scalers.targets.mean, [mean], 1e-9);
  for (let row = 0; row < 30; row++) {
    const at = all.targets.indexOf(heldOut.targets[row]!);
    assert.deepEqual(heldOut.features.slice(3 * row, 3 * row + 3), all.features.slice(3 * at, 3 * at + 3));
  }
});

test("the best epoch's weights are returned, not the last one's", async () => {
  // Two hundred rows of noise: the training rows are memorised, and the held-out rows get worse.
  const rows = noise(200);
  const { history, bestEpoch, metrics, weights } = await run(rows, { epochs: 30, learning_rate: 0.01, patience: 100 });
  assert.equal(history.length, 30);
  const errors = history.map((epoch) => epoch.val_prediction_error);
  assert.equal(bestEpoch, errors.indexOf(Math.min(...errors)) + 1);
  assert.ok(bestEpoch < 30, `best epoch ${bestEpoch}`);
  assert.equal(metrics.prediction_error, errors[bestEpoch - 1]);
  const shorter = await run(noise(200), { epochs: bestEpoch, learning_rate: 0.01, patience: 100 });
  assert.deepEqual(shorter.weights, weights);
});

test('training stops once the prediction error has not improved for `patience` epochs', async () => {
  for (const patience of [1, 4]) {
    const { history, bestEpoch } = await run(noise(200), { epochs: 1000, learning_rate: 0.01, patience });
    assert.equal(history.length, bestEpoch + patience);
    assert.deepEqual(
      history.map(({ epoch }) => epoch),
      Array.from(history, (_, i) => i + 1),
    );
  }
});

test('the history is reported epoch by epoch, and the training waits for the listener', async () => {
  const reported: Epoch[] = [];
  let listening = false;
  const { history } = await run(labelledRows(50), { epochs: 3 }, undefined, async (epoch) => {
    assert.ok(!listening);
    listening = true;
    reported.push(epoch);
    await new Promise(setImmediate);
    listening = false;
  });
  assert.equal(reported.length, 3);
  assert.deepEqual(reported, history);
  for (const { val_loss, val_prediction_error, val_reconstruction_error } of reported) {
    assertClose([val_loss], [val_prediction_error + 0.05 * val_reconstruction_error], 1e-12);
  }
});

test('a listener that fails ends the training with its error, and the engine is closed', async () => {
  const failure = new Error('the listener failed');
  const engines = await watchedEngines();
  const training = run(labelledRows(50), {}, engines.create, () => Promise.reject(failure));
  await assert.rejects(training, (error) => error === failure);
  assert.deepEqual(engines.open, 0);
});

test('too high a learning rate ends in TRAINING_DIVERGED, and the engine is closed', async () => {
  const engines = await watchedEngines();
  await assert.rejects(run(labelledRows(500), { learning_rate: 10 }, engines.create), {
    code: 'TRAINING_DIVERGED',
    message: /^training diverged in epoch \d+: loss .*, validation loss .*; try a learning_rate below 10$/,
  });
  assert.deepEqual([engines.made, engines.open], [1, 0]);
});

test('a loss that is not a number ends in TRAINING_DIVERGED, whether trained on or held out', async () => {
  const createEngine = await loadEngine('kernel');
  const nanLoss: EngineFactory = (...parts) =>
    Object.assign(createEngine(...parts), { step: () => ({ loss: Number.NaN, reconstructionError: 0 }) });
  const nanOutput: EngineFactory = (...parts) => {
    const engine = createEngine(...parts);
    const forward = engine.forward.bind(engine);
    return Object.assign(engine, {
      forward: (rows: Float32Array, count: number) => {
        const pass = forward(rows, count);
        pass.outputs[0] = Number.NaN;
        return pass;
      },
    });
  };
  for (const create of [nanLoss, nanOutput]) {
    await assert.rejects(run(labelledRows(50), {}, create), { code: 'TRAINING_DIVERGED', message: /epoch 1: .*NaN/ });
  }
});

test('nine rows are refused, and ten are enough', async () => {
  for (const rows of [0, 1, 9]) {
    await assert.rejects(run(labelledRows(rows)), {
      code: 'TOO_FEW_ROWS',
      message: `training needs at least 10 complete rows, got ${rows}`,
    });
  }
  const { trainingRows, heldOut } = await run(labelledRows(10), { epochs: 1 });
  assert.deepEqual([trainingRows, heldOut.rows], [8, 2]);
});

test('every split leaves a row on either side', async () => {
  for (const [validation_split, expected] of [
    [1e-9, 1],
    [0.999, 9],
  ] as const) {
    const { heldOut, trainingRows, metrics } = await run(labelledRows(10), { epochs: 2, validation_split });
    assert.deepEqual([heldOut.rows, trainingRows], [expected, 10 - expected]);
    assert.ok(Number.isFinite(metrics.loss));
    if (expected === 1) assert.equal(metrics.targets['y']!.r2, null);
  }
});

test('a batch larger than the data, and a batch of one, train', async () => {
  for (const batch_size of [1, 1_000_000]) {
    const { history } = await run(labelledRows(50), { epochs: 2, batch_size });
    assert.ok(history[1]!.loss < history[0]!.loss);
  }
});

test('constant columns and columns at the limits of float32 can be trained on', async () => {
  const { rows, features, targets } = labelledRows(100);
  const wide = new Float32Array(rows * 4);
  for (let row = 0; row < rows; row++) {
    wide.set(
      [7, (features[3 * row]! - 50) * 1e36, features[3 * row + 1]! * 1e-38, row % 2 ? 3.4e38 : -3.4e38],
      4 * row,
    );
  }
  const data = { rows, features: wide, targets: targets.map((target) => (target - 200) * 1e-35) };
  const { metrics, scalers } = await train(await loadEngine('kernel'), data, 4, TARGETS, {
    ...DEFAULT_TRAINING,
    epochs: 5,
  });
  assert.equal(scalers.features.scale[0], 1);
  assert.ok(Object.values(metrics.targets['y']!).every((value) => value === null || Number.isFinite(value)));
});

test('a constant target is learnt, without an R²', async () => {
  const { rows, features } = labelledRows(100);
  const data = { rows, features, targets: new Float32Array(rows).fill(-7) };
  const { metrics } = await run(data, { epochs: 30 });
  assert.equal(metrics.targets['y']!.r2, null);
  assert.ok(metrics.targets['y']!.rmse < 0.2, `RMSE ${metrics.targets['y']!.rmse}`);
  assert.equal(metrics.targets['y']!.baseline_rmse, 0);
});

test('an epoch trains on every row of the index once, in order, and reports as Keras does', () => {
  const batches: [number, number][] = [];
  const index = Int32Array.of(4, 2, 0, 1, 3);
  const engine = {
    step: (_rows: Float32Array, _targets: Float32Array, batchIndex: Int32Array, from: number, to: number) => {
      assert.equal(batchIndex, index);
      batches.push([from, to]);
      return { loss: from, reconstructionError: 10 * from };
    },
  } as unknown as Engine;
  const data = { rows: 5, features: new Float32Array(5), targets: new Float32Array(5) };
  // The loss by rows: (2 × 0 + 2 × 2 + 1 × 4) / 5; the metric by batches: (0 + 20 + 40) / 3.
  assert.deepEqual(trainEpoch(engine, data, index, 2), { loss: 8 / 5, reconstruction_error: 20 });
  assert.deepEqual(batches, [
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
});

async function run(
  data: LabelledRows,
  options: Partial<TrainingOptions> = {},
  createEngine?: EngineFactory,
  onEpoch?: (epoch: Epoch) => void | Promise<void>,
) {
  const create = createEngine ?? (await loadEngine('kernel'));
  return train(create, data, 3, TARGETS, { ...DEFAULT_TRAINING, ...options }, onEpoch);
}

/** Rows whose target is independent of their features. */
function noise(rows: number): LabelledRows {
  return { ...labelledRows(rows, 1), targets: labelledRows(rows, 2).targets };
}

/** An engine factory that counts the open engines. */
async function watchedEngines() {
  const createEngine = await loadEngine('kernel');
  const engines = {
    made: 0,
    open: 0,
    create: ((...parts) => {
      const engine = createEngine(...parts);
      const close = engine.close.bind(engine);
      engines.made++;
      engines.open++;
      return Object.assign(engine, {
        close: () => {
          engines.open--;
          close();
        },
      });
    }) as EngineFactory,
  };
  return engines;
}

test('members are trained from other seeds, and the first is the one that a training without others makes', async () => {
  const createEngine = await loadEngine('kernel');
  const options = { ...DEFAULT_TRAINING, epochs: 5 };
  const run = (members: number) => train(createEngine, labelledRows(200), 3, TARGETS, { ...options, members });
  const [one, three] = [await run(1), await run(3)];
  assert.deepEqual(three.shape.hidden, [90, 90, 90, 90, 90]);
  assert.deepEqual([three.history, three.heldOut.targets], [one.history, one.heldOut.targets]);
  // Its first member's weights of the first layer are in the first thirty columns.
  const [ofOne, ofThree] = [layerShapes(one.shape)[0]!, layerShapes(three.shape)[0]!];
  for (let i = 0; i < ofOne.inputs; i++) {
    const row = ofThree.kernelOffset + i * ofThree.units;
    assert.deepEqual(three.weights.slice(row, row + 30), one.weights.slice(30 * i, 30 * i + 30));
    assert.notDeepEqual(three.weights.slice(row + 30, row + 60), one.weights.slice(30 * i, 30 * i + 30));
  }
  const { rmse } = three.metrics.targets['y']!;
  assert.ok(rmse < 1.2 * one.metrics.targets['y']!.rmse, `RMSE ${rmse}`);
});

test('weight decay shrinks the kernels, and not the biases', async () => {
  const createEngine = await loadEngine('kernel');
  const shape = { inputs: 2, outputs: 1, hidden: [3], auxiliaryWeight: 0.05 };
  const engine = createEngine(shape, new Float32Array(6 + 3 + 3 + 1 + 6 + 2).fill(1));
  decayWeights(engine, 0.25);
  const expected = layerShapes(shape).flatMap(({ inputs, units }) => [
    ...new Array(inputs * units).fill(0.75),
    ...new Array(units).fill(1),
  ]);
  assert.deepEqual([...engine.weights()], expected);
});
