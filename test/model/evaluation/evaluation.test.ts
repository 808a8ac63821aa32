import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { errorIntervals } from '../../../src/model/evaluation/error-intervals.js';
import { type Evaluation, MAX_BINS, MIN_COUNT } from '../../../src/model/evaluation/evaluation.js';
import { makeEvaluation } from '../../../src/model/evaluation/make-evaluation.js';
import { readEvaluation } from '../../../src/model/evaluation/read-evaluation.js';
import { Intervals } from '../../../src/model/intervals/intervals.js';
import type { IntervalsFile } from '../../../src/model/intervals/intervals-file.js';

/** Targets `2 + 3 normal` and predictions with normal residuals; their logarithms with `exp`. */
function judged(rows: number, { seed = 1, noise = 1, exp = false } = {}) {
  const random = createRandom(seed);
  const targets = Float32Array.from({ length: rows }, () => 2 + 3 * random.normal());
  const outputs = targets.map((target) => target + noise * random.normal());
  const scale = (values: Float32Array) => (exp ? values.map((value) => Math.exp(value)) : values);
  return { rows, targets: scale(targets), outputs: scale(outputs), errors: new Float32Array(rows) };
}

function evaluationOf(rows: number, options?: Parameters<typeof judged>[1]): Evaluation {
  const transforms = options?.exp ? [{ method: 'log1p' as const, mean: 0, scale: 1 }] : undefined;
  return makeEvaluation(judged(rows, options), ['y'], transforms)!;
}

test('two held-out rows, and all others fewer than twenty, have no evaluation', () => {
  for (const rows of [1, 2, 10, 19]) assert.equal(makeEvaluation(judged(rows), ['y'], undefined), null);
  assert.equal(evaluationOf(20).rows, 20);
});

test('no count is of fewer than five rows, and no figure but the intervals is that of a row', () => {
  for (const exp of [false, true]) {
    for (const rows of [20, 40, 80, 317, 2000]) {
      const { targets, outputs } = judged(rows, { exp });
      const [{ predicted_true, residuals, groups }] = evaluationOf(rows, { exp }).targets as [Evaluation['targets'][0]];
      for (const { counts, hidden } of [predicted_true, residuals]) {
        assert.ok(counts.every((count) => count === 0 || count >= MIN_COUNT));
        assert.equal(
          counts.reduce((sum, count) => sum + count, hidden),
          rows,
        );
      }
      const own = [...targets, ...outputs, ...targets.map((target, row) => outputs[row]! - target)];
      const exact = new Set(Array.from(own, (value) => value.toPrecision(6)));
      const said = [
        ...predicted_true.edges,
        ...residuals.edges,
        ...groups.flatMap(({ from, to, quantiles }) => [from, to, ...quantiles]),
      ].filter((value) => value !== null);
      assert.deepEqual(
        said.filter((value) => value !== 0 && exact.has(value.toPrecision(6))),
        [],
        `${rows} rows`,
      );
      assert.equal(
        groups.reduce((sum, group) => sum + group.rows, 0),
        groups.length > 0 ? rows : 0,
      );
    }
  }
});

test('the outermost targets cannot be read from the bins, however far out they are', () => {
  const data = judged(200);
  const further = { ...data, targets: data.targets.slice() };
  further.targets[7] = 1e6;
  const [a, b] = [data, further].map((each) => makeEvaluation(each, ['y'], undefined)!.targets[0]!);
  assert.deepEqual(b!.predicted_true.edges, a!.predicted_true.edges);
  assert.deepEqual(b!.residuals.edges, a!.residuals.edges);
});

test('many rows are counted finely, with most on the diagonal, and few rows coarsely', () => {
  const fine = evaluationOf(20_000, { noise: 0.2 }).targets[0]!.predicted_true;
  const bins = fine.edges.length - 1;
  assert.ok(bins > 12 && bins <= MAX_BINS, `${bins} bins`);
  const diagonal = fine.counts.filter((_, at) => Math.abs(Math.floor(at / bins) - (at % bins)) <= 1);
  assert.ok(diagonal.reduce((sum, count) => sum + count) > 19_000);
  assert.ok(evaluationOf(40).targets[0]!.predicted_true.edges.length - 1 < 8);
});

test('the first axis is the prediction', () => {
  const rows = 400;
  const targets = new Float32Array(rows).map((_, row) => row % 2);
  const outputs = targets.map((target) => target + 10);
  const { edges, counts } = makeEvaluation(
    { rows, targets, outputs, errors: new Float32Array(rows) },
    ['y'],
    undefined,
  )!.targets[0]!.predicted_true;
  const bins = edges.length - 1;
  const at = counts.findIndex((count) => count > 0);
  assert.ok(edges[Math.floor(at / bins)]! > 5, 'predictions are high');
  assert.ok(edges[at % bins]! < 5, 'targets are low');
});

test('targets and predictions that are constant, equal, huge or tiny have an evaluation that can be read again', () => {
  const rows = 60;
  const cases: Record<string, [(row: number) => number, (row: number) => number]> = {
    constant: [() => 5, () => 5],
    zero: [() => 0, () => 0],
    'constant prediction': [(row) => row, () => 30],
    perfect: [(row) => row, (row) => row],
    huge: [(row) => 1e30 * row, (row) => 1.1e30 * row],
    tiny: [(row) => 1e-30 * row, (row) => 1.1e-30 * row],
    'far from 0': [(row) => 1e6 + row, (row) => 1e6 + 1 + row],
    negative: [(row) => -row, (row) => -row - 1],
  };
  for (const [what, [target, output]] of Object.entries(cases)) {
    for (const method of ['none', 'log1p'] as const) {
      const data = {
        rows,
        targets: Float32Array.from({ length: rows }, (_, row) => target(row)),
        outputs: Float32Array.from({ length: rows }, (_, row) => output(row)),
        errors: new Float32Array(rows),
      };
      const made = makeEvaluation(
        data,
        ['y'],
        [{ method: 'log1p', mean: 0, scale: 1 } as const].slice(method === 'none' ? 1 : 0),
      );
      const read = readEvaluation(JSON.stringify(made), ['y']);
      assert.deepEqual(read, made, `${what}, ${method}`);
      assert.ok(
        read.targets[0]!.predicted_true.counts.some((count) => count > 0),
        `${what}, ${method}`,
      );
    }
  }
});

test('of several targets, each has its own figures, and one with a prediction that is not finite has none', () => {
  const [a, b] = [judged(100, { seed: 1 }), judged(100, { seed: 2, noise: 5 })];
  const pair = (x: Float32Array, y: Float32Array) =>
    Float32Array.from({ length: 300 }, (_, i) => [x, y, x][i % 3]![Math.floor(i / 3)]!);
  const outputs = pair(a.outputs, b.outputs);
  outputs[2] = Number.POSITIVE_INFINITY;
  const evaluation = makeEvaluation(
    { rows: 100, targets: pair(a.targets, b.targets), outputs, errors: a.errors },
    ['a', 'b', 'c'],
    undefined,
  )!;
  assert.deepEqual(
    evaluation.targets,
    [
      [a, 'a'],
      [b, 'b'],
    ].flatMap(([data, name]) => makeEvaluation(data as typeof a, [name as string], undefined)!.targets),
  );
});

test('prediction intervals are evaluated over all rows and by prediction, at the highest level that there is', () => {
  const data = judged(300);
  const scalers = { features: { mean: [], scale: [] }, targets: { mean: [0], scale: [1] } };
  const evaluate = (scores: number[]) => {
    const file: IntervalsFile = { schema: 1, rows: scores.length, targets: [{ difficulty: null, scores }] };
    return makeEvaluation(data, ['y'], undefined, new Intervals(file, scalers))!.targets[0]!;
  };
  const many = evaluate(Array.from({ length: 99 }, (_, i) => (i + 1) / 50));
  assert.equal(many.interval_level, 0.9);
  assert.deepEqual(many.coverage!.width, 3.6);
  const expected = data.outputs.filter((output, row) => Math.abs(output - data.targets[row]!) <= 1.8).length / 300;
  assert.ok(Math.abs(many.coverage!.share - expected) < 0.01);
  const mean = many.groups.reduce((sum, { rows, coverage }) => sum + rows * coverage!.share, 0) / 300;
  assert.ok(Math.abs(mean - many.coverage!.share) < 0.002);
  assert.equal(evaluate([1, 2, 3, 4]).interval_level, 0.8);
  assert.equal(evaluate([1]).interval_level, 0.5);
  assert.equal(evaluationOf(300).targets[0]!.coverage, undefined);
});

test('intervals of errors contain the true error about as often as they say', () => {
  const samples = 400;
  for (const [rows, tails] of [
    [40, 0],
    [500, 0],
    [500, 0.5],
  ] as const) {
    const random = createRandom(rows);
    const hits = { rmse: 0, mae: 0, bias: 0, r2: 0 };
    // A mixture of two normal residuals, of deviation 1 and 3, and of mean 0.5; targets of deviation 4.
    const variance = 1 - tails + 9 * tails;
    const mse = variance + 0.25;
    for (let sample = 0; sample < samples; sample++) {
      const targets = Float64Array.from({ length: rows }, () => 4 * random.normal());
      const outputs = targets.map((target) => target + 0.5 + (random.uniform() < tails ? 3 : 1) * random.normal());
      const { rmse, bias, r2 } = errorIntervals(targets, outputs);
      const covers = (interval: readonly number[], value: number) =>
        Number(interval[0]! <= value && value <= interval[1]!);
      hits.rmse += covers(rmse, Math.sqrt(mse));
      hits.bias += covers(bias, 0.5);
      hits.r2 += covers(r2!, 1 - mse / 16);
    }
    for (const measure of ['rmse', 'bias', 'r2'] as const) {
      const share = hits[measure] / samples;
      assert.ok(share > (rows < 100 ? 0.88 : 0.915) && share < 0.99, `${measure} of ${rows} rows: ${share}`);
    }
  }
});

test('intervals contain the error of their own rows', () => {
  const { targets, outputs } = judged(50);
  const residuals = targets.map((target, row) => outputs[row]! - target);
  const mae = residuals.reduce((sum, residual) => sum + Math.abs(residual), 0) / 50;
  const [low, high] = errorIntervals(Float64Array.from(targets), Float64Array.from(outputs)).mae as [number, number];
  assert.ok(low < mae && mae < high && low > 0);
});

test('an evaluation that is not honest is refused with the place', () => {
  const honest = evaluationOf(200);
  const changed = (change: (target: Evaluation['targets'][0], all: Evaluation) => void) => {
    const copy = structuredClone(honest);
    change(copy.targets[0]!, copy);
    return JSON.stringify(copy);
  };
  const cases: [string, RegExp][] = [
    ['{', /evaluation\.json: not JSON/],
    ['null', /evaluation\.json: /],
    [changed((_, all) => Object.assign(all, { schema: 2 })), /\/schema/],
    [changed((_, all) => Object.assign(all, { rows: 0 })), /\/rows/],
    [changed((_, all) => all.targets.push(all.targets[0]!)), /\/targets\/1\/name: expected each target once, got "y"/],
    [changed((_, all) => Object.assign(all, { targets: Array(33).fill(all.targets[0]) })), /\/targets/],
    [
      changed((target) => Object.assign(target, { name: 'z' })),
      /\/targets\/0\/name: expected each target once, got "z"/,
    ],
    [changed((target) => Object.assign(target, { scale: 'cubic' })), /\/targets\/0\/scale/],
    [changed(({ intervals }) => intervals.rmse.reverse()), /\/intervals\/rmse: expected low ≤ high/],
    [changed(({ predicted_true }) => predicted_true.edges.reverse()), /\/predicted_true\/edges: expected ascending/],
    [changed(({ predicted_true }) => predicted_true.counts.pop()), /\/predicted_true\/counts: expected \d+, got \d+/],
    [changed(({ residuals }) => residuals.counts.push(5)), /\/residuals\/counts: expected \d+, got/],
    [changed(({ residuals }) => residuals.counts.fill(1e9)), /\/residuals\/counts: expected at most 200 rows/],
    [changed(({ residuals }) => residuals.counts.fill(1)), /\/residuals\/counts: expected 0 or at least 5/],
    [
      changed(({ residuals }) => Object.assign(residuals, { edges: Array.from({ length: 1000 }, (_, i) => i) })),
      /edges/,
    ],
    [changed(({ groups }) => Object.assign(groups[0]!, { rows: 1e6 })), /\/groups: expected at most 200 rows/],
    [changed(({ groups }) => groups[0]!.quantiles.pop()), /\/groups\/0\/quantiles/],
    [JSON.stringify(honest).replace(/"rmse":\[[^,]+/, '"rmse":[1e999'), /\/intervals\/rmse/],
  ];
  for (const [json, message] of cases) {
    assert.throws(() => readEvaluation(json, ['y']), { code: 'INVALID_VERSION', message });
  }
  assert.deepEqual(readEvaluation(JSON.stringify(honest), ['x', 'y']), honest);
});
