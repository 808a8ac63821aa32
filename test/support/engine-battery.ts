import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Engine, EngineFactory, Optimizer } from '../../src/model/network/engine.js';
import { layerShapes, type Shape, weightCount } from '../../src/model/network/shape.js';
import { type Batch, normals, randomBatch, randomWeights } from './batch.js';
import { assertClose } from './close-to.js';
import { referenceForward, referenceLoss, referenceSlope } from './reference-network.js';

/** Every kind of width beside the SIMD blocks (1, 4, 8, 16), depths from 0, and the extremes. */
const SHAPES: Shape[] = [
  [1, 1, []],
  [5, 3, []],
  [1, 1, [1]],
  [8, 1, [30, 30, 30, 30, 30]],
  [3, 2, [5, 17, 4]],
  [9, 7, [7, 513]],
  [2, 100, [16, 15]],
  [1000, 2, [6]],
  [4, 5, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
].map(([inputs, outputs, hidden]) => ({ inputs, outputs, hidden, auxiliaryWeight: 0.05 }) as Shape);

const SMALL: Shape = { inputs: 3, outputs: 2, hidden: [5, 6], auxiliaryWeight: 0.3 };
const NADAM: Optimizer = { name: 'nadam', learningRate: 0.01 };

/** Beside the blocks of 8 rows, the chunks of 64, and the few rows that are computed one by one. */
const BATCH_SIZES = [1, 2, 4, 5, 7, 8, 9, 63, 64, 65, 68, 69, 130];

/** Relative to the largest number: float32 with the sums of a thousand products. */
const TOLERANCE = 2e-5;

/** What every engine has to do, whatever it computes with. `heldTensors` counts what lies outside JavaScript's heap. */
export function testEngine(label: string, create: EngineFactory, heldTensors: () => number): void {
  const open = (shape: Shape, optimizer?: Optimizer) => create(shape, randomWeights(shape), optimizer);

  describe(label, () => {
    for (const shape of SHAPES) {
      const name = `${shape.inputs} inputs, ${shape.outputs} outputs, hidden [${shape.hidden}]`;

      test(`${name}: computes what the textbook says, for odd and even batches`, (t) => {
        const engine = open(shape);
        t.after(() => engine.close());
        for (const count of [7, 66]) checkForward(engine, randomBatch(shape, count), count);
      });

      test(`${name}: the gradient is the slope of the loss`, (t) => {
        const engine = open(shape);
        t.after(() => engine.close());
        for (const count of [1, 67]) checkGradient(engine, randomBatch(shape, count));
      });
    }

    test('runs batches of any size', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      for (const count of BATCH_SIZES) checkForward(engine, randomBatch(SMALL, count), count);
    });

    test('the outputs alone are those of a whole pass', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      for (const count of [0, ...BATCH_SIZES]) {
        const { rows } = randomBatch(SMALL, Math.max(1, count));
        // Room for a row more, which stays as it is.
        const outputs = new Float32Array(2 * count + 2).fill(7);
        engine.outputs(rows, count, outputs);
        assert.deepEqual(outputs, Float32Array.of(...engine.forward(rows, count).outputs, 7, 7), `${count} rows`);
      }
    });

    test('each single derivative is that of the loss', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const batch = randomBatch(SMALL, 11);
      engine.gradient(batch.rows, batch.targets, batch.index, 0, 11);
      const weights = randomWeights(SMALL);
      const slopes = Array.from(weights, (_, i) => {
        const axis = weights.map((_, j) => Number(i === j));
        return referenceSlope(SMALL, weights, batch, axis);
      });
      assertClose(engine.gradients(), slopes, TOLERANCE * largest(slopes), 'gradients');
    });

    test('trains on the rows that the index names, repeated or out of order', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const { rows, targets } = randomBatch(SMALL, 9);
      const whole = Int32Array.of(6, 5, 8, 2, 2, 0, 7);
      const batch = { rows, targets, index: whole.subarray(2, 6) };
      const loss = engine.gradient(rows, targets, whole, 2, 6);
      assertClose([loss.loss], [referenceLoss(SMALL, engine.weights(), batch).loss], TOLERANCE * loss.loss);
    });

    test('the gradient of a batch is the mean over its parts', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const { rows, targets, index } = randomBatch(SMALL, 200);
      const gradientOf = (from: number, to: number) => {
        engine.gradient(rows, targets, index, from, to);
        return Float64Array.from(engine.gradients());
      };
      const [whole, first, second] = [gradientOf(0, 200), gradientOf(0, 70), gradientOf(70, 200)] as const;
      const mean = first.map((value, i) => (70 * value + 130 * second[i]!) / 200);
      assertClose(whole, mean, TOLERANCE * largest(mean));
    });

    test('an empty forward pass is empty', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      for (const count of [0, 3, 0]) {
        const pass = engine.forward(randomBatch(SMALL, 3).rows, count);
        assert.deepEqual(
          [pass.outputs, pass.reconstructions, pass.errors].map((view) => view.length),
          [2 * count, 3 * count, count],
        );
      }
    });

    test('a huge forward pass gives every row the numbers of its small one', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const { rows } = randomBatch(SMALL, 50_003);
      const { outputs, errors } = engine.forward(rows, 50_003);
      const [tailOutputs, tailErrors] = [outputs.slice(-6), errors.slice(-3)];
      const tail = engine.forward(rows.subarray(-9), 3);
      assertClose(tail.outputs, tailOutputs, TOLERANCE, 'outputs');
      assertClose(tail.errors, tailErrors, TOLERANCE * 10, 'errors');
    });

    test('a row that is not finite leaves the other rows alone', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const { rows, targets, index } = randomBatch(SMALL, 20);
      const expected = engine.forward(rows, 20).outputs.slice();
      rows[3 * 7] = Number.NaN;
      rows[3 * 11] = Number.POSITIVE_INFINITY;
      const { outputs } = engine.forward(rows, 20);
      for (const broken of [7, 11]) {
        assert.ok(!outputs.subarray(2 * broken, 2 * broken + 2).some(Number.isFinite), `row ${broken} is not finite`);
        outputs.copyWithin(2 * broken, 0, 2);
        expected.copyWithin(2 * broken, 0, 2);
      }
      assertClose(outputs, expected, TOLERANCE);
      // The next batch ends right before row 7.
      assert.ok(Number.isFinite(engine.gradient(rows, targets, index, 0, 7).loss));
      assert.ok(engine.gradients().every(Number.isFinite), 'no trace in the next batch');
    });

    for (const name of ['sgd', 'adam', 'nadam'] as const) {
      test(`the same steps of ${name} give the same weights, bit for bit`, (t) => {
        const shape = { ...SMALL, hidden: [30, 30] };
        const batch = randomBatch(shape, 100);
        const trained = [0, 1].map(() => {
          const engine = open(shape, { name, learningRate: 0.01 });
          t.after(() => engine.close());
          const losses = train(engine, batch, 12);
          assert.ok(losses.at(-1)! < losses[0]!, `the loss falls: ${losses}`);
          return { losses, weights: engine.weights() };
        });
        assert.deepEqual(trained[0], trained[1]);
      });
    }

    test('weights are copied in and out', (t) => {
      const given = randomWeights(SMALL);
      const engine = create(SMALL, given);
      t.after(() => engine.close());
      const kept = given.slice();
      given.fill(0);
      engine.weights().fill(1);
      assert.deepEqual(engine.weights(), kept);
      const other = normals(weightCount(SMALL), 9);
      engine.setWeights(other);
      assert.deepEqual(engine.weights(), other);
    });

    test("new weights leave the optimiser's state", (t) => {
      const batch = randomBatch(SMALL, 16);
      const engine = open(SMALL, NADAM);
      t.after(() => engine.close());
      const start = engine.weights();
      train(engine, batch, 1);
      const afterFirstStep = engine.weights();
      engine.setWeights(start);
      train(engine, batch, 1);
      assert.notDeepEqual(engine.weights(), afterFirstStep);
    });

    test('weights of another length are a RangeError', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const tooMany = new Float32Array(weightCount(SMALL) + 1);
      assert.throws(() => engine.setWeights(tooMany), RangeError);
      assert.throws(() => engine.setWeights(tooMany.subarray(2)), RangeError);
      assert.throws(() => create(SMALL, tooMany), RangeError);
    });

    test('an empty batch is a RangeError and changes nothing', (t) => {
      const engine = open(SMALL, NADAM);
      t.after(() => engine.close());
      const { rows, targets, index } = randomBatch(SMALL, 4);
      assert.throws(() => engine.gradient(rows, targets, index, 2, 2), RangeError);
      assert.throws(() => engine.step(rows, targets, index, 0, 0), RangeError);
      assert.deepEqual(engine.weights(), randomWeights(SMALL));
    });

    test('a step without an optimizer is an Error', (t) => {
      const engine = open(SMALL);
      t.after(() => engine.close());
      const { rows, targets, index } = randomBatch(SMALL, 4);
      assert.throws(() => engine.step(rows, targets, index, 0, 4), /without an optimizer/);
    });

    test('leaves no tensor behind: not after a call, nor, once closed, at all', () => {
      const before = heldTensors();
      const engine = open(SMALL, NADAM);
      const batch = randomBatch(SMALL, 40);
      const use = () => {
        engine.forward(batch.rows, 40);
        engine.gradient(batch.rows, batch.targets, batch.index, 0, 40);
        train(engine, batch, 1);
        engine.setWeights(engine.weights());
      };
      use();
      const held = heldTensors();
      for (let i = 0; i < 5; i++) use();
      assert.equal(heldTensors(), held);
      engine.close();
      assert.equal(heldTensors(), before);
    });
  });
}

/** Takes `steps` steps on the whole batch and returns the loss before each. */
function train(engine: Engine, { rows, targets, index }: Batch, steps: number): number[] {
  return Array.from({ length: steps }, () => engine.step(rows, targets, index, 0, index.length).loss);
}

function checkForward(engine: Engine, { rows }: Batch, count: number): void {
  const { shape } = engine;
  const weights = randomWeights(shape);
  const expected = Array.from({ length: count }, (_, r) =>
    referenceForward(shape, weights, rows.subarray(r * shape.inputs, (r + 1) * shape.inputs)),
  );
  const pass = engine.forward(rows, count);
  for (const [name, actual, values] of [
    ['outputs', pass.outputs, expected.flatMap((row) => [...row.outputs])],
    ['reconstructions', pass.reconstructions, expected.flatMap((row) => [...row.reconstruction])],
    ['errors', pass.errors, expected.map((row) => row.error)],
  ] as const) {
    assertClose(actual, values, TOLERANCE * largest(values), `${count} rows, ${name}`);
  }
}

/** Compares loss and gradient with the textbook's: along the gradient, along each layer's part of it, and at random. */
function checkGradient(engine: Engine, batch: Batch): void {
  const { shape } = engine;
  const { rows, targets, index } = batch;
  const weights = randomWeights(shape);
  const loss = engine.gradient(rows, targets, index, 0, index.length);
  const expected = referenceLoss(shape, weights, batch);
  assertClose([loss.loss / expected.loss], [1], TOLERANCE, 'loss, relative');
  assertClose([loss.reconstructionError / expected.reconstructionError], [1], TOLERANCE, 'reconstruction, relative');

  const gradient = Float64Array.from(engine.gradients());
  const parts = layerShapes(shape).flatMap(({ kernelOffset, biasOffset, units }) => [
    gradient.map((value, i) => (i >= kernelOffset && i < biasOffset ? value : 0)),
    gradient.map((value, i) => (i >= biasOffset && i < biasOffset + units ? value : 0)),
  ]);
  for (const part of [gradient, ...parts, normals(gradient.length, 8)]) {
    const length = Math.hypot(...part);
    const direction = Float64Array.from(part, (value) => value / length);
    const slope = direction.reduce((sum, value, i) => sum + value * gradient[i]!, 0);
    assertClose([slope], [referenceSlope(shape, weights, batch, direction)], 1e-4 * Math.hypot(...gradient), 'slope');
  }
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
