import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { finish } from '../../../src/base/steps.js';
import { type EncodedColumn, inputCount } from '../../../src/model/columns/encoding/encoding.js';
import { loadKernel } from '../../../src/model/engines/kernel/network.js';
import { type Contributions, Explainer } from '../../../src/model/explanation/explainer.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { Predictor, type Scalers } from '../../../src/model/network/predictor.js';
import { layerShapes, type Shape } from '../../../src/model/network/shape.js';
import { assertClose } from '../../support/close-to.js';
import { MIXED_COLUMNS } from '../../support/mixed-app.js';
import { shapleyValues } from '../../support/shapley-values.js';

const createEngine = loadKernel();

/** A network whose first weights are large enough for it to be far from linear. */
function network(
  scalers: Partial<Scalers> & { readonly features: Scalers['features'] },
  hidden: readonly number[],
  change: (weights: Float32Array, shape: Shape) => void = () => {},
) {
  const { columns } = scalers;
  const shape: Shape = {
    inputs: columns ? inputCount(columns) : scalers.features.mean.length,
    outputs: scalers.targets?.mean.length ?? 1,
    hidden,
    auxiliaryWeight: 0.05,
  };
  const weights = initialWeights(shape, 3).map((weight) => 2 * weight);
  change(weights, shape);
  return new Predictor(createEngine(shape, weights), { targets: { mean: [10], scale: [2] }, ...scalers });
}

function numbers(count: number): Scalers['features'] {
  return { mean: Array.from({ length: count }, (_, j) => j), scale: Array.from({ length: count }, (_, j) => j + 1) };
}

/** Rows of standard normal numbers, in raw units. */
function draw({ mean, scale }: Scalers['features'], rows: number, seed = 1): Float32Array {
  const random = createRandom(seed);
  const width = mean.length;
  return Float32Array.from(
    { length: rows * width },
    (_, at) => mean[at % width]! + scale[at % width]! * random.normal(),
  );
}

function explain(predictor: Predictor, row: Float32Array, background: Float32Array): Contributions {
  const explainer = new Explainer(predictor, createEngine, () => background);
  const { inputs, outputs } = predictor.predict(row, 1);
  const predictions = outputs.slice();
  const contributions = finish(explainer.explain(inputs.slice(), 0, predictions));
  const width = row.length;
  const sum = Array.from(contributions.baseValues, (base, o) =>
    contributions.values.subarray(o * width, (o + 1) * width).reduce((a, b) => a + b, base),
  );
  assertClose(sum, predictions, 1e-9, 'base value and contributions');
  return contributions;
}

test('in a linear model, a column contributes its weight times its distance from the mean of the background', () => {
  const features = numbers(4);
  const weights = [1, -2, 0.5, 3];
  const predictor = network({ features }, [], (all) => all.set(weights));
  const row = draw(features, 1, 7);
  const background = draw(features, 16);
  const { values, baseValues, standardErrors } = explain(predictor, row, background);
  const means = features.mean.map((_, j) => meanOf(background.filter((__, at) => at % 4 === j)));
  const expected = weights.map((weight, j) => (2 * weight * (row[j]! - means[j]!)) / features.scale[j]!);
  assertClose(values, expected, 1e-5);
  assert.equal(standardErrors[0], 0);
  assertClose(baseValues, [meanOf(predictor.predict(background, 16).outputs)], 1e-5);
});

test('contributions are the Shapley values of their definition, for any targets and any number of hidden units', () => {
  for (const hidden of [[], [7], [30, 30], [2, 5]]) {
    const features = numbers(5);
    const targets = { mean: [1000, -5], scale: [250, 0.1] };
    const predictor = network({ features, targets }, hidden);
    const row = draw(features, 1, 5);
    const background = draw(features, 16);
    const { values, standardErrors } = explain(predictor, row, background);
    const expected = shapleyValues(predictor, row, background);
    assertClose(values.subarray(0, 5), expected[0]!, 250 * 1e-5, `hidden ${hidden}`);
    assertClose(values.subarray(5), expected[1]!, 0.1 * 1e-5, `hidden ${hidden}`);
    assert.deepEqual(Array.from(standardErrors), [0, 0]);
  }
});

test('a category, a timestamp with its cycles, and a gap with its sign are one column each; new levels and gaps contribute', () => {
  const columns = MIXED_COLUMNS.map((column): EncodedColumn => {
    if (column.type !== 'timestamp') return column;
    const cycles = [{ period: 'week' as const, sin: 0, cos: 0, scale: 0.7 }];
    return { ...column, encoding: { method: 'calendar', trend: { mean: 0, scale: 100 }, cycles, gaps: 0 } };
  });
  const features = { mean: [0, 0, 0, 0, 1], scale: [1, 1, 1, 100, 2] };
  const background = Float32Array.of(1, 0, 0, 10, 2, -1, 1, 1, 200, Number.NaN, 0.5, 2, 0, 33, 1);
  for (const hidden of [
    [30, 30],
    [4, 30],
  ]) {
    const predictor = network({ features, columns }, hidden);
    for (const row of [
      [3, 2, 1, 45, 7],
      [0, 3, 0, 300, Number.NaN],
    ]) {
      const codes = Float32Array.from(row);
      const { values } = explain(predictor, codes, background);
      assertClose(values, shapleyValues(predictor, codes, background)[0]!, 1e-4, `hidden ${hidden}`);
    }
  }
});

test('contributions to a target that is learned as its logarithm are in the units of the target', () => {
  const features = numbers(3);
  const transforms = [{ method: 'log1p' as const, mean: 2, scale: 0.5 }];
  const predictor = network({ features, transforms }, [10]);
  const row = draw(features, 1, 5);
  const background = draw(features, 8);
  const { values } = explain(predictor, row, background);
  assertClose(values, shapleyValues(predictor, row, background)[0]!, 1e-3);
});

test('twins contribute the same, and what the model does not use contributes 0, exactly', () => {
  const features = { mean: [0, 0, 0, 0], scale: [1, 1, 1, 1] };
  const predictor = network({ features }, [6, 6], (weights, shape) => {
    const { units, kernelOffset } = layerShapes(shape)[0]!;
    // Columns 0 and 1 have the same weights, column 3 has none.
    weights.copyWithin(kernelOffset + units, kernelOffset, kernelOffset + units);
    weights.fill(0, kernelOffset + 3 * units, kernelOffset + 4 * units);
  });
  const background = draw(features, 16);
  for (let at = 0; at < background.length; at += 4) background[at + 1] = background[at]!;
  const { values } = explain(predictor, Float32Array.of(1.5, 1.5, -1, 2), background);
  assert.ok(Math.abs(values[0]!) > 0.01);
  assertClose([values[0]!], [values[1]!], 1e-6);
  assert.equal(values[3], 0);
});

test('a column that has the same value in all rows contributes 0, and so does every column of a constant model', () => {
  const features = numbers(4);
  const background = draw(features, 16);
  for (let at = 2; at < background.length; at += 4) background[at] = 3;
  const row = draw(features, 1, 9);
  row[2] = 3;
  assert.equal(explain(network({ features }, [6]), row, background).values[2], 0);
  const constant = network({ features }, [6], (weights) => weights.fill(0));
  assert.deepEqual(Array.from(explain(constant, row, background).values), [0, 0, 0, 0]);
});

test('one column contributes the whole difference, and a background of one row is enough', () => {
  const one = numbers(1);
  const { values, baseValues } = explain(network({ features: one }, [6]), Float32Array.of(2), Float32Array.of(-1));
  assert.ok(Math.abs(values[0]!) > 0.01 && Math.abs(baseValues[0]!) > 0);
  const three = numbers(3);
  const predictor = network({ features: three }, [6]);
  const [row, background] = [draw(three, 1, 4), draw(three, 1)];
  assertClose(explain(predictor, row, background).values, shapleyValues(predictor, row, background)[0]!, 1e-5);
});

test('the order of the columns does not matter', () => {
  const features = numbers(5);
  const predictor = network({ features }, [8, 8]);
  const order = [3, 0, 4, 1, 2];
  const reordered = network(
    { features: { mean: order.map((j) => j), scale: order.map((j) => j + 1) } },
    [8, 8],
    (weights, shape) => {
      const { units, kernelOffset } = layerShapes(shape)[0]!;
      const former = weights.slice();
      order.forEach((j, place) => {
        const from = kernelOffset + j * units;
        weights.set(former.subarray(from, from + units), kernelOffset + place * units);
      });
    },
  );
  const row = draw(features, 1, 3);
  const background = draw(features, 16);
  const permuted = (rows: Float32Array) => rows.map((_, at) => rows[at - (at % 5) + order[at % 5]!]!);
  const { values } = explain(predictor, row, background);
  const other = explain(reordered, permuted(row), permuted(background)).values;
  assertClose(
    other,
    order.map((j) => values[j]!),
    1e-5,
  );
});

test('of more columns they are estimates, as far from the exact values as their standard error says', () => {
  const features = numbers(12);
  const predictor = network({ features }, [20, 20]);
  const background = draw(features, 32);
  const ratios: number[] = [];
  for (let seed = 10; seed < 20; seed++) {
    const row = draw(features, 1, seed);
    const { values, standardErrors } = explain(predictor, row, background);
    const exact = exactValues(predictor, row, background);
    const worst = Math.max(...exact.map((value, j) => Math.abs(value - values[j]!)));
    assert.ok(standardErrors[0]! > 0);
    ratios.push(worst / standardErrors[0]!);
  }
  assert.ok(Math.max(...ratios) < 5, `${ratios}`);
  assert.ok(meanOf(ratios) > 0.2, `the error is not much larger than the truth: ${ratios}`);
});

test('the same row has the same contributions, whatever was explained before', () => {
  const features = numbers(40);
  const predictor = network({ features }, [10, 10]);
  const rows = draw(features, 3, 8);
  const explainer = new Explainer(predictor, createEngine, () => draw(features, 32));
  const { inputs, outputs } = predictor.predict(rows, 3);
  const [all, predictions] = [inputs.slice(), outputs.slice()];
  const of = (row: number) => finish(explainer.explain(all, row, predictions.subarray(row, row + 1)));
  const first = of(1);
  of(0);
  of(2);
  assert.deepEqual(of(1), first);
  assert.ok(first.standardErrors[0]! > 0);
  explainer.close();
  assert.throws(() => of(1), /closed/);
});

test('two explanations whose steps alternate do not disturb each other', () => {
  const features = numbers(30);
  const predictor = network({ features }, [10, 10]);
  const rows = draw(features, 2, 8);
  const explainer = new Explainer(predictor, createEngine, () => draw(features, 32));
  const { inputs, outputs } = predictor.predict(rows, 2);
  const [all, predictions] = [inputs.slice(), outputs.slice()];
  const begin = (row: number) => explainer.explain(all, row, predictions.subarray(row, row + 1));
  const alone = [finish(begin(0)), finish(begin(1))];
  const both = [begin(0), begin(1)];
  const results: Contributions[] = [];
  while (results.filter(Boolean).length < 2) {
    both.forEach((steps, row) => {
      const { done, value } = steps.next();
      if (done && value) results[row] = value;
    });
  }
  assert.deepEqual(results, alone);
});

test('a row of 2,000 columns takes a number of steps that grows with the columns alone', () => {
  const features = numbers(2000);
  const predictor = network({ features }, [30, 30]);
  const row = draw(features, 1, 8);
  const { values, standardErrors } = explain(predictor, row, draw(features, 32));
  assert.ok(values.every(Number.isFinite) && standardErrors[0]! > 0);
});

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Shapley values from the worths of all sets of columns, of one output. */
function exactValues(predictor: Predictor, row: Float32Array, background: Float32Array): number[] {
  const width = row.length;
  const rows = background.length / width;
  const worths = Float64Array.from({ length: 2 ** width }, (_, coalition) => {
    const mixed = background.map((value, at) => ((coalition >> (at % width)) & 1 ? row[at % width]! : value));
    return meanOf(predictor.predict(mixed, rows).outputs);
  });
  const factorials = [1];
  for (let n = 1; n <= width; n++) factorials.push(factorials[n - 1]! * n);
  return Array.from(row, (_, j) => {
    let value = 0;
    worths.forEach((worth, coalition) => {
      if ((coalition >> j) & 1) return;
      const size = coalition.toString(2).replaceAll('0', '').length;
      const weight = (factorials[size]! * factorials[width - size - 1]!) / factorials[width]!;
      value += weight * (worths[coalition | (1 << j)]! - worth);
    });
    return value;
  });
}
