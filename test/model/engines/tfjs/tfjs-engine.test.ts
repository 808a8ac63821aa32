import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { loadTfjs } from '../../../../src/model/engines/tfjs/tfjs-engine.js';
import type { EngineFactory, Optimizer } from '../../../../src/model/network/engine.js';
import { weightCount } from '../../../../src/model/network/shape.js';
import { distance, flat, goldenCases, goldenShape } from '../../../support/keras-golden.js';

const OPTIMIZERS = ['sgd', 'adam', 'nadam'] as const satisfies Optimizer['name'][];
const everyRow = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row);
const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + 1) * 0.5);

for (const backend of ['wasm', 'cpu', 'tensorflow'] as const) {
  describe(`the TensorFlow.js engine on ${backend}`, async () => {
    let load: EngineFactory;
    try {
      load = await loadTfjs(backend);
    } catch (error) {
      // The other two come with the dependencies: there it is a failure.
      if (backend !== 'tensorflow') throw error;
      it('agrees with Keras', (t) => t.skip(`@tensorflow/tfjs-node is not installed: ${(error as Error).message}`));
      return;
    }

    goldenCases.forEach((golden, number) => {
      const shape = goldenShape(golden);
      const inputs = Float32Array.from(golden.inputs);
      const targets = Float32Array.from(golden.targets);
      const weights = flat(golden.weights, shape);
      const rows = everyRow(golden.rows);

      it(`has Keras' outputs, reconstructions and errors, case ${number}`, (t) => {
        const engine = load(shape, weights);
        t.after(() => engine.close());
        const pass = engine.forward(inputs, golden.rows);
        assert.ok(distance(pass.outputs, golden.forward.outputs) < 1e-5);
        assert.ok(distance(pass.reconstructions, golden.forward.reconstruction) < 1e-5);
        assert.ok(distance(pass.errors, golden.forward.row_reconstruction_error) < 1e-5);
      });

      it(`has Keras' loss and gradients, case ${number}`, (t) => {
        const engine = load(shape, weights);
        t.after(() => engine.close());
        const { loss, reconstructionError } = engine.gradient(inputs, targets, rows, 0, golden.rows);
        assert.ok(Math.abs(loss - golden.training.sgd.total_loss_before_each_step[0]!) < 1e-5);
        assert.ok(Math.abs(reconstructionError - golden.forward.reconstruction_error) < 1e-5);
        assert.ok(distance(engine.gradients(), flat(golden.gradients, shape)) < 1e-4);
      });

      for (const name of OPTIMIZERS)
        it(`trains as Keras with ${name}, case ${number}`, (t) => {
          const training = golden.training[name];
          const engine = load(shape, weights, { name, learningRate: training.learning_rate });
          t.after(() => engine.close());
          for (const expected of training.total_loss_before_each_step) {
            const { loss } = engine.step(inputs, targets, rows, 0, golden.rows);
            assert.ok(Math.abs(loss / expected - 1) < 1e-4, `loss ${loss}, Keras has ${expected}`);
          }
          assert.ok(distance(engine.forward(inputs, golden.rows).outputs, training.outputs_after) < 1e-4);
        });
    });

    it('leaves no tensor behind, neither per call nor after closing', () => {
      const shape = { inputs: 3, outputs: 2, hidden: [5, 4], auxiliaryWeight: 0.1 };
      const [rows, targets] = [noise(30), noise(20)];
      const before = tf.memory().numTensors;
      const engine = load(shape, noise(weightCount(shape)), { name: 'nadam', learningRate: 1e-3 });
      const round = () => {
        engine.forward(rows, 10);
        engine.gradient(rows, targets, everyRow(10), 2, 9);
        engine.step(rows, targets, everyRow(10), 2, 9);
        engine.setWeights(engine.weights());
      };
      round();
      const first = tf.memory().numTensors;
      for (let i = 0; i < 5; i++) round();
      assert.equal(tf.memory().numTensors, first);
      engine.close();
      assert.equal(tf.memory().numTensors, before);
    });

    it('runs a large batch in chunks with the figures of single rows', (t) => {
      const shape = { inputs: 3, outputs: 2, hidden: [5], auxiliaryWeight: 0.1 };
      const engine = load(shape, noise(weightCount(shape)));
      t.after(() => engine.close());
      const rows = noise(3 * 2500);
      const all = engine.forward(rows, 2500);
      const last = { outputs: all.outputs.slice(-2), error: all.errors.at(-1)! };
      const single = engine.forward(rows.subarray(-3), 1);
      assert.ok(distance(single.outputs, last.outputs) < 1e-6);
      assert.ok(Math.abs(single.errors[0]! - last.error) < 1e-6);
    });
  });
}

describe('TensorFlow.js engines', () => {
  it('of different backends work side by side', async (t) => {
    const shape = { inputs: 2, outputs: 1, hidden: [4], auxiliaryWeight: 0.05 };
    const weights = noise(weightCount(shape));
    const wasm = (await loadTfjs('wasm'))(shape, weights);
    const cpu = (await loadTfjs('cpu'))(shape, weights);
    t.after(() => {
      wasm.close();
      cpu.close();
    });
    assert.deepEqual([wasm.name, cpu.name], ['tfjs-wasm', 'tfjs-cpu']);
    const expected = cpu.forward(noise(8), 4).outputs;
    assert.equal(tf.getBackend(), 'cpu');
    assert.ok(distance(wasm.forward(noise(8), 4).outputs, expected) < 1e-6);
    assert.equal(tf.getBackend(), 'wasm');
  });

  it('refuse a step without an optimizer, an empty batch and weights of another length', async (t) => {
    const shape = { inputs: 2, outputs: 1, hidden: [4], auxiliaryWeight: 0.05 };
    const load = await loadTfjs('cpu');
    const engine = load(shape, noise(weightCount(shape)));
    t.after(() => engine.close());
    assert.throws(() => engine.step(noise(2), noise(1), everyRow(1), 0, 1), /without an optimizer/);
    assert.throws(() => engine.gradient(noise(2), noise(1), everyRow(1), 1, 1), RangeError);
    assert.throws(() => engine.setWeights(new Float32Array(3)), RangeError);
    assert.throws(() => load(shape, new Float32Array(3)), RangeError);
  });
});
