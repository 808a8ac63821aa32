import { createRandom, type Random } from '../../src/base/statistics/random.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import type { EngineFactory } from '../../src/model/network/engine.js';
import { Predictor, predictAll } from '../../src/model/network/predictor.js';
import type { LabelledRows } from '../../src/model/tables/labelled-rows.js';
import { judge, LEVEL } from '../../src/model/training/gate/gate.js';
import { pairedTest } from '../../src/model/training/gate/paired-test.js';
import { type TrainingResult, train } from '../../src/model/training/training.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../src/model/training/training-options.js';
import { drawErrors, SPREADS } from './gate-errors.js';

// Prints how often the gate refuses, for docs/gate.md: on simulated residuals and on trained models. Takes a minute or two.
// Usage: npm run compile && node dist/bench/gate/gate-figures.js

const RUNS = 200;
const TOLERANCE = 0.05;
const RATIOS = [0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.5, 2];
const HELD_OUT = [8, 20, 78, 400, 2000];

console.log(`Refused of ${RUNS} seeded runs, by the ratio of the true RMSEs (candidate / serving):\n`);
console.log(`| residuals | held-out rows | ${RATIOS.join(' | ')} |`);
console.log(`|---|---|${'---|'.repeat(RATIOS.length)}`);
for (const spread of SPREADS) {
  for (const rows of HELD_OUT) {
    const refused = RATIOS.map((ratio) => {
      let count = 0;
      for (let seed = 1; seed <= RUNS; seed++) {
        if (pairedTest(...drawErrors(createRandom(seed), rows, ratio, spread), TOLERANCE)! < LEVEL) count++;
      }
      return percent(count);
    });
    console.log(`| ${spread} | ${rows} | ${refused.join(' | ')} |`);
  }
}

/** Rows of a training, and new rows on which the true ratio of two models is measured. */
const TRAINED_ROWS = 500;
const TRUE_ROWS = 10_000;

/** Candidates, by how their training differs from that of the champion. */
const CANDIDATES: readonly [
  name: string,
  options: Partial<TrainingOptions>,
  targets: 'true' | 'shuffled' | 'shuffled for training',
][] = [
  ['same options, other rows and seed', {}, 'true'],
  ['5 epochs', { epochs: 5 }, 'true'],
  ['2 epochs', { epochs: 2 }, 'true'],
  ['shuffled targets, true ones held out', {}, 'shuffled for training'],
  ['shuffled targets, held out as well', {}, 'shuffled'],
];

const createEngine = await loadEngine('kernel');
console.log(`\nRefused of ${RUNS} pairs of trained models (${TRAINED_ROWS} new rows of Friedman's function each):\n`);
console.log('| candidate | true ratio: median (5 % to 95 %) | refused |');
console.log('|---|---|---|');
const champions = new Map<number, TrainingResult>();
for (const [name, options, targets] of CANDIDATES) {
  const ratios: number[] = [];
  let refused = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const serving = champions.get(seed) ?? (await trained(friedman(createRandom(seed), TRAINED_ROWS), { seed }));
    champions.set(seed, serving);
    const random = createRandom(seed + 10_000);
    const candidate = await trained(friedman(random, TRAINED_ROWS, targets !== 'true'), {
      ...options,
      seed: seed + 10_000,
    });
    const heldOut = targets === 'shuffled for training' ? friedman(random, candidate.heldOut.rows) : candidate.heldOut;
    const [candidateOutputs, championOutputs] = [candidate, serving].map((result) =>
      predict(createEngine, result, heldOut),
    );
    const { rmse: error, baseline_rmse: ofMean } = serving.metrics.targets['y']!;
    const champion = { version: 1, outputs: championOutputs!, explained: 1 - (error / ofMean) ** 2 };
    const terms = { promote: 'gate', tolerance: TOLERANCE } as const;
    if (judge(heldOut, candidateOutputs!, candidate.scalers.targets, champion, terms).decision === 'refused') refused++;
    const truth = friedman(createRandom(seed + 20_000), TRUE_ROWS);
    const [a, b] = [candidate, serving].map((result) => rmse(truth, predict(createEngine, result, truth)));
    ratios.push(a! / b!);
  }
  ratios.sort((a, b) => a - b);
  const [low, middle, high] = [0.05, 0.5, 0.95].map((p) => ratios[Math.floor(p * (RUNS - 1))]!.toFixed(2));
  console.log(`| ${name} | ${middle} (${low} to ${high}) | ${percent(refused)} |`);
}

function trained(data: LabelledRows, options: Partial<TrainingOptions>): Promise<TrainingResult> {
  return train(createEngine, data, 5, ['y'], { ...DEFAULT_TRAINING, ...options });
}

function predict(create: EngineFactory, { shape, weights, scalers }: TrainingResult, rows: LabelledRows): Float32Array {
  const predictor = new Predictor(create(shape, weights), scalers);
  try {
    return predictAll(predictor, rows.features, rows.rows).outputs;
  } finally {
    predictor.close();
  }
}

/** Draws rows of Friedman's (1991) first function, with noise of standard deviation 1. */
function friedman(random: Random, rows: number, shuffled = false): LabelledRows {
  const features = Float32Array.from({ length: rows * 5 }, random.uniform);
  const targets = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = shuffled ? random.below(rows) : row;
    const [a, b, c, d, e] = features.subarray(5 * at, 5 * at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    targets[row] = 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + random.normal();
  }
  return { rows, features, targets };
}

function rmse({ targets }: LabelledRows, outputs: Float32Array): number {
  return Math.sqrt(outputs.reduce((sum, y, i) => sum + (y - targets[i]!) ** 2, 0) / outputs.length);
}

function percent(count: number): string {
  return `${Number(((100 * count) / RUNS).toFixed(1))} %`;
}
