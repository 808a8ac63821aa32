import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import * as fields from '../../../src/drift/counts/assembly/fields.js';
import { Charts } from '../../../src/drift/counts/charts.js';
import { Counters } from '../../../src/drift/counts/counters.js';
import { Repeats } from '../../../src/drift/counts/repeats.js';
import type { CounterParts, RequestRows } from '../../../src/drift/counts/row-counter.js';
import { RowCounts } from '../../../src/drift/counts/row-counts.js';
import { checkFields, setGlobals, WasmRowCounter } from '../../../src/drift/counts/wasm-row-counter.js';
import { channelsOf } from '../../../src/drift/rows/channels.js';
import { RowReader } from '../../../src/drift/rows/row-reader.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';
import { ReferenceRowCounter } from '../../support/reference-row-counter.js';

/** Draws a number of a row. */
type Draw = (random: Random, column: number) => number;

interface Case {
  readonly name: string;
  readonly features: number;
  readonly outputs: number;
  readonly heldOut: number;
  readonly rows: number;
  /** Draws the held-out rows, and the rows that are counted. */
  readonly reference: Draw;
  readonly live: Draw;
  readonly error: (random: Random) => number;
}

const NORMAL: Case = {
  name: 'normal numbers',
  features: 8,
  outputs: 1,
  heldOut: 2000,
  rows: 20_000,
  reference: (random) => random.normal(),
  live: (random) => random.normal(),
  error: (random) => random.normal() ** 2,
};

const CASES: readonly Case[] = [
  NORMAL,
  { ...NORMAL, name: 'enough rows to overflow the weights of the charts', rows: 300_000 },
  { ...NORMAL, name: 'a drift, which brings the charts beyond their limits', live: (random) => 0.4 + random.normal() },
  { ...NORMAL, name: 'one feature, several outputs', features: 1, outputs: 3 },
  { ...NORMAL, name: 'an odd number of features, and few held-out rows', features: 33, heldOut: 60, rows: 2000 },
  { ...NORMAL, name: 'many features', features: 120, heldOut: 500, rows: 500 },
  {
    ...NORMAL,
    name: 'repeated rows',
    features: 2,
    live: (random) => random.below(12) / 10,
  },
  {
    ...NORMAL,
    name: 'ties, a constant, missing values, and heavy tails',
    features: 5,
    reference: (random, j) =>
      [random.below(3), 7, random.below(9) === 0 ? Number.NaN : random.normal(), heavy(random), 0][j]!,
    live: (random, j) => [random.below(4), 7 + random.below(2), Number.NaN, heavy(random), -0][j]!,
    error: heavy,
  },
  {
    ...NORMAL,
    name: 'numbers at the edge of float32, and beyond it',
    features: 3,
    rows: 3000,
    live: (random) =>
      [3.4e38, -3.4e38, 1e-45, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN][random.below(7)]!,
    error: (random) => [0, 3.4e38, Number.POSITIVE_INFINITY, Number.NaN][random.below(4)]!,
  },
];

for (const one of CASES) {
  test(`WebAssembly counts to the same bits as TypeScript: ${one.name}`, () => {
    const random = createRandom(1);
    const { features, outputs } = one;
    const names = Array.from({ length: features }, (_, j) => `f${j}`);
    const targets = Array.from({ length: outputs }, (_, j) => `y${j}`);
    const held = draw(one, one.heldOut, one.reference, random, (r) => r.normal() ** 2);
    const baseline = makeBaseline(held, names, targets, 1);
    const [reference, wasm] = [partsOf(baseline), partsOf(baseline)];
    const counters = [new ReferenceRowCounter(reference), new WasmRowCounter(wasm)];
    let beyond = 0;
    for (let seen = 0; seen < one.rows; ) {
      const rows = draw(one, 1 + random.below(300), one.live, random, one.error);
      const request = { ...rows, counted: Math.min(rows.count, 250) };
      const [expected, found] = counters.map((counter) => countAll(counter, request));
      assert.deepEqual(found, expected, 'rows that brought a chart beyond its limit');
      beyond += expected!.length;
      seen += request.counted;
    }
    assert.deepEqual(contents(wasm), contents(reference));
    if (one.name.includes('a drift')) assert.ok(beyond > 1000, `${beyond} alarms`);
  });
}

test('a counter moves the arrays that it counts in, and no others, into its memory', () => {
  const random = createRandom(1);
  const held = draw(NORMAL, 500, NORMAL.reference, random, NORMAL.error);
  const names = Array.from({ length: NORMAL.features }, (_, j) => `f${j}`);
  const parts = partsOf(makeBaseline(held, names, ['y'], 1));
  const { reader, rowCounts, counters, charts, repeats } = parts;
  const before = JSON.stringify(contents(parts));
  new WasmRowCounter(parts);
  assert.equal(JSON.stringify(contents(parts)), before, 'moving changes no number');
  const { buffer } = rowCounts.counts;
  const moved = [
    rowCounts.places,
    rowCounts.sums,
    rowCounts.totals,
    counters.pValues,
    counters.pValueSum,
    charts.limits,
  ];
  const { weights, scales, sums } = charts.histograms;
  for (const array of [...moved, charts.errorChart, weights, scales, sums, repeats.slots, repeats.tally])
    assert.equal(array.buffer, buffer);
  for (const array of [reader.bins, counters.bins, counters.places]) assert.notEqual(array.buffer, buffer);
});

test('a binary that was compiled from another list of fields is refused', () => {
  const globals = Object.entries(fields).map(([name, value]) => [name, { value }] as const);
  const functions = [['countRows', () => 0] as const, ['memory', {}] as const];
  const exported = Object.fromEntries<unknown>([...globals, ...functions]);
  checkFields(exported);
  const swapped = { ...exported, LISTS_STARTS: { value: 2 }, LISTS_LOWS: { value: 1 } };
  assert.throws(() => checkFields(swapped), /row-counter.wasm: LISTS_LOWS is 1, expected 2; run npm run build/);
  const { RANKS_PS: _, ...fewer } = exported;
  assert.throws(() => checkFields(fewer), /RANKS_PS is missing, expected 1/);
  assert.throws(() => checkFields({ ...exported, LISTS_MORE: { value: 5 } }), /LISTS_MORE is 5, expected none/);
});

test('every global of the binary is set, and no other', () => {
  const exports = { ...fields, rows: { value: 0 }, stride: { value: 0 }, countRows: () => 0 };
  setGlobals(exports, { rows: 16, stride: 8 });
  assert.deepEqual([exports.rows.value, exports.stride.value], [16, 8]);
  assert.throws(() => setGlobals(exports, { rows: 16 }), /stride is not set/);
  assert.throws(() => setGlobals(exports, { rows: 16, stride: 8, bins: 24 }), /bins is not set, or not a global/);
});

test('each field of a record has its own position, without gaps', () => {
  for (const prefix of ['LISTS', 'RANKS', 'TOTAL', 'ERROR_CHART']) {
    const positions = Object.entries(fields).flatMap(([name, at]) => (name.startsWith(`${prefix}_`) ? [at] : []));
    const sorted = positions.sort((a, b) => a - b);
    assert.deepEqual(
      sorted,
      sorted.map((_, i) => i),
      prefix,
    );
  }
});

function heavy(random: Random): number {
  return Math.exp(4 * random.normal());
}

function draw({ features, outputs }: Case, count: number, value: Draw, random: Random, error: Case['error']): HeldOut {
  return {
    count,
    rows: Float32Array.from({ length: count * features }, (_, at) => value(random, at % features)),
    outputs: Float32Array.from({ length: count * outputs }, (_, at) => value(random, at % outputs)),
    errors: Float32Array.from({ length: count }, () => error(random)),
  };
}

function partsOf(baseline: Baseline): CounterParts {
  const channels = channelsOf(baseline);
  return {
    reader: new RowReader(baseline, channels),
    rowCounts: new RowCounts(channels),
    counters: new Counters(channels),
    charts: new Charts(baseline, channels, 10_000),
    repeats: new Repeats(baseline),
  };
}

/** Counts all rows of a request. Returns those that brought a chart beyond its limit. */
function countAll(counter: Pick<WasmRowCounter, 'beyond' | 'count'>, request: RequestRows): number[] {
  const beyond: number[] = [];
  for (let i = 0; i < request.counted; ) {
    i = counter.count(request, i, request.counted);
    if (counter.beyond) beyond.push(i - 1);
  }
  return beyond;
}

/** Everything that was counted. */
function contents({ rowCounts, counters, charts, repeats }: CounterParts) {
  return {
    rowCounts: rowCounts.state(),
    sums: Array.from(rowCounts.sums),
    p: Array.from(counters.pValues),
    pSum: counters.pValueSum[0],
    repeats: [...repeats.slots, ...repeats.tally],
    charts: charts.state(),
    statistics: rowCounts.channels.map((_, c) => charts.histograms.statistic(c)),
  };
}
