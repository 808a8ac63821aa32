import { readFileSync } from 'node:fs';
import { createRandom, shuffle } from '../../src/base/statistics/random.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import type { EngineFactory } from '../../src/model/network/engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { trainEpoch } from '../../src/model/training/training.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { type Housing, housingDirectory, readHousing, SHAPE, testFeatures } from './california-housing.js';

// Trains on California housing with the settings of the Keras runs, and compares the errors on the test rows.
// Usage: node dist/bench/training/california.js [directory of california-housing.csv and .split]

const SEEDS = [0, 1, 2, 3, 4];
const EPOCHS = [2, 20];
const BATCH_SIZE = 32;
const LEARNING_RATE = 0.001;

interface Run {
  readonly seed: number;
  readonly epochs: number;
  readonly test_mse: number;
  readonly test_reconstruction_error: number;
}

const directory = housingDirectory();
const keras: { runs: Run[] } = JSON.parse(
  // Relative to dist/bench/training, where this runs.
  readFileSync(new URL('../../../test/fixtures/keras-california.json', import.meta.url), 'utf8'),
);
const createEngine = await loadEngine('kernel');
const housing = readHousing(directory);
const ours = SEEDS.flatMap((seed) => trainAndTest(createEngine, housing, seed));

const verdicts = new Verdicts();
console.log('# California housing against Keras\n');
printMachine();
console.log('| test rows, 5 seeds | epochs | ours: median (range) | Keras: median (range) | |');
console.log('|---|---|---|---|---|');
for (const epochs of EPOCHS) {
  for (const figure of ['test_mse', 'test_reconstruction_error'] as const) {
    const [mine, theirs] = [ours, keras.runs].map((runs) =>
      runs.filter((run) => run.epochs === epochs).map((run) => run[figure]),
    ) as [number[], number[]];
    // If both train equally well, our maximum exceeds theirs in one of two cases, and our median exceeds their maximum in one
    // of twelve: only the latter counts as worse. The reconstruction error has heavy tails and is reported but not judged.
    const worse = figure === 'test_mse' && median(mine) > Math.max(...theirs);
    const verdict = figure === 'test_mse' ? (worse ? 'WORSE' : 'as good') : 'not judged';
    console.log(`| ${figure} | ${epochs} | ${spread(mine, 4)} | ${spread(theirs, 4)} | ${verdict} |`);
    if (figure !== 'test_mse') continue;
    const max = Math.max(...theirs).toFixed(4);
    verdicts.judge(
      `median test MSE after ${epochs} epochs ${median(mine).toFixed(4)}, at most the maximum of Keras, ${max}`,
      !worse,
    );
  }
}
console.log();
verdicts.print();

/** Tests one training after 2 and after 20 epochs. */
function trainAndTest(create: EngineFactory, housing: Housing, seed: number): Run[] {
  const { features, targets, train, test } = housing;
  const rows = testFeatures(housing);
  const engine = create(SHAPE, initialWeights(SHAPE, seed), { name: 'nadam', learningRate: LEARNING_RATE });
  const random = createRandom(seed);
  const index = Int32Array.from(train);
  const runs: Run[] = [];
  for (let epoch = 1; epoch <= Math.max(...EPOCHS); epoch++) {
    shuffle(index, random);
    trainEpoch(engine, { rows: features.length / SHAPE.inputs, features, targets }, index, BATCH_SIZE);
    if (!EPOCHS.includes(epoch)) continue;
    const { outputs, errors } = engine.forward(rows, test.length);
    const mean = (value: (i: number) => number) => test.reduce((sum, _, i) => sum + value(i), 0) / test.length;
    runs.push({
      seed,
      epochs: epoch,
      test_mse: mean((i) => (outputs[i]! - targets[test[i]!]!) ** 2),
      test_reconstruction_error: mean((i) => errors[i]!),
    });
  }
  engine.close();
  return runs;
}
