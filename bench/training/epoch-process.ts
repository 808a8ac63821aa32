// Trains with the kernel for bench/training/training-peers.ts, using the same commands as bench/peers/training.py.
import { createInterface } from 'node:readline';
import { createRandom, shuffle } from '../../src/base/statistics/random.js';
import { loadKernel } from '../../src/model/engines/kernel/network.js';
import type { Engine } from '../../src/model/network/engine.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { trainEpoch } from '../../src/model/training/training.js';
import { arithmeticPeak } from './arithmetic-peak.js';
import { housingDirectory, readHousing, SHAPE, testFeatures } from './california-housing.js';
import { profileEpoch } from './epoch-profile.js';

/** Milliseconds of an epoch by operation, and the peak rate in 10⁹ floating-point operations per second. */
export interface EpochProfile {
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly peak: number;
}

const LEARNING_RATE = 0.001;
const createEngine = loadKernel();
const housing = readHousing(housingDirectory());
const data = { rows: housing.targets.length, features: housing.features, targets: housing.targets };
const side = start(0);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.split(' ');
  const numbers = rest.map(Number);
  const answer =
    command === 'epoch' ? time(numbers[0]!) : command === 'profile' ? await profile(numbers[0]!) : test(numbers);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function start(seed: number): { engine: Engine; epoch: (batch: number) => void } {
  const engine = createEngine(SHAPE, initialWeights(SHAPE, seed), { name: 'nadam', learningRate: LEARNING_RATE });
  const random = createRandom(seed);
  const index = Int32Array.from(housing.train);
  const epoch = (batch: number) => {
    shuffle(index, random);
    trainEpoch(engine, data, index, batch);
  };
  return { engine, epoch };
}

function time(batch: number): { seconds: number } {
  const begin = performance.now();
  side.epoch(batch);
  return { seconds: (performance.now() - begin) / 1000 };
}

async function profile(batch: number): Promise<EpochProfile> {
  return { milliseconds: await profileEpoch(() => side.epoch(batch)), peak: await arithmeticPeak() };
}

function test([seed, epochs, batch]: number[]): { test_mse: number } {
  const { engine, epoch } = start(seed!);
  for (let i = 0; i < epochs!; i++) epoch(batch!);
  const { outputs } = engine.forward(testFeatures(housing), housing.test.length);
  const squares = housing.test.reduce((sum, row, i) => sum + (outputs[i]! - housing.targets[row]!) ** 2, 0);
  engine.close();
  return { test_mse: squares / housing.test.length };
}
