import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { type Baseline, type HeldOut, hashBaseline, makeBaseline } from '../../../src/model/baseline/baseline.js';
import { readBaseline } from '../../../src/model/baseline/read-baseline.js';
import { binOf } from '../../../src/model/baseline/sketches/bins.js';
import { OrderedLists } from '../../../src/model/baseline/sketches/ordered-lists.js';
import { conformalP, makeOrderedSample } from '../../../src/model/baseline/sketches/ordered-sample.js';

const NAMES = ['a', 'b'];

/** Rows of two correlated features. */
function draw(count: number): HeldOut {
  const random = createRandom(count);
  const rows = new Float32Array(2 * count);
  const outputs = new Float32Array(count);
  const errors = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const a = random.normal();
    rows.set([a, 0.8 * a + 0.6 * random.normal()], 2 * r);
    outputs[r] = 3 * a;
    errors[r] = random.uniform();
  }
  return { count, rows, outputs, errors };
}

const held = draw(1500);
const baseline = makeBaseline(held, NAMES, ['y'], 1);

/** The JSON of a copy with one place changed. */
function mutate(change: (copy: Baseline) => unknown): string {
  const copy = structuredClone(baseline);
  change(copy);
  return JSON.stringify(copy);
}

test('a baseline is read from its JSON unchanged, with the same hash', () => {
  const read = readBaseline(JSON.stringify(baseline));
  assert.deepEqual(read, baseline);
  assert.equal(hashBaseline(read), hashBaseline(baseline));
});

test('the same rows and seed give the same baseline; another seed changes only the charts', () => {
  assert.deepEqual(makeBaseline(held, NAMES, ['y'], 1), baseline);
  const { charts, ...rest } = makeBaseline(held, NAMES, ['y'], 2);
  const { charts: former, ...expected } = baseline;
  assert.deepEqual(rest, expected);
  assert.notDeepEqual(charts, former);
});

test('every held-out row is in one bin of each channel, and bins are about equal', () => {
  for (const { counts } of [...baseline.features.map(({ bins }) => bins), ...baseline.conditional!.bins]) {
    assert.equal(counts.length, 20);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      1500,
    );
    assert.ok(Math.min(...counts) >= 74 && Math.max(...counts) <= 76);
  }
});

test('the precision matrix shows how far one feature explains the other', () => {
  // With correlation ρ the precision's diagonal is 1 / (1 - ρ²), here 1 / 0.36, and the rest -ρ / (1 - ρ²).
  const [a, b] = baseline.conditional!.precision as [number, number];
  assert.ok(Math.abs(a - 1 / 0.36) < 0.3, `${a}`);
  assert.ok(Math.abs(b + 0.8 / 0.36) < 0.3, `${b}`);
});

test('chart limits are near those of independent normal statistics', () => {
  const { lambda, histogram, error } = baseline.charts;
  assert.ok(Math.abs(lambda - 2 / (1500 / 20 + 1)) < 1e-12, 'worth a twentieth of the held-out rows');
  const limit = ({ level, rows, scale }: typeof error) => level + scale * Math.log(100_000 / rows);
  assert.ok(limit(error) > 3.5 && limit(error) < 4.6, `${limit(error)}`);
  assert.ok(limit(histogram) > 3.8 && limit(histogram) < 5.8, `${limit(histogram)}`);
});

test('few rows make coarser bins and no conditional channel', () => {
  const few = makeBaseline(draw(150), NAMES, ['y'], 1);
  assert.equal(few.conditional, null);
  assert.equal(few.features[0]!.bins.counts.length, 7);
  assert.equal(makeBaseline(draw(999), NAMES, ['y'], 1).features[0]!.bins.counts.length, 10);
  assert.equal(makeBaseline(draw(200), NAMES, ['y'], 1).conditional?.bins.length, 2);
});

test('ties share a bin and the score of their middle rank', () => {
  const rows = Float32Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? Number(i % 20 === 0) : 7));
  const { features } = makeBaseline({ ...draw(200), rows }, NAMES, ['y'], 1);
  assert.deepEqual(features[0]!.bins, { edges: [0], counts: [180, 20] });
  assert.deepEqual(features[0]!.grid.values, [0, 1]);
  assert.ok(Math.abs(features[0]!.grid.scores[0]! + 0.1247) < 1e-3, 'Φ⁻¹(90.5 / 201)');
  assert.deepEqual(features[1]!.bins, { edges: [], counts: [200] });
  assert.deepEqual(features[1]!.grid.scores, [0]);
  assert.equal(features[1]!.deviation, 0);
});

test('missing values are counted apart from the bins', () => {
  const { rows, ...rest } = draw(300);
  const gaps = rows.map((value, at) => (at % 20 === 0 ? Number.NaN : value));
  const { features, conditional } = makeBaseline({ ...rest, rows: gaps }, NAMES, ['y'], 1);
  assert.deepEqual([features[0]!.missing, features[1]!.missing], [30, 0]);
  for (const { counts } of [features[0]!.bins, conditional!.bins[0]!]) {
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      270,
    );
  }
  readBaseline(JSON.stringify(makeBaseline({ ...rest, rows: gaps }, NAMES, ['y'], 1)));
});

test('a large sample keeps its tails exactly and its middle within a grid', () => {
  const sorted = Float64Array.from({ length: 50_000 }, (_, i) => i);
  const sample = makeOrderedSample(sorted);
  assert.equal(sample.values.length, 10_000);
  for (const value of [0, 500, 49_500, 49_999]) {
    assert.equal(conformalP(sample, value), (1 + 50_000 - value) / 50_001);
  }
  assert.ok(Math.abs(conformalP(sample, 25_000) - 0.5) < 2e-4);
  assert.equal(conformalP(sample, 1e9), 1 / 50_001);
});

test('held-out rows that cannot be summarised are refused with the reason', () => {
  const refused = (bad: Partial<HeldOut>, message: RegExp) =>
    assert.throws(() => makeBaseline({ ...held, ...bad }, NAMES, ['y'], 1), { code: 'INVALID_BASELINE', message });
  refused({ count: 0, rows: new Float32Array(0), outputs: new Float32Array(0), errors: new Float32Array(0) }, /got 0/);
  refused({ count: Number.NaN }, /at least 20 held-out rows, got NaN/);
  refused({ rows: held.rows.subarray(1) }, /^rows: expected 3000 numbers, got 2999/);
  refused({ errors: held.errors.with(3, Number.NaN) }, /^errors: expected finite/);
  refused({ outputs: held.outputs.with(3, Number.POSITIVE_INFINITY) }, /^outputs: expected finite/);
  refused({ rows: held.rows.with(3, Number.NEGATIVE_INFINITY) }, /^rows: expected finite/);
  refused({ rows: held.rows.map((value, at) => (at % 2 ? value : Number.NaN)) }, /^feature a: expected a value/);
});

const CORRUPTIONS: readonly [string, RegExp, string][] = [
  ['an empty file', /not JSON/, ''],
  ['NaN, which is no JSON', /not JSON/, JSON.stringify(baseline).replace(/"mean_score":[^,]+/, '"mean_score":NaN')],
  ['an empty object', /baseline\.json: /, '{}'],
  ['another schema', /\/schema/, mutate((b) => Object.assign(b, { schema: 2 }))],
  ['null for a number', /\/error\/mean_score/, mutate((b) => Object.assign(b.error, { mean_score: null }))],
  ['1e999', /\/rows/, JSON.stringify(baseline).replace('"rows":1500', '"rows":1e999')],
  ['no features', /\/features/, mutate((b) => Object.assign(b, { features: [] }))],
  [
    'a bin too many',
    /\/features\/0\/bins\/counts: expected a length of 20, got 21/,
    mutate((b) => b.features[0]!.bins.counts.push(1)),
  ],
  [
    'a row too many',
    /\/features\/0\/bins\/counts: expected 1500 rows in all, got 1501/,
    mutate((b) => b.features[0]!.bins.counts[0]!++),
  ],
  [
    'edges out of order',
    /\/outputs\/0\/bins\/edges\/1: expected strictly ascending/,
    mutate((b) => b.outputs[0]!.bins.edges.reverse()),
  ],
  ['a grid without a score', /\/features\/1\/grid\/scores/, mutate((b) => b.features[1]!.grid.scores.pop())],
  [
    'errors out of order',
    /\/error\/sample\/values\/1: expected ascending/,
    mutate((b) => b.error.sample.values.reverse()),
  ],
  [
    'a short sample',
    /\/error\/sample\/values: expected a length of 1500, got 1499/,
    mutate((b) => b.error.sample.values.pop()),
  ],
  [
    'a short precision matrix',
    /\/conditional\/precision: expected a length of 4/,
    mutate((b) => b.conditional!.precision.pop()),
  ],
  [
    'a precision that is not positive',
    /\/conditional\/precision\/3: expected a diagonal above 0/,
    mutate((b) => {
      b.conditional!.precision[3] = 0;
    }),
  ],
  [
    'a range upside down',
    /\/features\/0\/min/,
    mutate((b) => {
      b.features[0]!.min = 1e9;
    }),
  ],
];

for (const [name, message, json] of CORRUPTIONS) {
  test(`a baseline with ${name} is refused, and the place is named`, () => {
    assert.throws(() => readBaseline(json), { code: 'INVALID_BASELINE', message });
  });
}

test('a bin is found for any number of edges, and values on and between them', () => {
  for (let size = 0; size <= 20; size++) {
    const edges = Float64Array.from({ length: size }, (_, k) => k + 1);
    const values = Float64Array.from({ length: 2 * size + 8 }, (_, i) => i / 2 - 1);
    values.forEach((value) => {
      const expected = Math.min(size, Math.max(0, Math.ceil(value) - 1));
      assert.equal(binOf(edges, value), expected, `${value} among ${size}`);
    });
  }
});

test('a search by parts gives the same result as a search of the whole list, however uneven, tied, or wide the list', () => {
  const random = createRandom(1);
  const draw = (count: number, of: () => number) => Array.from({ length: count }, of).sort((a, b) => a - b);
  const lists = [
    [],
    [7],
    [2, 2, 2],
    draw(20, () => random.normal()),
    draw(10_000, () => random.normal()),
    draw(500, () => Math.exp(9 * random.normal())),
    draw(300, () => Math.round(3 * random.normal())),
    [-1e308, -1e-308, 0, 5e-324, 1, 1e308],
    [1, 1 + Number.EPSILON, 1 + 2 * Number.EPSILON],
  ];
  const ordered = new OrderedLists(lists);
  lists.forEach((list, l) => {
    const near = list.flatMap((value) => [value, value * (1 + Number.EPSILON), value * (1 - Number.EPSILON)]);
    const others = draw(500, () => 3 * random.normal());
    const values = Float64Array.of(
      ...near.slice(0, 3000),
      ...others,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    );
    values.forEach((value) => {
      const expected = binOf(list, value);
      assert.equal(ordered.countBelow(l, value), expected, `${value} in list ${l}`);
    });
  });
});
