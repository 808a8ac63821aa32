// Prints how far contributions against several backgrounds are from those against 500 rows of the data, on California housing:
// `node dist/bench/explanation/background.js [directory of the table]`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createRandom } from '../../src/base/statistics/random.js';
import { finish } from '../../src/base/steps.js';
import { makeBaseline } from '../../src/model/baseline/baseline.js';
import { loadKernel } from '../../src/model/engines/kernel/network.js';
import { drawBackground } from '../../src/model/explanation/background.js';
import { Explainer } from '../../src/model/explanation/explainer.js';
import { Predictor } from '../../src/model/network/predictor.js';
import { train } from '../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import { printMachine } from '../tools/report.js';
import { HOUSING_FILE, housingDirectory } from '../training/california-housing.js';

const [ROWS, REFERENCE, EXPLAINED, DRAWS, CLUSTERS] = [8000, 500, 30, 6, 16];

const createEngine = loadKernel();
const records: string[][] = parse(readFileSync(join(housingDirectory(), HOUSING_FILE)));
const [names, ...cells] = records as [string[], ...string[][]];
const all = cells.map((row) => row.map(Number));
const width = names.length - 1;
const random = createRandom(3);
const rows = Array.from({ length: ROWS }, () => all[random.below(all.length)]!);
const features = rows.map((row) => row.slice(0, width));
const data = {
  rows: ROWS,
  features: Float32Array.from(features.flat()),
  targets: Float32Array.from(rows, (row) => row[width]!),
};
const result = await train(createEngine, data, width, ['y'], { ...DEFAULT_TRAINING, epochs: 25 });
const { heldOut, scalers } = result;
const predictor = new Predictor(createEngine(result.shape, result.weights), scalers);
const summarised = { count: heldOut.rows, rows: heldOut.features, outputs: heldOut.outputs, errors: heldOut.errors };
const baseline = makeBaseline(summarised, names.slice(0, width), ['y'], 1);
const card = { features: names.slice(0, width), scalers };
const { inputs, outputs } = predictor.predict(heldOut.features, EXPLAINED);
const own = { inputs: inputs.slice(), outputs: outputs.slice() };

/** Contributions of the explained rows `[rows × features]`, and the base value. */
function explain(background: Float32Array): { values: number[]; base: number } {
  const explainer = new Explainer(predictor, createEngine, () => background);
  const explained = Array.from({ length: EXPLAINED }, (_, row) =>
    finish(explainer.explain(own.inputs, row, own.outputs.subarray(row, row + 1))),
  );
  return { values: explained.flatMap(({ values }) => Array.from(values)), base: explained[0]!.baseValues[0]! };
}

function sample(count: number): Float32Array {
  return Float32Array.from(Array.from({ length: count }, () => features[random.below(ROWS)]!).flat());
}

/** Means of clusters of equal size: each is split at the median of the column of the largest variance, in standard deviations. */
function clusterMeans(): Float32Array {
  const { scale } = scalers.features;
  let clusters = [features];
  while (clusters.length < CLUSTERS) {
    clusters = clusters.flatMap((cluster) => {
      const variances = scale.map((s, j) => varianceOf(cluster.map((row) => row[j]! / s)));
      const widest = variances.indexOf(Math.max(...variances));
      const sorted = cluster.toSorted((a, b) => a[widest]! - b[widest]!);
      return [sorted.slice(0, sorted.length / 2), sorted.slice(sorted.length / 2)];
    });
  }
  return Float32Array.from(clusters.flatMap((cluster) => scale.map((_, j) => meanOf(cluster.map((row) => row[j]!)))));
}

const backgrounds: readonly (readonly [name: string, draw: () => Float32Array, draws: number])[] = [
  ['drawn from the baseline, as the service does', () => drawBackground(card, baseline), 1],
  ['drawn, with independent columns', () => drawBackground(card, { ...baseline, conditional: null }), 1],
  ['means of 16 clusters', clusterMeans, 1],
  ['16 random rows of the data', () => sample(16), DRAWS],
  ['128 random rows of the data', () => sample(128), DRAWS],
];
console.log('# Backgrounds\n');
printMachine();
const reference = explain(sample(REFERENCE));
const scale = rootMeanSquare(reference.values);
console.log(`${EXPLAINED} rows; root mean squares over ${DRAWS} draws of random rows.\n`);
console.log('| background | rows | difference of contributions | of the base value |\n|---|---:|---:|---:|');
for (const [name, draw, draws] of backgrounds) {
  const found = Array.from({ length: draws }, () => draw()).map((background) => ({
    background,
    ...explain(background),
  }));
  const differences = found.flatMap(({ values }) => values.map((value, i) => value - reference.values[i]!));
  const bases = found.map(({ base }) => base - reference.base);
  const share = ((100 * rootMeanSquare(differences)) / scale).toFixed(1);
  const count = found[0]!.background.length / width;
  console.log(`| ${name} | ${count} | ${share} % | ${rootMeanSquare(bases).toFixed(3)} |`);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(meanOf(values.map((value) => value ** 2)));
}
