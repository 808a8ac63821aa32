import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { loadEngine } from '../../../../src/model/engines/load-engine.js';
import { Predictor } from '../../../../src/model/network/predictor.js';
import { train } from '../../../../src/model/training/training.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../../../src/model/training/training-options.js';

/** Draws rows of three features whose target is `answer` of them and of noise. */
function rowsOf(answer: (x: readonly number[], noise: number) => number, rows = 1200) {
  const random = createRandom(13);
  const features = new Float32Array(rows * 3);
  const targets = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const x = [random.normal(), random.normal(), random.normal()];
    features.set(x, row * 3);
    targets[row] = answer(x, random.normal());
  }
  return { rows, features, targets };
}

const products = ([a, b, c]: readonly number[], noise: number) => 50 * Math.exp(a! + 0.8 * b! - 0.5 * c! + 0.2 * noise);

async function run(data: ReturnType<typeof rowsOf>, target_transform: TrainingOptions['target_transform']) {
  const options = { ...DEFAULT_TRAINING, epochs: 15, target_transform };
  return train(await loadEngine('kernel'), data, 3, ['y'], options);
}

test('a target of products is learned as its logarithm, with its errors in its own units', async () => {
  const [auto, none] = [await run(rowsOf(products), 'auto'), await run(rowsOf(products), 'none')];
  assert.equal(auto.scalers.transforms?.[0]?.method, 'log1p');
  assert.equal(none.scalers.transforms, undefined);
  const [better, plain] = [auto, none].map(({ metrics }) => metrics.targets['y']!);
  assert.ok(better!.rmse < plain!.rmse, `${better!.rmse} against ${plain!.rmse}`);
  // The same rows are held out, whose spread is in the target's units.
  assert.equal(better!.baseline_rmse, plain!.baseline_rmse);
  const predictor = new Predictor((await loadEngine('kernel'))(auto.shape, auto.weights), auto.scalers);
  const { features, rows, targets, outputs } = auto.heldOut;
  assert.deepEqual(predictor.predict(features, rows).outputs, outputs);
  const errors = targets.map((y, i) => (outputs[i]! - y) ** 2);
  assert.ok(Math.abs(Math.sqrt(errors.reduce((sum, e) => sum + e, 0) / rows) - better!.rmse) < 1e-3);
});

test('a target that is negative or has no tail, or whose tail is of the noise, is learned as it is', async () => {
  for (const answer of [
    ([a]: readonly number[], noise: number) => 10 + a! + Math.exp(1.5 * noise),
    ([a]: readonly number[]) => a! + 100,
    ([a]: readonly number[]) => a! - Math.exp(3 * a!),
  ]) {
    assert.equal((await run(rowsOf(answer), 'auto')).scalers.transforms, undefined, `${answer}`);
  }
});

test('the logarithm of a target of -1 or less is refused, and that of any other is taken', async () => {
  await assert.rejects(
    run(
      rowsOf(([a]) => a! - 1),
      'log1p',
    ),
    {
      code: 'INVALID_REQUEST',
      message: /^target_transform: log1p needs targets above -1; target "y" has values down to -/,
    },
  );
  const { scalers } = await run(
    rowsOf(([a]) => 5 + Math.tanh(a!)),
    'log1p',
  );
  assert.equal(scalers.transforms?.[0]?.method, 'log1p');
});
