import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients: in Node the core alone has none.
import '@tensorflow/tfjs-layers';
import { openBackend } from '../../../../src/model/engines/tfjs/backend.js';
import { Adam, Nadam } from '../../../../src/model/engines/tfjs/nadam.js';

before(() => openBackend('cpu'));

/** Keras 3's update of one weight under the gradient 2w, written out step by step. */
function reference(kind: 'adam' | 'nadam', steps: number, rate: number, weight: number): number {
  let [w, m, v, product] = [weight, 0, 0, 1];
  for (let t = 1; t <= steps; t++) {
    const g = 2 * w;
    m += (g - m) * 0.1;
    v += (g * g - v) * 0.001;
    if (kind === 'adam') {
      w -= (m * rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t) / (Math.sqrt(v) + 1e-7);
    } else {
      const now = 0.9 * (1 - 0.5 * 0.96 ** t);
      const next = 0.9 * (1 - 0.5 * 0.96 ** (t + 1));
      product *= now;
      const mHat = (next * m) / (1 - product * next) + ((1 - now) * g) / (1 - product);
      w -= (mHat * rate) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
    }
  }
  return w;
}

for (const [kind, create] of [
  ['adam', (rate: number) => new Adam(rate)],
  ['nadam', (rate: number) => new Nadam(rate)],
] as const) {
  describe(kind, () => {
    it('moves variables of any shape as Keras does', (t) => {
      const optimizer = create(0.01);
      const a = tf.variable(tf.tensor2d([[0.5, -1.5]]));
      const b = tf.variable(tf.scalar(2));
      t.after(() => tf.dispose([a, b]));
      const cost = () => tf.add<tf.Scalar>(tf.sum(tf.square(a)), tf.square(b));
      for (let i = 0; i < 50; i++) optimizer.minimize(cost, false, [a, b]);
      const expected = [0.5, -1.5, 2].map((weight) => reference(kind, 50, 0.01, weight));
      [...a.dataSync(), ...b.dataSync()].forEach((weight, i) => {
        assert.ok(Math.abs(weight - expected[i]!) < 1e-5, `${weight} against ${expected[i]}`);
      });
      optimizer.dispose();
    });

    it('leaves no tensor behind', () => {
      const start = tf.memory().numTensors;
      const optimizer = create(0.01);
      const x = tf.variable(tf.scalar(1));
      const cost = () => tf.square<tf.Scalar>(x);
      optimizer.minimize(cost);
      const first = tf.memory().numTensors;
      for (let i = 0; i < 5; i++) optimizer.minimize(cost);
      assert.equal(tf.memory().numTensors, first);
      tf.dispose(x);
      optimizer.dispose();
      assert.equal(tf.memory().numTensors, start + 1, 'only the initial value, which is the caller’s, is left');
    });

    it('refuses other variables than before', (t) => {
      const optimizer = create(0.01);
      const [x, y] = [tf.variable(tf.scalar(1)), tf.variable(tf.ones([3]))];
      t.after(() => {
        tf.dispose([x, y]);
        optimizer.dispose();
      });
      optimizer.minimize(() => tf.square(x), false, [x]);
      assert.throws(
        () => optimizer.minimize(() => tf.sum(y), false, [y]),
        /expected a step of 1 weights, as before, got 3/,
      );
    });

    it('can be made again from its configuration', () => {
      const cls = create(0.5).constructor as typeof Adam;
      const copy = cls.fromConfig(cls, { ...new cls(0.25, 0.8, 0.9, 1e-5).getConfig() });
      assert.deepEqual(copy.getConfig(), { learningRate: 0.25, beta1: 0.8, beta2: 0.9, epsilon: 1e-5 });
      assert.ok(copy instanceof cls);
    });
  });
}
