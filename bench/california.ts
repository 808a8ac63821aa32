import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type EngineFactory, loadEngine } from '../src/model/engine.js';
import { initialWeights } from '../src/model/initial-weights.js';
import { createRandom, shuffle } from '../src/model/random.js';
import { fitScaler, standardise } from '../src/model/scaler.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN, type Shape } from '../src/model/shape.js';
import { trainEpoch } from '../src/model/training.js';
import { median, printMachine } from './report.js';

// Trains on California housing as Keras was trained, and compares the errors on the test rows.
// Usage: node dist/bench/california.js [directory of california-housing.csv and .split]

const SHAPE: Shape = { inputs: 8, outputs: 1, hidden: DEFAULT_HIDDEN, auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT };
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

/** Features `[20640, 8]`, targets `[20640, 1]`, and the rows of each part. */
interface Housing {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly train: Int32Array;
  readonly test: Int32Array;
}

const directory = process.argv[2] ?? process.env['CALIFORNIA_DIR'] ?? '';
if (!existsSync(join(directory, 'california-housing.csv'))) {
  console.error(
    'SKIPPED: california-housing.csv and california-housing.split are needed; ' +
      'name their directory as the argument or in CALIFORNIA_DIR',
  );
  process.exit(0);
}
const keras: { runs: Run[] } = JSON.parse(
  // From dist/bench, where this runs.
  readFileSync(new URL('../../test/fixtures/keras-california.json', import.meta.url), 'utf8'),
);
const createEngine = await loadEngine('kernel');
const housing = readHousing(directory);
const ours = SEEDS.flatMap((seed) => trainAndTest(createEngine, housing, seed));

printMachine();
console.log('| test rows, 5 seeds | epochs | ours: median (range) | Keras: median (range) | |');
console.log('|---|---|---|---|---|');
for (const epochs of EPOCHS) {
  for (const figure of ['test_mse', 'test_reconstruction_error'] as const) {
    const [mine, theirs] = [ours, keras.runs].map((runs) =>
      runs.filter((run) => run.epochs === epochs).map((run) => run[figure]),
    ) as [number[], number[]];
    // If both train alike, the worst of ours is above their worst every second time, and the median of ours every twelfth
    // time: only that counts as worse. The reconstruction error, which has heavy tails, is shown and not judged.
    const worse = figure === 'test_mse' && median(mine) > Math.max(...theirs);
    if (worse) process.exitCode = 1;
    const verdict = figure === 'test_mse' ? (worse ? 'WORSE' : 'as good') : 'not judged';
    console.log(`| ${figure} | ${epochs} | ${spread(mine)} | ${spread(theirs)} | ${verdict} |`);
  }
}

/** Tests after 2 and after 20 epochs of one training. */
function trainAndTest(create: EngineFactory, { features, targets, train, test }: Housing, seed: number): Run[] {
  const engine = create(SHAPE, initialWeights(SHAPE, seed), { name: 'nadam', learningRate: LEARNING_RATE });
  const random = createRandom(seed);
  const index = Int32Array.from(train);
  const runs: Run[] = [];
  for (let epoch = 1; epoch <= Math.max(...EPOCHS); epoch++) {
    shuffle(index, random);
    trainEpoch(engine, { rows: features.length / SHAPE.inputs, features, targets }, index, BATCH_SIZE);
    if (!EPOCHS.includes(epoch)) continue;
    const rows = Float32Array.from({ length: test.length * SHAPE.inputs }, (_, i) => {
      const [row, column] = [Math.floor(i / SHAPE.inputs), i % SHAPE.inputs];
      return features[test[row]! * SHAPE.inputs + column]!;
    });
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

/** Reads the table, standardises its features by the training rows and leaves the target in its units, as Keras had it. */
function readHousing(directory: string): Housing {
  const records: string[][] = parse(readFileSync(join(directory, 'california-housing.csv')), { from_line: 2 });
  const split = readFileSync(join(directory, 'california-housing.split'), 'utf8').trim();
  if (split.length !== records.length) throw new Error(`${records.length} rows, ${split.length} marks of the split`);
  const rowsOf = (mark: string) =>
    Int32Array.from(Array.from(split, (_, row) => row).filter((row) => split[row] === mark));
  const features = Float32Array.from(records.flatMap((record) => record.slice(0, SHAPE.inputs).map(Number)));
  const targets = Float32Array.from(records, (record) => Number(record[SHAPE.inputs]));
  const train = rowsOf('t');
  standardise(fitScaler(features, SHAPE.inputs, train), features, features, records.length);
  return { features, targets, train, test: rowsOf('s') };
}

function spread(values: readonly number[]): string {
  const digits = (value: number) => value.toFixed(4);
  return `${digits(median(values))} (${digits(Math.min(...values))} to ${digits(Math.max(...values))})`;
}
