import { test } from 'node:test';
import type { Engine, EngineFactory, Optimizer } from '../../../src/model/network/engine.js';
import { assertClose } from '../../support/close-to.js';
import { flat, type GoldenCase, goldenCases, goldenShape } from '../../support/keras-golden.js';
import { loadTestedEngines } from '../../support/tested-engines.js';

const OPTIMIZERS: Optimizer['name'][] = ['sgd', 'adam', 'nadam'];

/** Bounds of the absolute error of a forward pass and of a gradient, and of the relative error of a training's losses. */
const FORWARD = 1e-5;
const GRADIENT = 1e-4;
const TRAINING = 1e-5;

for (const { label, create } of await loadTestedEngines()) {
  for (const golden of goldenCases) {
    const title = `${label}, ${golden.n_inputs} to ${golden.output_dim}`;
    if ('missing' in create) {
      test(title, { skip: create.missing }, () => {});
      continue;
    }
    test(`${title}: outputs, reconstructions and errors are those of Keras`, (t) => {
      const engine = open(create, golden);
      t.after(() => engine.close());
      const pass = engine.forward(Float32Array.from(golden.inputs), golden.rows);
      const { forward } = golden;
      assertClose(pass.outputs, forward.outputs, FORWARD, 'outputs');
      assertClose(pass.reconstructions, forward.reconstruction, FORWARD, 'reconstructions');
      assertClose(pass.errors, forward.row_reconstruction_error, FORWARD, 'errors');
    });

    test(`${title}: loss and every gradient are those of Keras`, (t) => {
      const engine = open(create, golden);
      t.after(() => engine.close());
      const loss = run(engine, golden, 'gradient');
      const { forward } = golden;
      assertClose([loss.loss], [golden.training.sgd.total_loss_before_each_step[0]!], FORWARD, 'loss');
      assertClose([loss.reconstructionError], [forward.reconstruction_error], FORWARD, 'reconstruction error');
      assertClose([0.05 * loss.reconstructionError], forward.losses, FORWARD, 'auxiliary loss');
      assertClose(engine.gradients(), flat(golden.gradients, goldenShape(golden)), GRADIENT, 'gradients');
    });

    for (const name of OPTIMIZERS) {
      test(`${title}: a training with ${name} goes as in Keras`, (t) => {
        const expected = golden.training[name];
        const engine = open(create, golden, { name, learningRate: expected.learning_rate });
        t.after(() => engine.close());
        const ratios = expected.total_loss_before_each_step.map((loss) => run(engine, golden, 'step').loss / loss);
        assertClose(ratios, new Array(ratios.length).fill(1), TRAINING, 'losses, relative');
        const { outputs, errors } = engine.forward(Float32Array.from(golden.inputs), golden.rows);
        const scale = Math.max(...expected.outputs_after.map(Math.abs));
        assertClose(outputs, expected.outputs_after, TRAINING * scale, 'outputs after training');
        const auxiliary = (0.05 * errors.reduce((sum, error) => sum + error, 0)) / golden.rows;
        assertClose([auxiliary / expected.losses_after[0]], [1], TRAINING, 'auxiliary loss after training, relative');
      });
    }
  }
}

function open(create: EngineFactory, golden: GoldenCase, optimizer?: Optimizer): Engine {
  return create(goldenShape(golden), flat(golden.weights, goldenShape(golden)), optimizer);
}

function run(engine: Engine, { inputs, targets, rows }: GoldenCase, method: 'gradient' | 'step') {
  const index = Int32Array.from({ length: rows }, (_, i) => i);
  return engine[method](Float32Array.from(inputs), Float32Array.from(targets), index, 0, rows);
}
